"""Docker's argument lists. The daemon, or a rootless one, must be reachable by the user who runs the workflow."""

import os
import shutil
from functools import cache

from scripts.benchmark.runtimes.images import Mount, bash, quiet
from scripts.trajectories.bubblewrap import REPO
from scripts.trajectories.limits import Limits


class Docker:
    """See images.Engine."""

    name = "docker"

    def missing(self) -> str | None:
        if not shutil.which("docker"):
            return "there is no docker on PATH (install it)"
        silent = quiet(["docker", "info"]).returncode
        return "the docker daemon does not answer (start it, or get access to its socket)" if silent else None

    def present(self, image: str) -> list[str]:
        return ["docker", "image", "inspect", "--format", "{{.Id}}", image]

    def pull(self, image: str) -> list[str]:
        return ["docker", "pull", "--quiet", "--platform", "linux/amd64", image]

    def tree(self, image: str) -> list[str]:
        tar = ["tar", "--create", "--exclude=./.git", "--directory", "/testbed", "."]
        return ["docker", "run", "--rm", "--network", "none", "--entrypoint", tar[0], image, *tar[1:]]

    def run(self, image: str, name: str, mounts: list[Mount], limits: Limits, command: str) -> list[str]:
        """As the user who runs the workflow, without capabilities; memory and processes are the kernel's to count."""
        memory = f"{limits.memory_mb}m"
        return [
            *(
                "docker",
                "run",
                "--rm",
                "--interactive",
                "--init",
                "--name",
                name,
                "--platform",
                "linux/amd64",
            ),
            *("--network", "none", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only"),
            *("--user", user(), "--memory", memory, "--memory-swap", memory),
            *(
                "--pids-limit",
                str(limits.processes),
                "--tmpfs",
                f"/tmp:exec,mode=1777,size={limits.workspace_mb}m",
            ),
            *("--env", "HOME=/tmp", "--env", "LANG=C.UTF-8", "--env", "PYTHONHASHSEED=0"),
            *(part for mount in mounts for part in ("--volume", volume(mount))),
            *("--workdir", REPO, "--entrypoint", "/bin/bash", image, *bash(limits, command)[1:]),
        ]

    def kill(self, name: str) -> list[str]:
        return ["docker", "kill", name]


@cache
def user() -> str:
    """Whom a container runs as: whoever runs the workflow, who is root in the containers of a rootless daemon."""
    said = quiet(["docker", "info", "--format", "{{.SecurityOptions}}"]).stdout
    return "0:0" if b"rootless" in said else f"{os.getuid()}:{os.getgid()}"


def volume(mount: Mount) -> str:
    return f"{mount.host}:{mount.inside}:{'rw' if mount.writable else 'ro'}"
