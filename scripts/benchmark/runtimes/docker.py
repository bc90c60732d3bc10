"""Docker's argument lists. The daemon, or a rootless one, must be reachable by the user who runs the workflow."""

import os
import shutil
import subprocess

from scripts.benchmark.runtimes.images import Mount, bash
from scripts.trajectories.bubblewrap import REPO
from scripts.trajectories.limits import Limits


class Docker:
    """See images.Engine."""

    name = "docker"

    def missing(self) -> str | None:
        if not shutil.which("docker"):
            return "there is no docker on PATH"
        done = subprocess.run(["docker", "info"], capture_output=True, text=True)
        return "the docker daemon does not answer" if done.returncode else None

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
            *("--user", f"{os.getuid()}:{os.getgid()}", "--memory", memory, "--memory-swap", memory),
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


def volume(mount: Mount) -> str:
    return f"{mount.host}:{mount.inside}:{'rw' if mount.writable else 'ro'}"
