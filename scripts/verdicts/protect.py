"""Which changes of a model are not its to make: tests, what configures or hooks into the test run, and
shadowing modules.

They are dropped before grading and counted. A fix never needs them: the benchmark's own split of each fix
puts every path with one of these folders into the test patch (SWE-bench, Jimenez et al. 2024), so no gold
patch loses anything.
"""

import fnmatch
import sys
from collections.abc import Collection
from pathlib import PurePosixPath

TEST_FOLDERS = {"test", "tests", "testing", "e2e"}
NAMES = (
    "test_*.py", "*_test.py", "conftest.py",
    "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg", "setup.py", "pyproject.toml",
    "sitecustomize.py", "usercustomize.py", "*.pth", "*.pyc", "*.pyo", "*.so", "*.pyd",
)  # fmt: skip
FOLDERS = ("*.dist-info", "*.egg-info", "__pycache__", ".pytest_cache")
MACHINERY = {
    "pytest",
    "_pytest",
    "pluggy",
    "iniconfig",
    "packaging",
    "pygments",
    "py",
    "exceptiongroup",
    "tomli",
}


def protected(path: str, test_files: Collection[str], known: Collection[str]) -> bool:
    """True if a change of ``path`` is dropped.

    Args:
        test_files: the paths of the task's test patch.
        known: top-level module names of the unchanged repository, which may be called like one of the
            library's.
    """
    parts = PurePosixPath(path).parts
    folded = [part.lower() for part in parts]
    return (
        path in test_files
        or any(file.startswith(path + "/") for file in test_files)
        or bool(TEST_FOLDERS & set(folded))
        or any(fnmatch.fnmatch(folded[-1], pattern) for pattern in NAMES)
        or any(fnmatch.fnmatch(folder, pattern) for folder in folded for pattern in FOLDERS)
        or _shadows(parts, known)
    )


def _shadows(parts: tuple[str, ...], known: Collection[str]) -> bool:
    """True for a new module at an import root that would be found in place of the library's or the test
    runner's.
    """
    name = top_level("/".join(parts))
    return name not in known and name in sys.stdlib_module_names | MACHINERY


def top_level(path: str) -> str:
    """Name of the module or package that a path belongs to, at the import root: the repository, its src or lib."""
    parts = path.split("/")
    top = parts[1] if parts[0] in ("src", "lib") and len(parts) > 1 else parts[0]
    return top.split(".")[0]
