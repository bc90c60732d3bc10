"""From a repository's block of the configuration to its runtime and its harness."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from scripts.benchmark.runtimes import Runtime
from scripts.benchmark.runtimes.apptainer import Apptainer
from scripts.benchmark.runtimes.docker import Docker
from scripts.benchmark.runtimes.images import Images
from scripts.benchmark.runtimes.local import Local
from scripts.benchmark.runtimes.own import Own
from scripts.files import read_json
from scripts.verdicts.official_run import Official
from scripts.verdicts.signed import Signed
from scripts.verdicts.swebench import Grader, python_of

RUNTIMES = {
    "local": Local,
    "docker": partial(Images, Docker()),
    "apptainer": partial(Images, Apptainer()),
}


@dataclass(frozen=True)
class Venue:
    """Where a repository's code runs and how its tests are read.

    Attributes:
        kind: a name in RUNTIMES.
        environments: the repository's environments.json, or None for the workflow's own interpreter.
        swebench: card of the swebench environment, or None where tests report by themselves.
    """

    kind: str = "local"
    environments: str | None = None
    swebench: str | None = None

    @classmethod
    def of(cls, snakemake: Any) -> "Venue":
        """The venue of a rule's repository, by its inputs `environments` and `swebench` and its parameter `runtime`."""
        files = {name: _file(getattr(snakemake.input, name, None)) for name in ("environments", "swebench")}
        return cls(getattr(snakemake.params, "runtime", "local"), **files)

    def runtime(self, mirror: Path, cache: Path) -> Runtime:
        if self.environments is None:
            return Own(cache)
        return RUNTIMES[self.kind](self._specs(), mirror, cache)

    def harness(self) -> Signed | Official:
        if self.swebench is None:
            return Signed()
        return Official(self._specs(), Grader(python_of(self.swebench)))

    def graders(self) -> dict | None:
        """The packages that read a test log, by version; None where tests report by themselves."""
        return None if self.swebench is None else read_json(self.swebench)["packages"]

    def _specs(self) -> dict:
        return read_json(self.environments)


def _file(found: Any) -> str | None:
    """An input of one file or none."""
    return found if isinstance(found, str) else next(iter(found or []), None)
