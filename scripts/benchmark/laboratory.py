"""A repository in the sandbox, with a server inside that runs its tests in many forks (see inside/server.py)."""

import dataclasses
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmark.repository import File
from scripts.errors import UserError
from scripts.trajectories.bubblewrap import REPO
from scripts.trajectories.limits import Limits
from scripts.trajectories.public import publish, scratch
from scripts.trajectories.sandbox import Environment, Outcome, Sandbox

INSIDE = "/laboratory"
_SERVER = Path(__file__).resolve().parent / "inside"
ANSWERS_BYTES = 1 << 30
HOURS = 3 * 3600


@dataclass(frozen=True)
class Laboratory:
    """Files by path, the environment that runs them, and the limits that a verdict on them will have."""

    files: Mapping[str, File]
    environment: Environment
    limits: Limits

    def run(self, request: dict, work: Iterable[dict], where: str) -> list[dict]:
        """The server's answers to a request, from a fresh copy of the files.

        Raises:
            UserError: pytest does not run there, or the tests cannot be collected in time.
        """
        environment = dataclasses.replace(
            self.environment, binds=(*self.environment.binds, (str(publish(_SERVER)[0]), INSIDE))
        )
        whole = dataclasses.replace(self.limits, cpu_seconds=HOURS, wall_seconds=HOURS)
        lines = [json.dumps(each) + "\n" for each in ({"root": REPO, **request}, *work)]
        command = f"exec {environment.python} -s {INSIDE}/server.py"
        with scratch() as folder:
            write_files(self.files, folder / "repo")
            with Sandbox(folder / "repo", whole, environment) as sandbox:
                outcome = sandbox.run(command, stdin="".join(lines), capture=ANSWERS_BYTES)
        return answers(outcome, where)


def answers(outcome: Outcome, where: str) -> list[dict]:
    """The server's lines; UserError if it did not come to its end."""
    lines = [line for line in outcome.output.splitlines() if line.startswith("{")]
    found = [json.loads(line) for line in lines if line.endswith("}")]
    if not found or "end" not in found[-1]:
        stopped = f"the {outcome.limit} limit" if outcome.limit else f"code {outcome.returncode}"
        said = " ".join(outcome.output.split())[-300:]
        fix = "run pytest in the repository by hand; see also `limits`, `requirements` and `python`"
        raise UserError(where, f"pytest did not come to its end: {stopped} ({said})", fix)
    return found


def write_files(files: Mapping[str, File], folder: Path) -> None:
    """Write files as git would into a new folder; a submodule is an empty folder."""
    folder.mkdir(parents=True)
    for path, (content, mode) in files.items():
        target = folder / path
        if not target.resolve().is_relative_to(folder.resolve()):
            raise UserError(path, "lies outside of its repository", "take it out of the repository")
        target.parent.mkdir(parents=True, exist_ok=True)
        if mode == "120000":
            target.symlink_to(os.fsdecode(content))
        elif mode == "160000":
            target.mkdir()
        else:
            target.write_bytes(content)
            target.chmod(0o755 if mode == "100755" else 0o644)
