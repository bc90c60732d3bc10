"""The limits that no kernel limit sums up: memory, processes and CPU time over a whole process tree, and
disk use.
"""

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from scripts.trajectories.limits import MB, Limits

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_BLOCK = 4096  # what the smallest file or folder costs, so that empty ones are not free
_INODE = 1024  # the same on a tmpfs
_UNBOUNDED = 1 << 62


@dataclass
class Watchdog:
    """Watches one action from outside. ``init`` is the sandbox's first process, by its number on the host."""

    workspace: Path
    limits: Limits
    baseline: int
    init: int | None = None
    cpu: float = field(default=0.0, init=False)

    def breach(self) -> str | None:
        """The limit that is broken now, if any."""
        pids = descendants(self.init) if self.init else []
        usage = [use for use in map(_usage, pids) if use]
        self.cpu = max(self.cpu, sum(use[0] for use in usage))
        if sum(use[1] for use in usage) >= self.limits.processes:
            return "processes"
        if sum(use[2] for use in usage) > self.limits.memory_mb * MB:
            return "memory"
        if self.cpu > self.limits.cpu_seconds:
            return "cpu"
        return self.disk_breach(pids)

    def disk_breach(self, pids: list[int] = ()) -> str | None:
        """``workspace`` if what was added to the workspace, /tmp, and deleted but open files is above the
        limit.
        """
        ceiling = self.limits.workspace_mb * MB
        added = size(self.workspace, self.baseline + ceiling) - self.baseline
        added += sum(_tmpfs(pid) for pid in pids[:1]) + _deleted(pids, os.stat(self.workspace).st_dev)
        return "workspace" if added > ceiling else None


def descendants(pid: int) -> list[int]:
    """A process and everything below it, as seen from the host; processes that end meanwhile are left out."""
    found, queue = [], [pid]
    while queue:
        pid = queue.pop()
        found.append(pid)
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                queue += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
        except OSError:
            continue
    return found


def size(folder: Path, enough: int = _UNBOUNDED) -> int:
    """Bytes on disk below a folder, every entry at least one block; stops counting above ``enough``.

    A tree that cannot be measured (too deep for a path, or closed to us) counts as unbounded: hiding is no
    way out.
    """
    total, queue = 0, [os.fspath(folder)]
    while queue and total <= enough:
        try:
            with os.scandir(queue.pop()) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    total += max(status.st_blocks * 512, _BLOCK)
                    if stat.S_ISDIR(status.st_mode):
                        queue.append(entry.path)
        except (FileNotFoundError, NotADirectoryError):  # it changed meanwhile
            continue
        except OSError as error:
            if error.errno in (errno.ENAMETOOLONG, errno.EACCES):
                return _UNBOUNDED
            raise
    return total


def _usage(pid: int) -> tuple[float, int, int] | None:
    """CPU seconds (its own and those of children it waited for), threads, and resident bytes of a process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return sum(map(int, fields[11:15])) / _TICKS, int(fields[17]), int(fields[21]) * _PAGE


def _tmpfs(init: int) -> int:
    """Bytes and entries of the sandbox's memory file systems, as bytes."""
    total = 0
    for place in ("tmp", "dev/shm"):
        try:
            if os.path.samefile(f"/proc/{init}/root", "/"):
                break  # not in its own root yet: what is there is the host's
            status = os.statvfs(f"/proc/{init}/root/{place}")
        except OSError:
            continue
        total += (status.f_blocks - status.f_bfree) * status.f_frsize + (
            status.f_files - status.f_ffree
        ) * _INODE
    return total


def _deleted(pids: list[int], device: int) -> int:
    """Bytes of files on the workspace's disk that have lost their name but are still open."""
    files = {}
    for pid in pids:
        try:
            for name in os.listdir(f"/proc/{pid}/fd"):
                status = os.stat(f"/proc/{pid}/fd/{name}")
                if status.st_dev == device and status.st_nlink == 0 and stat.S_ISREG(status.st_mode):
                    files[status.st_ino] = status.st_blocks * 512
        except OSError:
            continue
    return sum(files.values())
