"""The benchmark's published images: one container per command, with no network, around a workspace of ours.

An image brings its interpreter (conda's environment `testbed`) and, in /testbed, the repository as it was built. What
the build left there (compiled modules, metadata) is taken out once per task and laid over each workspace, as the
local runtime does; the workspace is then shown at /testbed, where the image installed it, and at /repo, where tasks look.
Engines differ in their arguments only: see docker.py and apptainer.py. Both have run, around images of our own
(tests/runtimes/test_engines.py); the published images have not.
"""

import inspect
import os
import re
import shutil
import subprocess
import tarfile
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scripts.benchmark.runtimes import Binds, EnvironmentFailure
from scripts.benchmark.runtimes.build import added, tree_of
from scripts.benchmark.runtimes.remembered import remembered
from scripts.benchmark.task import Task
from scripts.errors import UserError
from scripts.files import sha256_of, sha256_of_files
from scripts.once import once
from scripts.trajectories.action import SandboxFailure, memory_file, wait_for
from scripts.trajectories.bubblewrap import REPO
from scripts.trajectories.capture import Capture
from scripts.trajectories.limits import Limits
from scripts.trajectories.sandbox import OUTPUT_BYTES, Outcome
from scripts.trajectories.watchdog import Watchdog, size
from scripts.trajectories.workspace import lay

TESTBED = "/testbed"
TOOLS = "/tools"
ACTIVATE = "source /opt/miniconda3/bin/activate testbed"
PYTHON = "/opt/miniconda3/envs/testbed/bin/python"
# what engines say of an image that does not exist; every other failure to fetch one may be gone tomorrow
ABSENT = re.compile(r"manifest[ _]unknown|not found|does not exist|access .*denied", re.IGNORECASE)
_SIGNALS = {137: "memory", 152: "cpu", 153: "file"}
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Mount:
    """A folder of this machine and its place inside."""

    host: str
    inside: str
    writable: bool = False


class Engine(Protocol):
    """The argument lists of one container program."""

    name: str

    def missing(self) -> str | None:
        """Why it cannot be used here and what to do, or None."""

    def present(self, image: str) -> list[str]:
        """Exits with 0 if the image is here, and prints what identifies its content."""

    def pull(self, image: str) -> list[str]:
        """Fetches an image."""

    def tree(self, image: str) -> list[str]:
        """Prints /testbed of the image as a tar archive."""

    def run(self, image: str, name: str, mounts: list[Mount], limits: Limits, command: str) -> list[str]:
        """Runs a bash command line in a fresh container."""

    def kill(self, name: str) -> list[str] | None:
        """Ends a container with everything in it; None if ending the program itself does."""


class Images:
    """A task's runtime is its image.

    Args:
        engine: which program runs them.
        specs: content of environments.json, which names the images.
        mirror: bare repository with a ref refs/tasks/<id> for every task.
    """

    def __init__(self, engine: Engine, specs: dict, mirror: Path, cache: Path) -> None:
        self.engine, self.mirror, self.cache = engine, mirror, cache.resolve()
        self.tasks, self.versions = specs["tasks"], specs["versions"]
        self.content = remembered(self._fetch)
        self.code = sha256_of_files([__file__, inspect.getfile(type(engine))])

    def prepare(self, tasks: Iterable[Task]) -> None:
        """Fetch the images that are not here; that there is no such image is said when its task is opened."""
        tasks = list(tasks)
        if tasks and (why := self.engine.missing()):
            what = f"it needs the image {self.tasks[tasks[0].id]['image']}, and {why}"
            (other,) = {"docker", "apptainer"} - {self.engine.name}
            fix = f"see to it, or set `runtime:` of the repository to local (no container; studies/local.yaml) or {other}"
            raise UserError(f"task {tasks[0].id}", what, fix)
        for task in tasks:
            self._identity(task)

    def fingerprint(self, task: Task) -> str:
        """Hash of the engine's name, how it is used, the image's content, and what is run in it for the task."""
        what = self.tasks[task.id]
        used = [self.engine.name, self.code, what, self.versions[what["version"]]]
        return sha256_of([*used, self._identity(task)])

    @contextmanager
    def open(
        self, task: Task, workspace: Path, limits: Limits, tools: Path | None = None, binds: Binds = ()
    ) -> Iterator["Container"]:
        """Commands that each run in a container of their own around the workspace."""
        lay(self._layer(task), workspace)
        mounts = [Mount(str(workspace.resolve()), place, True) for place in (REPO, TESTBED)]
        mounts += [Mount(host, inside) for host, inside in binds]
        mounts += [Mount(str(tools.resolve()), TOOLS)] if tools else []
        yield Container(self.engine, self.tasks[task.id]["image"], workspace.resolve(), mounts, limits)

    def _identity(self, task: Task) -> str:
        """What identifies the content of a task's image, or why there is none."""
        try:
            return self.content(self.tasks[task.id]["image"])
        except EnvironmentFailure as error:
            return str(error)

    def _fetch(self, image: str) -> str:
        """What identifies the content of an image.

        Raises:
            EnvironmentFailure: there is no such image.
            UserError: it could not be fetched.
        """
        if (found := quiet(self.engine.present(image))).returncode:
            if (pulled := quiet(self.engine.pull(image))).returncode:
                self._refuse(image, pulled)
            found = quiet(self.engine.present(image))
        return found.stdout.decode().strip()

    def _refuse(self, image: str, pulled: subprocess.CompletedProcess) -> None:
        said = pulled.stderr.decode(errors="replace")
        if ABSENT.search(said):
            raise EnvironmentFailure(f"there is no image {image}: {_last(said)}")
        what = f"{self.engine.name} could not fetch it ({_last(said)})"
        raise UserError(f"image {image}", what, "run again; the images that were fetched are kept")

    def _layer(self, task: Task) -> Path:
        """What the image's build added to the task's commit."""
        content = self.content(self.tasks[task.id]["image"])
        name = sha256_of([content, tree_of(self.mirror, task.ref)])[:24]
        return once(self.cache / "layers", name, lambda folder: self._take_out(task, folder))

    def _take_out(self, task: Task, folder: Path) -> None:
        image, whole = self.tasks[task.id]["image"], folder / "testbed"
        with subprocess.Popen(self.engine.tree(image), stdout=subprocess.PIPE) as process:
            try:
                with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                    archive.extractall(whole, filter="tar")
            except tarfile.ReadError as error:
                raise EnvironmentFailure(f"{TESTBED} of {image} cannot be read: {error}") from error
        if process.returncode:
            raise EnvironmentFailure(f"{TESTBED} of {image} cannot be read")
        added(whole, self.mirror, task.ref, folder)
        shutil.rmtree(whole)


