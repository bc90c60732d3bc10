"""A bare repository out of a bundle, made once and shared by everyone who reads commits from it."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

from scripts.benchmark.repository import git
from scripts.errors import UserError


def mirror(bundle: Path, cache: Path) -> Path:
    """The bare repository with every commit of the bundle, under `cache`, named by the bundle's content.

    Made beside its place under an exclusive lock and renamed: processes may call this at once, and a killed
    one leaves nothing that counts. UserError if the bundle is damaged.
    """
    bundle, cache = Path(bundle), Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(bundle.read_bytes()).hexdigest()[:16]
    place = cache / f"{name}.git"
    with open(cache / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_dir():
            unpack(bundle, unfinished := cache / f"{name}.new")
            unfinished.rename(place)
    return place


def unpack(bundle: Path, folder: Path) -> None:
    """Make `folder` anew as a bare repository that holds the bundle's commits under their own refs."""
    shutil.rmtree(folder, ignore_errors=True)
    git("init", "--quiet", "--bare", "--template=", str(folder))
    try:
        git("fetch", "--quiet", str(bundle.resolve()), "refs/*:refs/*", cwd=folder)
    except subprocess.CalledProcessError as error:
        shutil.rmtree(folder)
        said = error.stderr.decode().strip().splitlines()[:1] or ["git failed"]
        raise UserError(
            str(bundle), f"it is no whole git bundle ({said[0]})", "delete it and run again"
        ) from error
