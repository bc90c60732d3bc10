"""Code source `archives`: the files a task starts from, out of the release that its fix went into.

Release of the task's version, minus its test patch, minus its gold patch. The release has later changes too, so the
files are near those of the base commit, not the same, and where a patch does not come off cleanly the task is left out.
A later change may also have renamed or removed one of its PASS_TO_PASS tests: `lacking` names these, which cannot pass.
"""

import os
import re
import subprocess
import tarfile
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from scripts.benchmark.bundle import said
from scripts.benchmark.release import NoRelease, release
from scripts.benchmark.task import Task
from scripts.errors import UserError
from scripts.trajectories.gitdata import git, skeleton, tree_of

# test_x of `test_x (module.Class)` and of `file.py::Class::test_x[case]`; django also names tests by their docstrings
_FUNCTION = re.compile(r"(?:.*::)?(\w+)(?:\[.*\])?(?: \([\w.]+\))?")
DAMAGE = (tarfile.TarError, EOFError, OSError, zlib.error, UnicodeError, KeyError)


class LeftOut(Exception):
    """The task's files cannot be had, and why."""


def trees_of(tasks: list[Task], folder: Path, cache: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Trees by task, and for those left out the reason; `folder` becomes a repository that holds the trees.

    Raises:
        UserError: the registry does not answer, or an archive is damaged.
    """
    skeleton(folder)
    trees, left_out = {}, {}
    for task in tasks:
        try:
            trees[task.id] = without_fix(task, released(task, folder, cache), folder)
        except LeftOut as reason:
            left_out[task.id] = str(reason)
    return trees, left_out


def released(task: Task, folder: Path, cache: Path) -> str:
    """The tree of the release of a task's version; each archive is read once."""
    package, version = task.repo.rpartition("/")[2], task.version
    if not version:
        raise LeftOut("its version is not known")
    if not (tree := tree_of(folder, release_ref(task))):
        try:
            read_into(release(package, version, cache), release_ref(task), folder)
        except NoRelease as reason:
            raise LeftOut(str(reason)) from reason
        tree = tree_of(folder, release_ref(task))
    return tree


def release_ref(task: Task) -> str:
    """The ref under which the release of a task's version is kept."""
    return f"refs/releases/{task.repo.rpartition('/')[2]}-{task.version}"


def lacking(task: Task, folder: Path) -> list[str]:
    """The PASS_TO_PASS tests whose name stands nowhere in the release of a task that `trees_of` could rebuild."""
    text, words = source(folder, tree_of(folder, release_ref(task)))
    names = ((test, _FUNCTION.fullmatch(test)) for test in task.pass_to_pass)
    return [test for test, named in names if not (named[1] in words if named else test in text)]


@lru_cache(maxsize=1)
def source(folder: Path, tree: str) -> tuple[str, frozenset[str]]:
    """All Python source of a tree, and the words that stand in it."""
    text = git("grep", "-h", "-e", "", tree, "--", "*.py", folder=folder).decode(errors="replace")
    return text, frozenset(re.findall(r"\w+", text))


def without_fix(task: Task, tree: str, folder: Path) -> str:
    """The tree after both patches of a task are taken off, tests first; made in the index."""
    git("read-tree", tree, folder=folder)
    for name, patch in (("test", task.test_patch), ("gold", task.patch)):
        options = ("apply", "--cached", "--reverse", "--whitespace=nowarn", "-")
        try:
            git(*options, folder=folder, stdin=(patch.rstrip("\n") + "\n").encode())
        except subprocess.CalledProcessError as error:
            raise LeftOut(
                f"the {name} patch does not come off the release {task.version} ({said(error)})"
            ) from error
    return git("write-tree", folder=folder).decode().strip()


def read_into(archive: Path, ref: str, folder: Path) -> None:
    """Store an archive's files as a commit under a ref; nothing is unpacked to disk.

    Raises:
        UserError: the archive is damaged, or names a path outside of itself.
    """
    try:
        with tarfile.open(archive) as tar:
            stream = b"".join(commands(tar, ref))
            while tar.fileobj.read(1 << 20):  # to its end, where the checksum stands
                pass
        git("fast-import", "--quiet", folder=folder, stdin=stream)
    except DAMAGE as error:
        raise UserError(
            str(archive), f"the archive is damaged ({str(error).splitlines()[0]})", "delete it and run again"
        ) from error
    except subprocess.CalledProcessError as error:
        raise UserError(
            str(archive), f"git cannot take in its files ({said(error)})", "delete it and run again"
        ) from error


def commands(tar: tarfile.TarFile, ref: str) -> Iterator[bytes]:
    """A commit of an archive's files, in fast-import's words."""
    yield f"commit {ref}\ncommitter rehearsal <rehearsal@localhost> 0 +0000\ndata 0\n".encode()
    for member in tar:
        if (path := inner(member)) and (mode := mode_of(member)):
            linked = mode == "120000"
            content = os.fsencode(member.linkname) if linked else tar.extractfile(member).read()
            yield os.fsencode(f'M {mode} inline "{quoted(path)}"\ndata {len(content)}\n') + content + b"\n"


def inner(member: tarfile.TarInfo) -> str:
    """A member's path below the archive's one top folder, empty for the folder itself and for what packaging added."""
    parts = [part for part in member.name.split("/") if part not in ("", ".")]
    if member.name.startswith("/") or ".." in parts or ".git" in map(str.lower, parts):
        raise tarfile.TarError(f"it holds the path {member.name}")
    below = parts[1:]
    packaging = below == ["PKG-INFO"] or "".join(below[:1]).endswith(".egg-info")
    return "" if packaging else "/".join(below)


def mode_of(member: tarfile.TarInfo) -> str | None:
    """git's mode of a file or link (one to a file within counts as the file); None for a folder."""
    if member.issym():
        return "120000"
    if member.isfile() or member.islnk():
        return "100755" if member.mode & 0o100 else "100644"
    if member.isdir():
        return None
    raise tarfile.TarError(f"{member.name} is no file, link or folder")


def quoted(path: str) -> str:
    """A path between the quotes that fast-import understands."""
    return path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