class Container:
    """Runs commands, each in a fresh container; see runtimes.Room."""

    python = PYTHON

    def __init__(
        self, engine: Engine, image: str, workspace: Path, mounts: list[Mount], limits: Limits
    ) -> None:
        self.engine, self.image, self.mounts, self.limits = engine, image, mounts, limits
        self.workspace, self.baseline = workspace, size(workspace)
        tools = any(mount.inside == TOOLS for mount in mounts)
        self.prelude = f"export PATH={TOOLS}:$PATH && " if tools else ""

    def run(
        self, command: str, timeout: float | None = None, stdin: str = "", capture: int = OUTPUT_BYTES
    ) -> Outcome:
        """Run a bash command line; its container, and with it everything it started, is gone afterwards.

        Raises:
            SandboxFailure: the container could not be started.
        """
        start, name = time.monotonic(), f"rehearsal-{uuid.uuid4().hex}"
        deadline = start + min(timeout or self.limits.wall_seconds, self.limits.wall_seconds)
        heard = Heard(name, capture)
        with self._started(name, command, stdin) as process:
            ended = os.pidfd_open(process.pid)
            try:
                if limit := self._watch(process.stdout.fileno(), ended, heard, deadline):
                    self._end(process, name)
            finally:
                os.close(ended)
        if not heard.started:
            raise SandboxFailure(f"{self.engine.name} did not run the command: {_tail(heard.before)}")
        limit = limit or _SIGNALS.get(process.returncode) or self._watchdog().disk_breach()
        return Outcome(process.returncode, heard.said.text(), time.monotonic() - start, limit)

    def _started(self, name: str, command: str, stdin: str) -> subprocess.Popen:
        # its name is the first thing that the container says: without it no command ran, whatever the exit code; on a line
        # of its own, because bash reads a whole line before it runs any of it, and the command may be no bash at all
        whole = f"echo {name}\n{ACTIVATE} && {self.prelude}{command}"
        arguments = self.engine.run(self.image, name, self.mounts, self.limits, whole)
        source = memory_file(stdin.encode())
        try:
            return subprocess.Popen(
                arguments,
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        finally:
            os.close(source)

    def _watch(self, output: int, ended: int, heard: "Heard", deadline: float) -> str | None:
        """Listen until the container ends, or until it breaks a limit that no engine holds: then that limit's name.

        A command may close its output and go on: `ended` is readable when its process has ended.
        """
        watchdog, awaited = self._watchdog(), {output, ended}
        look = time.monotonic() + _LOOK_SECONDS
        while awaited:
            for descriptor in wait_for(awaited, look - time.monotonic()):
                if descriptor == output and (chunk := os.read(output, 65536)):
                    heard.add(chunk)
                else:
                    awaited.discard(descriptor)
            if (now := time.monotonic()) < look:
                continue
            if limit := watchdog.disk_breach() or ("wall" if now > deadline else None):
                return limit
            # looking takes at most a fifth of the time
            look = time.monotonic() + max(_LOOK_SECONDS, 4 * (time.monotonic() - now))
        return None

    def _watchdog(self) -> Watchdog:
        return Watchdog(self.workspace, self.limits, self.baseline)

    def _end(self, process: subprocess.Popen, name: str) -> None:
        if command := self.engine.kill(name):
            quiet(command)
        os.killpg(process.pid, 9)


class Heard:
    """A container's output, from the line on with which it says its name; the engine's own words before it are apart."""

    def __init__(self, name: str, capture: int) -> None:
        self.mark, self.before, self.started = f"{name}\n".encode(), b"", False
        self.said = Capture(capture)

    def add(self, chunk: bytes) -> None:
        """Take the next bytes."""
        if not self.started:
            self.before, mark, chunk = (self.before + chunk).partition(self.mark)
            self.started = bool(mark)
        if self.started:
            self.said.add(chunk)


def bash(limits: Limits, command: str) -> list[str]:
    """The limits that the engine does not set, then the command, as bash's arguments."""
    # the hard limit kills as a lack of memory does; a second before it, the soft one says which of the two it was
    processor = f"ulimit -S -t {limits.cpu_seconds}; ulimit -H -t {limits.cpu_seconds + 1}; "
    settings = f"ulimit -c 0; ulimit -f {limits.file_mb * 1024}; {processor}"
    return ["/bin/bash", "-c", settings + 'exec /bin/bash -c "$1"', "bash", command]


def quiet(command: list[str]) -> subprocess.CompletedProcess:
    """A program's answer; that there is no such program is an answer too."""
    try:
        return subprocess.run(command, capture_output=True)
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, b"", str(error).encode())


def _tail(output: bytes) -> str:
    return output.decode(errors="replace").strip()[-500:] or "no words"


def _last(said: str) -> str:
    return (said.strip().splitlines() or ["no words"])[-1][:300]
