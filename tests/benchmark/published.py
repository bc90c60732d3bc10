"""A small repository with a history, two tasks of it in the published form, and its release."""

import io
import tarfile
from pathlib import Path

from scripts.benchmark.task import Task, check_tasks
from tests.small_repository import commit, git

BEFORE = {
    "kit/core.py": "def one():\n    return 2\n",
    "tests/test_core.py": "def test_nothing():\n    pass\n",
}
FIX = {"kit/core.py": "def one():\n    return 1\n"}
TESTS = {"tests/test_core.py": "from kit.core import one\n\n\ndef test_one():\n    assert one() == 1\n"}
MORE = {"kit/more.py": "def two():\n    return 3\n"}
MORE_FIX = {"kit/more.py": "def two():\n    return 2\n"}
MORE_TESTS = {"tests/test_more.py": "from kit.more import two\n\n\ndef test_two():\n    assert two() == 2\n"}


def history(folder: Path) -> list[Task]:
    """Make a repository in a new folder; its tasks start from the commits before its two fixes."""
    rows = []
    first = commit(folder, {**BEFORE, "README.md": "kit\n"})
    rows.append(fixed(folder, 1, first, FIX, TESTS))
    second = commit(folder, MORE)
    rows.append(fixed(folder, 2, second, MORE_FIX, MORE_TESTS))
    return check_tasks(rows, "published.py")


def fixed(folder: Path, number: int, base: str, fix: dict[str, str], tests: dict[str, str]) -> dict:
    """Commit a fix with its tests; returns the task's record."""
    commit(folder, fix)
    patch = git(folder, "diff", "HEAD~")
    commit(folder, tests)
    test_patch = git(folder, "diff", "HEAD~")
    return {
        "metadata": {
            "instance_id": f"kit__kit-{number}",
            "repo": "kit/rehearsal-kit",
            "base_commit": base,
            "created_at": f"2024-01-0{number}T00:00:00+00:00",
            "difficulty": "<15 min fix",
        },
        "task": {"problem_statement": "wrong", "hints_text": ""},
        "evaluation": {"patch": patch, "test_patch": test_patch, "FAIL_TO_PASS": [], "PASS_TO_PASS": []},
        "continual_learning": {
            "sequence_position": number,
            "difficulty_score": 1,
            "dependencies": [],
            "modified_files": [],
        },
        "rehearsal": {"version": "1.0"},
    }


def benchmark(tasks: list[Task]) -> dict:
    """The published file with these tasks as its only sequence."""
    rows = [task.record for task in tasks]
    sequence = {
        "id": "kit_sequence",
        "repo": "kit/rehearsal-kit",
        "num_tasks": len(rows),
        "statistics": {},
        "tasks": rows,
    }
    return {"metadata": {"name": "SWE-Bench-CL", "total_tasks": len(rows)}, "sequences": [sequence]}


def pack(members: dict[str, bytes | tarfile.TarInfo], place: Path) -> Path:
    """A .tar.gz of files, by path, and of whatever other member."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(place, "w:gz") as tar:
        for name, content in members.items():
            member = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.name, raw = name, content if isinstance(content, bytes) else b""
            member.size = len(raw)
            tar.addfile(member, io.BytesIO(raw))
    return place


def sdist(files: dict[str, str], folder: Path, version: str = "1.0", name: str = "rehearsal_kit") -> Path:
    """A source release of the package as a registry has it, whose setup.py must not run."""
    top = f"{name}-{version}"
    members = {f"{top}/{path}": text.encode() for path, text in files.items()}
    members[f"{top}/setup.py"] = b"raise SystemExit('setup.py was run')\n"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    members |= {f"{top}/PKG-INFO": about, f"{top}/{name}.egg-info/PKG-INFO": about}
    return pack(members, folder / f"{top}.tar.gz")
