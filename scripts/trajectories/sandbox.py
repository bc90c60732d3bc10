"""A bubblewrap sandbox: one workspace, many actions, each in its own process space, limits that hold for
all of it.

There is no unsandboxed fall-back. What bubblewrap itself cannot start is a SandboxFailure, which is
infrastructure and never the model's.
"""

import itertools
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import UserError
from scripts.trajectories import bubblewrap, seccomp
from scripts.trajectories.action import Action, SandboxFailure, memory_file
from scripts.trajectories.capture import Capture
from scripts.trajectories.limits import Limits, ulimits
from scripts.trajectories.public import publish, reachable
from scripts.trajectories.watchdog import Watchdog, size

OUTPUT_BYTES = 64_000
_POLL_SECONDS = 0.02
_SIGNALS = {128 + signal.SIGXCPU: "cpu", 128 + signal.SIGXFSZ: "file"}
_slots = itertools.count()

_USER_FILES = {
    "/etc/passwd": b"agent:x:1000:1000:agent:/tmp:/bin/bash\n",
    "/etc/group": b"agent:x:1000:\n",
    "/etc/hosts": b"127.0.0.1 localhost sandbox\n",
}


@dataclass(frozen=True)
class Environment:
    """What actions find inside beside the workspace.

    Attributes:
        python: the interpreter, as a path inside.
        binds: pairs of a host folder and its read-only place inside.
        path: folders for PATH, before the system's.
        variables: pairs of name and value, beside those every action gets.
    """

    python: str
    binds: tuple[tuple[str, str], ...]
    path: str
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What an action did. ``limit`` names the broken limit: cpu, memory, processes, file, workspace or
    wall.
    """

    returncode: int
    output: str
    seconds: float
    limit: str | None


class Sandbox:
    """Runs shell commands in a workspace. Use it as a context manager; one command at a time.

    Args:
        workspace: a folder the commands may write, at /repo inside.
        limits: of each action.
        environment: the interpreter and its place on PATH.
        tools: a folder of programs, read-only at /tools inside and first on PATH.

    Raises:
        UserError: bubblewrap is missing, or the workspace lies where the sandbox's user cannot reach it.
    """

    def __init__(
        self, workspace: Path, limits: Limits, environment: Environment, tools: Path | None = None
    ) -> None:
        self.workspace, self.limits, self.python = workspace.resolve(), limits, environment.python
        self.user = _user()
        if not reachable(self.workspace):
            fix = "make workspaces in public.scratch(), or set TMPDIR to a folder that others can enter"
            raise UserError(str(workspace), "the sandbox's user cannot reach this folder", fix)
        _own(self.workspace, self.user)
        binds = [(Path(host).resolve(), inside) for host, inside in environment.binds]
        binds += [(publish(tools.resolve())[0], "/tools")] if tools else []
        self.command = [bubblewrap.find(), *bubblewrap.namespaces(), *_variables(environment, tools)]
        self.command += bubblewrap.file_system(self.workspace, binds, limits)
        self.files = {"filter": memory_file(seccomp.program())}
        self.files |= {place: memory_file(content) for place, content in _USER_FILES.items()}
        self.baseline = size(self.workspace)

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what the sandbox holds; the workspace stays."""
        while self.files:
            os.close(self.files.popitem()[1])

    def run(
        self, command: str, timeout: float | None = None, stdin: str = "", capture: int = OUTPUT_BYTES
    ) -> Outcome:
        """Run a bash command line; nothing it started is alive afterwards.

        Args:
            timeout: seconds of wall clock, at most and by default the limit's.
            stdin: text for its standard input, which is otherwise empty.
            capture: bytes of output kept, standard output and error together; the middle of more is left out.

        Raises:
            SandboxFailure: the command could not be started.
        """
        start = time.monotonic()
        deadline = start + min(timeout or self.limits.wall_seconds, self.limits.wall_seconds)
        output = Capture(capture)
        with Action(self._arguments(command), self._descriptors(), self.user, stdin) as action:
            limit = self._watch(action, output, deadline)
        watchdog = Watchdog(self.workspace, self.limits, self.baseline)
        limit = limit or _SIGNALS.get(action.returncode) or watchdog.disk_breach()
        if limit is None and not action.finished:
            raise SandboxFailure(f"bubblewrap did not run the command: {output.text().strip()[:500]}")
        return Outcome(action.returncode, output.text(), time.monotonic() - start, limit)

    def _watch(self, action: Action, output: Capture, deadline: float) -> str | None:
        """Read until the action ends; end it where it breaks a limit, and name that limit."""
        watchdog = Watchdog(self.workspace, self.limits, self.baseline)
        look, pause = time.monotonic() + _POLL_SECONDS, _POLL_SECONDS
        while action.read(output, look - time.monotonic()):
            now = time.monotonic()
            if now < look:
                continue
            watchdog.init = action.init
            limit = watchdog.breach() or ("wall" if now > deadline else None)
            if limit:
                return limit
            # looking takes at most a fifth of the time
            pause = max(_POLL_SECONDS, 4 * (time.monotonic() - now))
            look = time.monotonic() + pause
        return None

    def _arguments(self, command: str) -> list[str]:
        data = ["--dir", "/etc"]
        for place in _USER_FILES:
            data += ["--perms", "0644", "--ro-bind-data", str(self.files[place]), place]
        inside = [
            "--",
            "/bin/bash",
            "-c",
            f'{ulimits(self.limits)} && exec /bin/bash -c "$1"',
            "bash",
            command,
        ]
        return [self.command[0], *data, *self.command[1:], "--seccomp", str(self.files["filter"]), *inside]

    def _descriptors(self) -> list[int]:
        for descriptor in self.files.values():
            os.lseek(descriptor, 0, os.SEEK_SET)
        return list(self.files.values())


def _variables(environment: Environment, tools: Path | None) -> list[str]:
    path = ":".join(filter(None, ["/tools" if tools else "", environment.path, "/usr/bin", "/bin"]))
    variables = {"PATH": path, "HOME": "/tmp", "LANG": "C.UTF-8", "TERM": "dumb", "PYTHONHASHSEED": "0"}
    variables |= {"PYTHONDONTWRITEBYTECODE": "1", "PAGER": "cat", "GIT_PAGER": "cat"} | dict(
        environment.variables
    )
    return [part for name, value in variables.items() for part in ("--setenv", name, value)]


def _user() -> int | None:
    """As root, a user of this sandbox's own, so that its process count is its own; None for a plain user,
    who stays.

    The range is one that no distribution assigns; inside a container with fewer users mapped, it is a part
    of those.
    """
    if os.geteuid() != 0:
        return None
    number = (os.getpid() << 6 | next(_slots) & 63) & 0xFFFFFFF
    mapped = int(Path("/proc/self/uid_map").read_text().split()[2])
    return 0x70000000 + number if mapped > 1 << 31 else 10_000 + number % 50_000


def _own(workspace: Path, user: int | None) -> None:
    """Give the workspace to the sandbox's user; links are given, not followed."""
    if user is None:
        return
    os.chown(workspace, user, user)
    for root, folders, files in os.walk(workspace):
        for name in folders + files:
            os.chown(os.path.join(root, name), user, user, follow_symlinks=False)
