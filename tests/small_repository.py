"""A tiny repository with tasks, made once a session: what the tests of sandbox, workspaces and verdicts play with.

Its mirror also holds what a workspace must not: the fix as a later commit, a branch and a tag.
"""

import atexit
import os
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scripts.benchmark.runtimes.own import Own
from scripts.benchmark.task import Task
from scripts.trajectories.limits import Limits
from scripts.trajectories.public import scratch
from scripts.trajectories.sandbox import Environment
from scripts.verdicts.environment import environment
from scripts.verdicts.grade import Bench
from scripts.verdicts.signed import Signed

LIMITS = Limits(cpu_seconds=3, wall_seconds=20, memory_mb=256, processes=32, file_mb=4, workspace_mb=16)
MARK = "n % 2 == 0  # the fix"
BUGGY = 'def is_even(n):\n    """Tell whether n is even."""\n    return n % 2 == 1\n\n\ndef double(n):\n    return 2 * n\n'
FIXED = BUGGY.replace("n % 2 == 1", MARK)
TESTS = "from kit.numbers import double, is_even\n\n\ndef test_double():\n    assert double(2) == 4\n"
NEW_TESTS = "\n\ndef test_even():\n    assert is_even(2)\n\n\ndef test_odd():\n    assert not is_even(3)\n"
FILES = {
    "kit/__init__.py": "", "kit/numbers.py": BUGGY, "kit/extra.py": "NAME = 'kit'\n", "tests/test_numbers.py": TESTS,
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n', "README.md": "kit\n",
}  # fmt: skip


@dataclass(frozen=True)
class Small:
    """The mirror, the base commit, the commit with the fix, and the one task."""

    folder: Path
    mirror: Path
    base: str
    future: str
    task: Task


def git(folder: Path, *arguments: str, stdin: str = "") -> str:
    """Run git with a fixed identity."""
    settings = [
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "-c",
        "init.defaultBranch=main",
        "-c",
        "commit.gpgsign=false",
    ]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", *settings, *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        errors="replace",
        check=True,
        env=clean,
    )
    return done.stdout


@cache
def session_folder() -> Path:
    """A folder the sandbox's user can enter; it is gone when the tests end."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(scratch())


@cache
def interpreter() -> Environment:
    """The environment of actions and tests."""
    return environment("kit", session_folder() / "cache")


def runtime(environment: Environment | None = None) -> Own:
    """The runtime whose sandboxes show this environment, by default that of `interpreter`."""
    made = Own(session_folder() / "cache")
    made.environment = environment or interpreter()
    return made


def bench(limits: Limits = LIMITS, environment: Environment | None = None) -> Bench:
    """Where and how the tests of the tiny repository run."""
    return Bench(small().mirror, runtime(environment), Signed(), limits)


def change(edits: dict[str, str | None], base: dict[str, str] = FILES) -> str:
    """The patch that sets files of the repository to new contents; None deletes."""
    folder = session_folder() / "change"
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    commit(folder, base)
    for name, content in edits.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True) if content is None else place.write_text(content)
    git(folder, "add", "--all", "--force")
    return git(folder, "diff", "--cached", "--binary", "--no-renames")


def commit(folder: Path, files: dict[str, str]) -> str:
    """Write files into a repository, made where there is none, and commit them; returns the commit."""
    if not folder.exists():
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet")
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "x")
    return git(folder, "rev-parse", "HEAD").strip()


@cache
def small() -> Small:
    """The repository, with a future."""
    folder = session_folder() / "source"
    commit(folder, {"README.md": "before\n"})
    base = commit(folder, FILES)
    future = commit(folder, {"kit/numbers.py": FIXED})
    git(folder, "tag", "v1")
    git(folder, "branch", "fix")
    mirror = session_folder() / "mirror.git"
    git(folder, "clone", "--quiet", "--bare", ".", str(mirror))
    for number in (1, 2, 3):  # the task, and two that tests make of it
        git(mirror, "update-ref", f"refs/tasks/kit__kit-{number}", base)
    return Small(folder, mirror, base, future, task(base))


def task(base: str) -> Task:
    """The task: make is_even right."""
    names = {
        "instance_id": "kit__kit-1",
        "repo": "kit/kit",
        "base_commit": base,
        "created_at": "2024-01-01T00:00:00+00:00",
    }
    grading = {
        "patch": change({"kit/numbers.py": FIXED}),
        "test_patch": change({"tests/test_numbers.py": TESTS + NEW_TESTS}),
        "FAIL_TO_PASS": ["tests/test_numbers.py::test_even", "tests/test_numbers.py::test_odd"],
        "PASS_TO_PASS": ["tests/test_numbers.py::test_double"],
    }
    record = {
        "metadata": names | {"difficulty": "<15 min fix"},
        "task": {"problem_statement": "is_even is wrong", "hints_text": ""},
        "evaluation": grading,
        "continual_learning": {
            "sequence_position": 1,
            "difficulty_score": 1,
            "dependencies": [],
            "modified_files": [],
        },
    }
    return Task.from_record(record, "small repository")
