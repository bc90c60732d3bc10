"""Folders that several jobs want at once, each made by the first who asks."""

import fcntl
from collections.abc import Callable
from pathlib import Path

from scripts.trajectories.public import remove


def once(folder: Path, name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name` in `folder`: made beside its place under a lock and renamed, whole or not at all.

    Args:
        make: fills an empty folder. What it had done when it failed is deleted, and what a killed one had done is made anew.
    """
    target = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            half = folder / f".half-{name}"
            remove(half)  # of a killed process
            half.mkdir()
            try:
                make(half)
                half.chmod(0o755)
                half.rename(target)
            except BaseException:
                remove(half)
                raise
    return target
