"""Places that the sandbox's user can reach.

Run as root, the sandbox gives up its user before bwrap starts, and that user can enter neither /root nor a
private home, where the repository, the virtual environment and its interpreter often lie. What it has to
read is copied, once, to a place it can enter; what it has to write is made there from the start. A plain
user keeps his identity and needs none of this.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from scripts.errors import UserError

_SCRATCH = "rehearsal-scratch-"


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
    raise UserError(
        "sandbox", "no temporary folder that other users can enter", "set TMPDIR to a folder with mode 1777"
    )


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A fresh folder for workspaces that the sandbox's user can enter; it is gone afterwards.

    It is locked while it is in use, so that those of killed jobs can be told from those of living ones.
    """
    place = base()
    remove_forgotten(place)
    folder = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=place))
    folder.chmod(0o711)
    lock = os.open(folder, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_SH)
    try:
        yield folder
    finally:
        remove(folder)
        os.close(lock)


def remove_forgotten(place: Path, seconds: float = 600) -> None:
    """Delete our own scratch folders that nobody holds; young ones may be about to be locked."""
    for folder in place.glob(f"{_SCRATCH}*"):
        with contextlib.suppress(OSError):
            status = folder.lstat()
            if status.st_uid != os.geteuid() or time.time() - status.st_ctime < seconds:
                continue
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(folder)
            finally:
                os.close(lock)


def remove(folder: Path) -> None:
    """Delete a folder, however deep and whatever its content did to its own permissions; an absent one is
    fine.
    """
    command = ["rm", "-rf", "--", str(folder)]
    if subprocess.run(command, capture_output=True).returncode:
        subprocess.run(["chmod", "-R", "u+rwx", "--", str(folder)], capture_output=True)
        subprocess.run(command, check=True)


def publish(*folders: Path) -> list[Path]:
    """Folders that the sandbox's user can read: the given ones, or copies under the public base where he
    cannot.

    Folders given together stay siblings. The copy is named by the content's paths, sizes and times, made
    whole by rename and owned by the caller; a folder of that name that somebody else made is refused.
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
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if mode & stat.S_IXUSR else 0o044))
    try:
        half.rename(target)
    except OSError:  # another job was faster; its copy is the same
        shutil.rmtree(half)
