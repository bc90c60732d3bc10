"""The benchmark's published images: one container per command, with no network, around a workspace of ours.

An image brings its interpreter (conda's environment `testbed`) and, in /testbed, the repository as it was built. What
the build left there (compiled modules, metadata) is taken out once per task and laid over each workspace, as the
local runtime does; the workspace is then shown at /testbed, where the image installed it, and at /repo, where tasks look.
Engines differ in their arguments only: see docker.py and apptainer.py. Both have run, around images of our own
(tests/runtimes/test_engines.py); the published images have not.
"""

import os
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
from scripts.benchmark.runtimes.build import added, once, tree_of
from scripts.benchmark.task import Task
from scripts.errors import UserError
from scripts.files import sha256_of
from scripts.trajectories.action import SandboxFailure
from scripts.trajectories.bubblewrap import REPO
from scripts.trajectories.capture import Capture
from scripts.trajectories.limits import Limits
from scripts.trajectories.sandbox import OUTPUT_BYTES, Outcome
from scripts.trajectories.workspace import lay

TESTBED = "/testbed"
TOOLS = "/tools"
ACTIVATE = "source /opt/miniconda3/bin/activate testbed"
PYTHON = "/opt/miniconda3/envs/testbed/bin/python"
_SIGNALS = {137: "memory", 152: "cpu", 153: "file"}


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
        """Why it cannot be used here, or None."""

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
        self.images: dict[str, str] = {}

    def prepare(self, tasks: Iterable[Task]) -> None:
        """Fetch the images that are not here."""
        tasks = list(tasks)
        if tasks and (why := self.engine.missing()):
            what = f"it needs the image {self.tasks[tasks[0].id]['image']}, and {why}"
            fix = f"install {self.engine.name}, or set `runtime:` of the repository to local"
            others = {"docker", "apptainer"} - {self.engine.name}
            raise UserError(f"task {tasks[0].id}", what, f"{fix} (no container) or {others.pop()}")
        for task in tasks:
            self._fetch(task)

    def fingerprint(self, task: Task) -> str:
        """Hash of the engine's name, the image's content, and what is run in it for the task."""
        what = self.tasks[task.id]
        return sha256_of([self.engine.name, self._fetch(task), what, self.versions[what["version"]]])

    @contextmanager
    def open(
        self, task: Task, workspace: Path, limits: Limits, tools: Path | None = None, binds: Binds = ()
    ) -> Iterator["Container"]:
        """Commands that each run in a container of their own around the workspace."""
        lay(self._layer(task), workspace)
        mounts = [Mount(str(workspace.resolve()), place, True) for place in (REPO, TESTBED)]
        mounts += [Mount(host, inside) for host, inside in binds]
        mounts += [Mount(str(tools.resolve()), TOOLS)] if tools else []
        yield Container(self.engine, self.tasks[task.id]["image"], mounts, limits)

    def _fetch(self, task: Task) -> str:
        """What identifies the content of a task's image."""
        image = self.tasks[task.id]["image"]
        if image not in self.images:
            found = _quiet(self.engine.present(image))
            if found.returncode:
                pulled = _quiet(self.engine.pull(image))
                if pulled.returncode:
                    raise EnvironmentFailure(f"the image {image} cannot be had: {_last(pulled)}")
                found = _quiet(self.engine.present(image))
            self.images[image] = found.stdout.decode().strip()
        return self.images[image]

    def _layer(self, task: Task) -> Path:
        """What the image's build added to the task's commit."""
        name = sha256_of([self._fetch(task), tree_of(self.mirror, task.ref)])[:24]
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

    def __init__(self, engine: Engine, image: str, mounts: list[Mount], limits: Limits) -> None:
        self.engine, self.image, self.mounts, self.limits = engine, image, mounts, limits
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
        seconds = min(timeout or self.limits.wall_seconds, self.limits.wall_seconds)
        # its name is the first thing that the container says: without it no command ran, whatever the exit code; on a line
        # of its own, because bash reads a whole line before it runs any of it, and the command may be no bash at all
        whole = f"echo {name}\n{ACTIVATE} && {self.prelude}{command}"
        arguments = self.engine.run(self.image, name, self.mounts, self.limits, whole)
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            output, limit = process.communicate(stdin.encode(), timeout=seconds)[0], None
        except subprocess.TimeoutExpired:
            self._end(process, name)
            output, limit = process.communicate()[0], "wall"
        before, started, said = output.partition(f"{name}\n".encode())
        if not started:
            raise SandboxFailure(f"{self.engine.name} did not run the command: {_tail(before)}")
        kept = Capture(capture)
        kept.add(said)
        return Outcome(
            process.returncode,
            kept.text(),
            time.monotonic() - start,
            limit or _SIGNALS.get(process.returncode),
        )

    def _end(self, process: subprocess.Popen, name: str) -> None:
        if command := self.engine.kill(name):
            _quiet(command)
        os.killpg(process.pid, 9)


def bash(limits: Limits, command: str) -> list[str]:
    """The limits that the engine does not set, then the command, as bash's arguments."""
    # the hard limit kills as a lack of memory does; a second before it, the soft one says which of the two it was
    processor = f"ulimit -S -t {limits.cpu_seconds}; ulimit -H -t {limits.cpu_seconds + 1}; "
    settings = f"ulimit -c 0; ulimit -f {limits.file_mb * 1024}; {processor}"
    return ["/bin/bash", "-c", settings + 'exec /bin/bash -c "$1"', "bash", command]


def _quiet(command: list[str]) -> subprocess.CompletedProcess:
    try:
        return subprocess.run(command, capture_output=True)
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, b"", str(error).encode())


def _tail(output: bytes) -> str:
    return output.decode(errors="replace").strip()[-500:] or "no words"


def _last(done: subprocess.CompletedProcess) -> str:
    return (done.stderr.decode(errors="replace").strip().splitlines() or ["no words"])[-1][:300]
