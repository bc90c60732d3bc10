"""The local runtime: an interpreter of the named version and a virtual environment per (repository, version), in the
sandbox. No container, no root.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from scripts.benchmark.ingredients import Ingredients
from scripts.benchmark.runtimes import Binds, EnvironmentFailure, build, interpreters
from scripts.benchmark.runtimes.builder import ENV, library
from scripts.benchmark.runtimes.remembered import remembered
from scripts.benchmark.task import Task
from scripts.files import sha256_of, sha256_of_files
from scripts.trajectories.limits import Limits
from scripts.trajectories.public import publish
from scripts.trajectories.sandbox import Environment, Sandbox
from scripts.trajectories.workspace import lay


class Local:
    """Environments by the content of environments.json.

    Args:
        specs: that content.
        mirror: bare repository with a ref refs/tasks/<id> for every task.
        cache: folder for interpreters, environments and layers.
    """

    def __init__(self, specs: dict, mirror: Path, cache: Path) -> None:
        self.versions = {name: Ingredients.from_json(each) for name, each in specs["versions"].items()}
        self.tasks, self.mirror, self.cache = specs["tasks"], mirror, cache.resolve()
        self.complete = specs.get("complete", False)
        self._python = remembered(self._find)
        self._folder = remembered(
            lambda version: build.environment(self.versions[version], self._shop(version))
        )
        self._places = remembered(self._published)
        self._layer = remembered(self._laid)

    def prepare(self, tasks: Iterable[Task]) -> None:
        """Find every interpreter first, then build; what cannot be built is said when its task is opened."""
        tasks = [task for task in tasks if self._testable(task.id)]
        for version in sorted({self.version(task) for task in tasks}):
            self._python(version)
        for task in tasks:
            self.failure(task)

    def failure(self, task: Task) -> str:
        """Why a task's environment cannot be made, or nothing."""
        try:
            self._layer(task.id)
        except EnvironmentFailure as error:
            return str(error)
        return ""

    def fingerprint(self, task: Task) -> str:
        """Hash of the interpreter, what is installed, and how it is used; or of why there is no environment."""
        version = self.version(task)
        own = [sha256_of_files([__file__]), self.tasks[task.id], self.versions[version].as_json()]
        try:
            self._layer(task.id)
            card = json.loads((self._folder(version) / "card.json").read_text())
        except EnvironmentFailure as error:
            return sha256_of([own, str(error)])
        return sha256_of([own, card, self._python(version).name])

    @contextmanager
    def open(
        self, task: Task, workspace: Path, limits: Limits, tools: Path | None = None, binds: Binds = ()
    ) -> Iterator[Sandbox]:
        """A sandbox around the workspace with the files of a build laid over it."""
        lay(self._layer(task.id), workspace)
        environment = self._places(self.version(task))
        with Sandbox(
            workspace, limits, replace(environment, binds=(*environment.binds, *binds)), tools
        ) as sandbox:
            yield sandbox

    def version(self, task: Task) -> str:
        return self.tasks[task.id]["version"]

    def _testable(self, task: str) -> bool:
        """False where the specification has nothing to run: no interpreter need be looked for."""
        return self.tasks[task].get("directives") != []

    def _find(self, version: str) -> Path:
        what = self.versions[version]
        where = f"task {what.source} and all of version {version}"
        return interpreters.copied(interpreters.find(what.python, where), self.cache)

    def _shop(self, version: str) -> build.Workshop:
        return build.Workshop(self.mirror, self._python(version), self.cache, self.complete)

    def _laid(self, task: str) -> Path:
        """The folder of files that a build adds to the task's workspace."""
        if not self._testable(task):
            raise EnvironmentFailure("the test patch names no test that could be run (no test directive)")
        version = self.tasks[task]["version"]
        return build.layer(self.versions[version], self._shop(version), self._folder(version), task)

    def _published(self, version: str) -> Environment:
        """What the sandbox shows beside the workspace."""
        python, env = publish(self._python(version))[0], publish(self._folder(version) / "env")[0]
        variables = {
            "PYTHONDONTWRITEBYTECODE": "",
            "VIRTUAL_ENV": ENV,
            **library(python, interpreters.INSIDE),
        }
        variables |= dict(self.versions[version].variables)
        places = ((str(python), interpreters.INSIDE), (str(env), ENV))
        return Environment(f"{ENV}/bin/python", places, f"{ENV}/bin", tuple(variables.items()))
