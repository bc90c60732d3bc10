"""Where a task's code runs: an interpreter and its packages inside the sandbox, or one of the benchmark's images.

A runtime is one small class in a file of its own, and a name in RUNTIMES. Sessions and verdicts use the same one.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from scripts.benchmark.task import Task
from scripts.trajectories.limits import Limits
from scripts.trajectories.sandbox import OUTPUT_BYTES, Outcome

Binds = tuple[tuple[str, str], ...]  # folders of this machine and their read-only places inside


class EnvironmentFailure(Exception):
    """What a task's tests need could not be made; it says why, and concerns only the tasks that need it."""


class Room(Protocol):
    """One workspace in which commands run, at /repo, one at a time. `python` is the interpreter in there."""

    python: str

    def run(
        self, command: str, timeout: float | None = None, stdin: str = "", capture: int = OUTPUT_BYTES
    ) -> Outcome:
        """Run a bash command line; nothing it started is alive afterwards. Raises SandboxFailure."""


class Runtime(Protocol):
    """Gives tasks the place where their code runs."""

    def prepare(self, tasks: Iterable[Task]) -> None:
        """Build or find what the tasks need.

        Raises:
            UserError: something is missing on this machine; it names a task, what it needs, and the alternatives.
        """

    def open(
        self, task: Task, workspace: Path, limits: Limits, tools: Path | None = None, binds: Binds = ()
    ) -> AbstractContextManager[Room]:
        """The workspace made ready for its task, with what a build has to lay over it.

        Raises:
            EnvironmentFailure: the task's environment cannot be made.
        """

    def fingerprint(self, task: Task) -> str:
        """Hash of everything that determines how the task's code behaves beside the workspace and the limits."""
