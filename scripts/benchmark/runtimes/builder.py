"""Where environments are built: the sandbox's places, with the network and without its limits.

Everything is installed at the paths that it will have later (/python, /env, /repo), so that nothing has to be moved
or rewritten. A build runs what the specification and the packages of the registry bring along, as pip always does: it
sees this machine's files read-only, writes only to its own folders, and has a process space of its own.
"""

import os
import re
import signal
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from scripts.benchmark.runtimes.interpreters import INSIDE as PYTHON
from scripts.trajectories import bubblewrap

ENV = "/env"
SECONDS = 3 * 3600  # scikit-learn compiles for many minutes on one core
_TROUBLE = re.compile(
    r"Retrying \(Retry\(|Max retries exceeded|timed out|IncompleteRead|Connection broken|ConnectionReset"
)
_RANDOM = re.compile(r"/tmp/pip-[\w.-]+")  # names that pip draws; what is said goes into keys
_DROPPED = ("PYTHON", "VIRTUAL_ENV", "CONDA", "GIT_", "LD_", "SNAKEMAKE", "OMP_")
_OURS = ("repo", "env", "python", "pip-cache")


@dataclass(frozen=True)
class Built:
    """How a build command ended, and the end of what it said."""

    returncode: int
    output: str

    @property
    def last_words(self) -> str:
        """The line that says most of why it failed: the last of the program that pip ran, or else of pip's own errors."""
        lines = [_RANDOM.sub("/tmp/pip", line.strip()) for line in self.output.splitlines() if line.strip()]
        ran = [line for line, after in pairwise(lines) if after == "[end of output]" and line[0] != "╰"]
        errors = [line for line in lines if "error" in line.lower() and "subprocess-exited" not in line]
        return (ran or errors or lines or ["said nothing"])[-1][:300]

    @property
    def disturbed(self) -> bool:
        """Whether pip had trouble with a server on its way."""
        return bool(_TROUBLE.search(self.output))


@dataclass(frozen=True)
class Builder:
    """Folders of this machine and their places inside; ``repo`` and ``env`` are written to, if given."""

    python: Path
    env: Path
    repo: Path
    cache: Path
    scratch: Path
    writes_env: bool = True
    network: bool = True

    def run(self, command: str, variables: dict[str, str] | None = None, seconds: float = SECONDS) -> Built:
        """Run a bash command line at /repo; it and its children are gone afterwards."""
        arguments = [*self._arguments(), "--", "/bin/bash", "-c", f"umask 022; {command}"]
        process = subprocess.Popen(
            arguments,
            env=self._variables() | (variables or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            output = process.communicate(timeout=seconds)[0]
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)  # bwrap's death is that of everything inside
            process.wait()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            return Built(124, f"stopped after {seconds:.0f} s")
        return Built(process.returncode, output.decode(errors="replace")[-200_000:])

    def _arguments(self) -> list[str]:
        apart = ["--unshare-pid", "--unshare-ipc", "--die-with-parent", "--new-session"]
        binds = {"/repo": self.repo, "/tmp": self.scratch, "/pip-cache": self.cache}
        arguments = [bubblewrap.find(), *apart, *([] if self.network else ["--unshare-net"]), *_host()]
        for place, folder in binds.items():
            arguments += ["--bind", str(folder.resolve()), place]
        arguments += ["--ro-bind", str(self.python.resolve()), PYTHON]
        arguments += ["--bind" if self.writes_env else "--ro-bind", str(self.env.resolve()), ENV]
        return [*arguments, "--chdir", "/repo"]

    def _variables(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
        path = f"{ENV}/bin:{PYTHON}/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        own = {"PATH": path, "PIP_CACHE_DIR": "/pip-cache", "PIP_NO_INPUT": "1", "PYTHONNOUSERSITE": "1"}
        own |= {"TMPDIR": "/tmp", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "VIRTUAL_ENV": ENV}
        own |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONHASHSEED": "0"}
        return kept | own | library(self.python, PYTHON)


def library(python: Path, inside: str) -> dict[str, str]:
    """LD_LIBRARY_PATH where a copied interpreter brings shared libraries of its own."""
    return {"LD_LIBRARY_PATH": f"{inside}/lib"} if any((python / "lib").glob("lib*.so*")) else {}


def _host() -> list[str]:
    """This machine's files, read-only, with fresh /proc and /dev."""
    arguments = []
    for name in sorted(os.listdir("/")):
        place = f"/{name}"
        if os.path.islink(place):
            arguments += ["--symlink", os.readlink(place), place]
        elif name not in ("proc", "dev", "tmp", *_OURS) and os.path.isdir(place):
            arguments += ["--ro-bind-try", place, place]
    return [*arguments, "--proc", "/proc", "--dev", "/dev"]
