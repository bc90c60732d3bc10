"""Workspaces: one commit and nothing else inside, and a trusted record of it outside.

Beside the workspace ``path`` lies ``path + ".git"``, a repository the sandbox never sees. It borrows the
mirror's objects, and every later question about the workspace (its tree, its patch) is answered by it.
"""

import os
import shutil
from pathlib import Path

from scripts.errors import UserError
from scripts.trajectories.gitdata import (
    RAW,
    Snapshot,
    git,
    listing,
    read,
    skeleton,
    snapshot,
    tree_of,
    write_object,
)
from scripts.trajectories.public import remove


def create(mirror: Path, name: str, path: Path) -> str:
    """Make a fresh workspace from what a ref, commit or tree of a bare repository names; returns the tree's hash.

    The workspace's history is one commit of fixed identity and date: no parents, remotes, tags or other
    objects.

    Raises:
        UserError: there is no such commit in the mirror, or the files are not those of its tree.
    """
    tree = tree_of(mirror, name)
    if not tree:
        raise UserError(str(mirror), f"no commit {name}", "delete the cache folder and run again")
    outside = skeleton(trusted(path), alternates=mirror.resolve() / "objects")
    populate(outside, tree, path)
    if (found := _now(path).tree) != tree:
        raise UserError(
            f"commit {name}", f"its files hash to {found}, not to {tree}", "report this repository"
        )
    return tree


def populate(outside: Path, tree: str, path: Path) -> None:
    """Write the files of a tree into a new folder ``path``, with a repository of just one commit."""
    head = git("commit-tree", tree, "-m", "base", folder=outside)
    (outside / "refs" / "heads" / "main").write_bytes(head)
    inside = skeleton(path / ".git")
    (inside / "refs" / "heads" / "main").write_bytes(head)
    # no search for deltas and fast compression: a second of a large repository's set-up
    pack = ("pack-objects", "--revs", "--quiet", "--window=0", "--compression=1")
    git(*pack, inside / "objects" / "pack" / "pack", folder=outside, stdin=head)
    git("read-tree", "--reset", "-u", "HEAD", folder=inside, GIT_WORK_TREE=str(path))


def trusted(path: Path) -> Path:
    """The repository outside of a workspace."""
    return path.with_name(path.name + ".git")


def tree(path: Path) -> str:
    """Hash of the workspace's files as a git tree, without .git, and without caches that the commit does not have."""
    return _now(path).tree


def _now(path: Path) -> Snapshot:
    """The workspace's files, seen with the commit that it was made of, and without what was laid over it."""
    return snapshot(path, listing(trusted(path), "HEAD"), laid(path))


def lay(layer: Path, path: Path) -> None:
    """Put the files below ``layer``, which a build made, over a workspace. They are no part of its tree or its patch."""
    names = sorted(
        os.path.relpath(os.path.join(root, name), layer)
        for root, _, files in os.walk(layer)
        for name in files
    )
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(layer / name, path / name, follow_symlinks=False)
    trusted(path).joinpath("laid").write_bytes(b"\0".join(map(os.fsencode, names)))
    (path / ".git/info/exclude").write_text("".join(f"/{name}\n" for name in names) + "__pycache__/\n")


def laid(path: Path) -> frozenset[bytes]:
    """Paths that were laid over a workspace."""
    record = trusted(path) / "laid"
    return frozenset(filter(None, record.read_bytes().split(b"\0"))) if record.exists() else frozenset()


def diff(path: Path, base_tree: str) -> str:
    """Unified git diff from the base tree to the workspace's files; new, deleted and binary files included.

    What the agent did to .git, to ignore files or to attributes has no influence. A text that is not UTF-8
    is shown as binary, so that the patch is always text and always applies.
    """
    now, outside = _now(path), trusted(path)
    if now.tree == base_tree:
        return ""
    _record(now, base_tree, path)
    compare = (
        "diff-tree",
        "-r",
        "-p",
        "--binary",
        "--full-index",
        "--no-renames",
        "--no-ext-diff",
        "--no-textconv",
    )
    try:
        return git(*compare, base_tree, now.tree, folder=outside).decode()
    except UnicodeDecodeError:
        attributes = outside / "info" / "attributes"
        attributes.write_text(RAW + "* -diff\n")
        patch = git(*compare, base_tree, now.tree, folder=outside).decode()
        attributes.write_text(RAW)
        return patch


def _record(now: Snapshot, base_tree: str, path: Path) -> None:
    """Add what is new in a snapshot to the repository outside: changed files and the folders above them."""
    base, outside = listing(trusted(path), base_tree), trusted(path)
    changed = {name for name in base.keys() | now.files.keys() if base.get(name) != now.files.get(name)}
    for name in changed & now.files.keys():
        write_object(outside, "blob", read(bytes(path.resolve()) + b"/" + name))
    above = {b"/".join(name.split(b"/")[:depth]) for name in changed for depth in range(name.count(b"/") + 1)}
    for folder in above & now.trees.keys():
        write_object(outside, "tree", now.trees[folder])


def discard(path: Path) -> None:
    """Delete a workspace and its repository outside."""
    remove(path)
    remove(trusted(path))
