"""The tree that is graded: the base commit, the model's patch without what it may not change, then the test
patch.

It is put together in git's index, outside of any folder: a hostile patch is never applied to files on this
machine.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmark.task import Task, test_files
from scripts.errors import UserError
from scripts.trajectories.gitdata import git, listing, skeleton, tree_of
from scripts.trajectories.workspace import populate, trusted
from scripts.verdicts.protect import protected, top_level


class DoesNotApply(Exception):
    """The model's patch does not apply to the base commit."""


@dataclass(frozen=True)
class Assembled:
    """What was put together: the paths that were dropped, and those that the model's patch changed and
    were kept.
    """

    dropped: list[str]
    kept: list[str]


def assemble(task: Task, patch: str, mirror: Path, path: Path) -> Assembled:
    """Make the workspace that the tests run in, at the new folder ``path``.

    Raises:
        DoesNotApply: the model's patch does not fit the base commit.
        UserError: the task's commit or its test patch is at fault.
    """
    outside = skeleton(trusted(path), alternates=mirror.resolve() / "objects")
    base = tree_of(mirror, task.ref)
    if not base:
        raise UserError(
            f"task {task.id}", f"no commit {task.ref} in the repository", "delete results/cache and run again"
        )
    git("read-tree", base, folder=outside)
    result = _apply_allowed(task, patch, base, outside)
    try:
        _apply(task.test_patch, outside)
    except subprocess.CalledProcessError as error:
        raise UserError(
            f"task {task.id}", f"the test patch does not apply ({_said(error)})", "mend or remove the task"
        ) from error
    populate(outside, _written(outside), path)
    return result


def _apply_allowed(task: Task, patch: str, base: str, outside: Path) -> Assembled:
    """Apply a model's patch to the index, then put back every protected path as it was."""
    if not patch.strip():
        return Assembled([], [])
    try:
        _apply(patch, outside)
    except subprocess.CalledProcessError as error:
        raise DoesNotApply(_said(error)) from error
    before, after = listing(outside, base), listing(outside, _written(outside))
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    files, known = set(test_files(task)), {top_level(name.decode(errors="replace")) for name in before}
    dropped = [name for name in changed if protected(name.decode(errors="replace"), files, known)]
    _put_back(dropped, before, outside)
    kept = [name.decode(errors="replace") for name in changed if name not in set(dropped)]
    return Assembled([name.decode(errors="replace") for name in dropped], kept)


def _put_back(names: list[bytes], before: dict[bytes, tuple[str, str]], outside: Path) -> None:
    """Set index entries to what they were; a path that was not there goes. Removals come first: they make
    room.
    """
    gone = ("0", "0" * 40)
    entries = sorted((before.get(name, gone), name) for name in names)
    lines = b"".join(f"{mode} {sha}\t".encode() + name + b"\0" for (mode, sha), name in entries)
    git("update-index", "-z", "--index-info", folder=outside, stdin=lines)


def _apply(patch: str, outside: Path) -> None:
    text = patch if patch.endswith("\n") else patch + "\n"
    git(
        "apply",
        "--cached",
        "--whitespace=nowarn",
        "-",
        folder=outside,
        stdin=text.encode(errors="surrogateescape"),
    )


def _written(outside: Path) -> str:
    return git("write-tree", folder=outside).decode().strip()


def _said(error: subprocess.CalledProcessError) -> str:
    return (error.stderr.decode(errors="replace").strip().splitlines() or ["git apply failed"])[0]
