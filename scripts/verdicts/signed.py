"""The harness of tasks that were mined by rule: pytest inside the sandbox, reporting in signed lines."""

import json
import secrets
from pathlib import Path

from scripts.benchmark.runtimes import Binds, Room
from scripts.benchmark.task import Task
from scripts.trajectories.bubblewrap import REPO
from scripts.trajectories.public import publish
from scripts.trajectories.sandbox import Outcome
from scripts.verdicts.assemble import Assembled
from scripts.verdicts.report import Report, read_report

REPORT_BYTES = 8 << 20
_INSIDE = "/verdict"
_JUDGE = Path(__file__).resolve().parent / "inside"


class Signed:
    """Runs the files of a task's tests under the judge, whose report only it can sign."""

    def binds(self) -> Binds:
        """What the sandbox must show."""
        return ((str(publish(_JUDGE)[0]), _INSIDE),)

    def run(self, room: Room, task: Task, made: Assembled) -> tuple[Outcome, Report]:
        """Run the files of the task's tests and read the report."""
        secret = secrets.token_hex(16)
        files = sorted({test.split("::")[0] for test in (*task.fail_to_pass, *task.pass_to_pass)})
        changed = [f"{REPO}/{path}" for path in made.kept]
        request = {"secret": secret, "root": REPO, "files": files, "changed": changed}
        command = f"exec {room.python} -s {_INSIDE}/judge.py"
        outcome = room.run(command, stdin=json.dumps(request) + "\n", capture=REPORT_BYTES)
        return outcome, read_report(outcome, secret)
