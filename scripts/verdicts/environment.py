"""The interpreter that runs a repository's code and tests, copied out of the workflow's own environment.

The copy holds the standard library and pytest with what pytest needs, and nothing else: no package of the
workflow can be imported by the code under test, and the sandbox's user can read it even where the original
lies in a private home.
"""

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from packaging.requirements import Requirement

from scripts.files import sha256_of
from scripts.once import once
from scripts.trajectories.public import publish
from scripts.trajectories.sandbox import Environment

INSIDE = "/python"
_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
_UNUSED = (
    "test",
    "tests",
    "idlelib",
    "tkinter",
    "turtledemo",
    "ensurepip",
    "lib2to3",
    "site-packages",
    "dist-packages",
    "config-*",
)
_SYSTEM = ("/lib", "/usr/lib")


def environment(repo: str, cache: Path) -> Environment:
    """The environment of a repository's tests, made once and kept under ``cache/environments``.

    Every repository of the embedded study runs on the workflow's own interpreter, so ``repo`` makes no
    difference yet.
    """
    bundle = publish(_bundle(cache.resolve() / "environments"))[0]
    library = (("LD_LIBRARY_PATH", f"{INSIDE}/lib"),) if (bundle / "lib" / "FOREIGN").exists() else ()
    return Environment(f"{INSIDE}/bin/python", ((str(bundle), INSIDE),), f"{INSIDE}/bin", library)


def fingerprint() -> str:
    """Hash of everything the environment is made of: interpreter, machine, packages, and the code that
    makes it.
    """
    versions = {name: importlib.metadata.version(name) for name in packages()}
    code = Path(__file__).read_text()
    return sha256_of(
        {"python": sys.version, "machine": platform.machine(), "packages": versions, "code": code}
    )


def packages(root: str = "pytest") -> list[str]:
    """pytest and what it needs here, by the installed packages' own metadata."""
    found, queue = set(), [root]
    while queue:
        name = queue.pop().lower()
        if name not in found:
            found.add(name)
            needs = map(Requirement, importlib.metadata.requires(name) or [])
            queue += [need.name for need in needs if not need.marker or need.marker.evaluate({"extra": ""})]
    return sorted(found)


def _bundle(folder: Path) -> Path:
    """The folder of the copy."""
    return once(folder, fingerprint()[:24], _build)


def _build(folder: Path) -> None:
    python = _copy_interpreter(folder)
    variables = {"LD_LIBRARY_PATH": str(folder / "lib")}
    ask = "import site; print(site.getsitepackages()[0])"
    site = Path(subprocess.check_output([python, "-s", "-E", "-c", ask], env=variables, text=True).strip())
    for name in packages():
        _copy_package(name, site)
    script = folder / "bin" / "pytest"
    script.write_text(f"#!{INSIDE}/bin/python\nimport sys, pytest\nsys.exit(pytest.main())\n")
    script.chmod(0o755)
    subprocess.run(
        [python, "-s", "-E", "-m", "compileall", "-q", folder / sys.platlibdir], env=variables, check=True
    )


def _copy_interpreter(folder: Path) -> Path:
    """Copy executable, standard library, and the shared libraries that are not the system's; returns the
    executable.
    """
    standard = folder / sys.platlibdir / _VERSION
    unused = shutil.ignore_patterns(*_UNUSED, "*.opt-?.pyc")
    shutil.copytree(sysconfig.get_path("stdlib"), standard, ignore=unused)
    (folder / "bin").mkdir()
    python = folder / "bin" / _VERSION
    shutil.copy2(os.path.realpath(sys.executable), python)
    for name in ("python", "python3"):
        (folder / "bin" / name).symlink_to(_VERSION)
    _copy_libraries([os.path.realpath(sys.executable), *sysconfig_modules()], folder / "lib")
    return python


def sysconfig_modules() -> list[str]:
    """The standard library's compiled modules."""
    return [str(path) for path in Path(sysconfig.get_path("platstdlib"), "lib-dynload").glob("*.so")]


def _copy_libraries(binaries: list[str], folder: Path) -> None:
    """Copy the shared libraries that lie outside the system's folders (a conda or /usr/local interpreter's
    own).
    """
    shown = subprocess.run(["ldd", *binaries], capture_output=True, text=True).stdout
    foreign = {
        path for path in re.findall(r"=> (/\S+)", shown) if not os.path.realpath(path).startswith(_SYSTEM)
    }
    for path in foreign:
        folder.mkdir(exist_ok=True)
        shutil.copy2(path, folder / Path(path).name)
    if foreign:
        (folder / "FOREIGN").write_text("\n".join(sorted(Path(path).name for path in foreign)) + "\n")


def _copy_package(name: str, site: Path) -> None:
    for file in importlib.metadata.files(name) or []:
        if ".." not in file.parts and file.suffix != ".pyc":
            target = site / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file.locate(), target)
