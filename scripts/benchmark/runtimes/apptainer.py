"""Apptainer's argument lists, for clusters: no daemon, no root. Images are converted once and kept beside its own cache."""

import os
import shutil

from scripts.benchmark.runtimes.images import Mount, bash
from scripts.trajectories.bubblewrap import REPO
from scripts.trajectories.limits import Limits


class Apptainer:
    """See images.Engine. Apptainer counts no memory and no processes without root: ulimit holds for each process."""

    name = "apptainer"

    def missing(self) -> str | None:
        return None if shutil.which("apptainer") else "there is no apptainer on PATH (install it)"

    def present(self, image: str) -> list[str]:
        return ["sha256sum", file(image)]

    def pull(self, image: str) -> list[str]:
        os.makedirs(os.path.dirname(file(image)), exist_ok=True)
        return ["apptainer", "pull", "--force", file(image), f"docker://{image}"]

    def tree(self, image: str) -> list[str]:
        tar = ["tar", "--create", "--exclude=./.git", "--directory", "/testbed", "."]
        return ["apptainer", "exec", "--containall", "--cleanenv", "--no-privs", file(image), *tar]

    def run(self, image: str, name: str, mounts: list[Mount], limits: Limits, command: str) -> list[str]:
        """Its own process space, which ends with it; no network, no home, /tmp in memory."""
        limited = f"ulimit -v {limits.memory_mb * 1024}; ulimit -u {limits.processes}; {command}"
        limited = f"export HOME=/tmp; {limited}"  # which --env may not set
        return [
            *("apptainer", "exec", "--containall", "--cleanenv", "--no-home", "--writable-tmpfs"),
            *("--net", "--network", "none", "--no-privs"),
            *("--env", "LANG=C.UTF-8", "--env", "PYTHONHASHSEED=0"),
            *(part for mount in mounts for part in ("--bind", bind(mount))),
            *("--pwd", REPO, file(image), *bash(limits, limited)),
        ]

    def kill(self, name: str) -> None:
        return None


def bind(mount: Mount) -> str:
    return f"{mount.host}:{mount.inside}:{'rw' if mount.writable else 'ro'}"


def file(image: str) -> str:
    """Where an image's .sif lies: REHEARSAL_IMAGES, or results/cache/images."""
    folder = os.environ.get("REHEARSAL_IMAGES", "results/cache/images")
    return os.path.join(folder, image.replace("/", "_").replace(":", "-") + ".sif")
