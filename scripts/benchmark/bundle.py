"""The file that carries every task's code: one commit without history per task, under refs/tasks/<instance_id>.

Written by hand (gitformat-bundle, version 2), because `git bundle` takes over whatever deltas the repository happens to
hold: here the same trees give the same bytes, whether they came from a full clone, a shallow one or an archive.
"""

import contextlib
import subprocess
from pathlib import Path

from scripts.errors import UserError
from scripts.files import atomic_write
from scripts.trajectories.gitdata import git, listing

# Nothing of a repository's own packs, bitmaps or settings may show in the bytes.
PACK = (
    *("pack-objects", "--revs", "--stdout", "--quiet", "--threads=1", "--delta-base-offset"),
    *("--no-reuse-delta", "--no-reuse-object", "--no-use-bitmap-index", "--window=10", "--depth=50"),
)


def write(trees: dict[str, str], repository: Path, bundle: Path) -> None:
    """Write the bundle of a repository's trees; `trees` maps refs to trees.

    Raises:
        UserError: the repository lacks a file of one of them.
    """
    try:
        commits = {ref: commit(tree, repository) for ref, tree in sorted(trees.items())}
        revisions = "".join(f"{sha}\n" for sha in commits.values()).encode()
        pack = git(*PACK, folder=repository, stdin=revisions)
    except subprocess.CalledProcessError as error:
        for ref, tree in trees.items():
            refuse_missing(ref, tree, repository)
        raise UserError(
            str(repository), said(error), "give a whole clone of the repository (git clone --mirror)"
        ) from error
    head = "".join(f"{sha} {ref}\n" for ref, sha in commits.items())
    atomic_write(bundle, f"# v2 git bundle\n{head}\n".encode() + pack)


def commit(tree: str, repository: Path) -> str:
    """The commit without parents that a workspace of this tree begins with too: fixed identity and date."""
    return git("commit-tree", tree, "-m", "base", folder=repository).decode().strip()


def refuse_missing(ref: str, tree: str, repository: Path) -> None:
    """UserError that names a file of the tree whose content is not there."""
    found = git("rev-list", "--objects", "--missing=print", tree, folder=repository, check=False).decode()
    missing = {line.removeprefix("?") for line in found.splitlines() if line.startswith("?")}
    if missing:
        raise UserError(
            f"task {ref.removeprefix('refs/tasks/')}",
            f"the repository lacks the content of {path_of(missing, tree, repository)}, so it is only part of a clone",
            "give a whole clone (git clone --mirror), or the repository's URL",
        )


def path_of(missing: set[str], tree: str, repository: Path) -> str:
    """The first path whose content is missing, or an object's name where even the folders are."""
    with contextlib.suppress(subprocess.CalledProcessError):
        for name, (_, sha) in listing(repository, tree).items():
            if sha in missing:
                return name.decode(errors="replace")
    return min(missing)


def said(error: subprocess.CalledProcessError) -> str:
    """git's last words."""
    lines = error.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"git ended with code {error.returncode}"
