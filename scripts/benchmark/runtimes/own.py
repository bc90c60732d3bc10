"""The workflow's own interpreter with pytest: what the embedded package's tests run on."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from scripts.benchmark.runtimes import Binds
from scripts.benchmark.task import Task
from scripts.files import sha256_of, sha256_of_files
from scripts.trajectories.limits import Limits
from scripts.trajectories.sandbox import Environment, Sandbox
from scripts.verdicts import environment as copies


class Own:
    """One environment for every task: a copy of the interpreter that runs the workflow."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache

    @cached_property
    def environment(self) -> Environment:
        return copies.environment("pocket", self.cache)

    def prepare(self, tasks: Iterable[Task]) -> None:
        """Make the copy, if it is not there."""
        assert self.environment

    @contextmanager
    def open(
        self, task: Task, workspace: Path, limits: Limits, tools: Path | None = None, binds: Binds = ()
    ) -> Iterator[Sandbox]:
        """A sandbox around the workspace as it is."""
        environment = replace(self.environment, binds=(*self.environment.binds, *binds))
        with Sandbox(workspace, limits, environment, tools) as sandbox:
            yield sandbox

    def fingerprint(self, task: Task) -> str:
        return sha256_of([sha256_of_files([__file__]), copies.fingerprint()])
