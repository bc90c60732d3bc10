"""A bare repository out of a bundle, made once and shared by everyone who reads commits from it."""

import hashlib
import subprocess
from pathlib import Path

from scripts.benchmark.repository import git
from scripts.errors import UserError
from scripts.once import once


def mirror(bundle: Path, cache: Path) -> Path:
    """The bare repository with every commit of the bundle, under `cache`, named by the bundle's content.

    UserError if the bundle is damaged.
    """
    name = hashlib.sha256(Path(bundle).read_bytes()).hexdigest()[:16]
    return once(Path(cache), f"{name}.git", lambda half: unpack(Path(bundle), half))


def unpack(bundle: Path, folder: Path) -> None:
    """Make an empty folder a bare repository that holds the bundle's commits under their own refs."""
    git("init", "--quiet", "--bare", "--template=", str(folder))
    try:
        git("fetch", "--quiet", str(bundle.resolve()), "refs/*:refs/*", cwd=folder)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode().strip().splitlines()[:1] or ["git failed"]
        raise UserError(
            str(bundle), f"it is no whole git bundle ({said[0]})", "delete it and run again"
        ) from error
