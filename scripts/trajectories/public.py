"""Places that the sandbox's user can reach.

Run as root, the sandbox gives up its user before bwrap starts, and that user can enter neither /root nor a private home,
where the repository, the virtual environment and its interpreter often lie. What it has to read is copied, once, to a place
it can enter; what it has to write is made there from the start. A plain user keeps his identity and needs none of this.
"""

import hashlib
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.errors import UserError


def reachable(path: Path) -> bool:
    """True if the sandbox's user can enter (or read) a path: every folder above it is open to others."""
    if os.geteuid() != 0:
        return True
    path = path.resolve()
    return all(os.stat(place).st_mode & stat.S_IXOTH for place in (path, *path.parents) if place.is_dir())


def base() -> Path:
    """The first temporary folder that the sandbox's user can enter."""
    for name in (tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"):
        if os.access(name, os.W_OK) and reachable(Path(name)):
            return Path(name)
    raise UserError("sandbox", "no temporary folder that other users can enter", "set TMPDIR to a folder with mode 1777")


@contextmanager
def scratch() -> Iterator[Path]:
    """A fresh folder for workspaces that the sandbox's user can enter; it is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="rehearsal-", dir=base()))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        remove(folder)


def remove(folder: Path) -> None:
    """Delete a folder, however deep and whatever its content did to its own permissions; an absent one is fine."""
    command = ["rm", "-rf", "--", str(folder)]
    if subprocess.run(command, capture_output=True).returncode:
        subprocess.run(["chmod", "-R", "u+rwx", "--", str(folder)], capture_output=True)
        subprocess.run(command, check=True)


def publish(*folders: Path) -> list[Path]:
    """Folders that the sandbox's user can read: the given ones, or copies under the public base where he cannot.

    Folders given together stay siblings. The copy is named by the content's paths, sizes and times, made whole by rename
    and owned by the caller; a folder of that name that somebody else made is refused.
    """
    if all(reachable(folder) for folder in folders):
        return list(folders)
    home = base() / f"rehearsal-public-{os.geteuid()}"
    home.mkdir(mode=0o711, exist_ok=True)
    if home.is_symlink() or home.stat().st_uid != os.geteuid() or home.stat().st_mode & 0o022:
        raise UserError(str(home), "is not ours alone", "remove it, or set TMPDIR")
    target = home / _fingerprint(folders)
    if not target.exists():
        _copy(folders, target)
    return [target / folder.name for folder in folders]


def _fingerprint(folders: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            status = path.lstat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:24]


def _copy(folders: tuple[Path, ...], target: Path) -> None:
    half = Path(tempfile.mkdtemp(prefix=".half-", dir=target.parent))
    for folder in folders:
        shutil.copytree(folder, half / folder.name, symlinks=True)
    for path in (half, *half.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    try:
        half.rename(target)
    except OSError:  # another job was faster; its copy is the same
        shutil.rmtree(half)
