"""A repository in the sandbox, with a server inside that runs its tests in many forks (see inside/server.py)."""

import dataclasses
import json
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmark.runtimes import Runtime
from scripts.errors import UserError
from scripts.trajectories import workspace
from scripts.trajectories.bubblewrap import REPO
from scripts.trajectories.limits import Limits
from scripts.trajectories.public import publish, scratch
from scripts.trajectories.sandbox import Outcome

INSIDE = "/laboratory"
ANSWERS_BYTES = 1 << 30
COLLECTING = 120  # seconds of processor time until the tests run
LONGEST = 3 * 3600  # seconds: the server itself sees to it that no test takes long
_SERVER = Path(__file__).resolve().parent / "inside"


@dataclass(frozen=True)
class Original:
    """The repository without a bug, named as if it were a task, so that a runtime takes it for one."""

    id: str = "original"

    @property
    def ref(self) -> str:
        return f"refs/tasks/{self.id}"


@dataclass(frozen=True)
class Laboratory:
    """Where tests run: a mirror that holds the original, a runtime, and the limits that a verdict will have."""

    mirror: Path
    runtime: Runtime
    limits: Limits
    original: Original = Original()

    def run(self, request: dict, work: Iterable[dict], where: str) -> list[dict]:
        """The server's answers to a request, from a fresh workspace.

        Raises:
            UserError: pytest does not come to its end in the environment, which `mine_repository.laboratory` made.
        """
        limits = dataclasses.replace(self.limits, cpu_seconds=LONGEST, wall_seconds=LONGEST)
        lines = "".join(
            json.dumps(each) + "\n" for each in ({"root": REPO, "collecting": COLLECTING, **request}, *work)
        )
        binds = ((str(publish(_SERVER)[0]), INSIDE),)
        with scratch() as folder:
            workspace.create(self.mirror, self.original.ref, place := folder / "repo")
            with self.runtime.open(self.original, place, limits, binds=binds) as room:
                command = f"exec {room.python} -s {INSIDE}/server.py"
                outcome = room.run(command, stdin=lines, capture=ANSWERS_BYTES)
        return answers(outcome, where)


def answers(outcome: Outcome, where: str) -> list[dict]:
    """The server's lines; UserError if it did not come to its end."""
    lines = [line for line in outcome.output.splitlines() if line.startswith("{") and line.endswith("}")]
    found = [json.loads(line) for line in lines]
    if not found or "end" not in found[-1]:
        stopped = f"the {outcome.limit} limit" if outcome.limit else f"code {outcome.returncode}"
        if outcome.returncode in (128 + signal.SIGPROF, 128 + signal.SIGALRM):
            stopped = f"collecting the tests takes more than {COLLECTING} s"
        said = " ".join(outcome.output.split())[-300:]
        fix = "run pytest in the repository by hand; see also `limits`, `requirements` and `python`"
        raise UserError(where, f"pytest did not come to its end: {stopped} ({said})", fix)
    return found
