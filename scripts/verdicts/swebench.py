"""The swebench environment from outside: its interpreter, and the two scripts that it runs for us.

Nothing of it is imported into this process: requests go in as JSON, answers come out as JSON.
"""

import json
import os
import select
import subprocess
import threading
from pathlib import Path

from scripts.benchmark.task import Task, required_version
from scripts.errors import UserError

OFFICIAL = Path(__file__).resolve().parent / "official"
SECONDS = (
    120  # a log is read in milliseconds; what a hostile one makes of a regular expression is not waited for
)


class Unreadable(Exception):
    """The official parser did not come to an end with a log, though it does with others."""


class GraderFailure(Exception):
    """The official graders answer nothing, whatever the log: that says nothing about this one."""


def python_of(card: Path | str) -> Path:
    """The interpreter of the swebench environment, by the card that its rule writes."""
    python = Path(card).parent / json.loads(Path(card).read_text())["python"]
    if not python.exists():
        raise UserError(str(card), f"there is no {python}", "delete the card and run again")
    return python.absolute()


def ask_specs(python: Path, tasks: list[Task]) -> dict:
    """What the package says of tasks: specifications by version, and each task's version, directives and image."""
    request = json.dumps([instance(task) for task in tasks])
    command = [python, "-s", OFFICIAL / "specs.py"]
    done = subprocess.run(command, input=request, capture_output=True, text=True, env=_variables())
    if done.returncode:
        raise RuntimeError(f"specs.py: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def instance(task: Task) -> dict:
    """A task as the package's functions take it."""
    return {
        "instance_id": task.id,
        "repo": task.repo,
        "version": required_version(task),
        "test_patch": task.test_patch,
        "FAIL_TO_PASS": list(task.fail_to_pass),
        "PASS_TO_PASS": list(task.pass_to_pass),
    }


class Grader:
    """The official parsers and graders as a process that is started once and asked many times, by any thread."""

    def __init__(self, python: Path) -> None:
        self.python, self._lock, self._process = python, threading.Lock(), None

    def grade(self, task: Task, log: str) -> dict:
        """{status, report} of a test log; see official/grader.py.

        Raises:
            Unreadable: the parser fails on the log, or twice dies of it or takes longer than SECONDS, and reads an empty one.
            GraderFailure: no answer to an empty log either.
        """
        wanted = {name: value for name, value in instance(task).items() if name != "test_patch"}
        with self._lock:
            answer = self._ask(wanted, log) or self._ask(wanted, log)
            if answer is None and self._ask(wanted, "") is not None:
                raise Unreadable(
                    f"the official parser twice gave no answer: it ended, or took longer than {SECONDS} s"
                )
        if answer is None:
            raise GraderFailure(
                f"the official graders give no answer within {SECONDS} s, or their process ends"
            )
        if "error" in answer:
            raise Unreadable(f"the official parser failed on the log: {answer['error']}")
        return answer

    def close(self) -> None:
        """End the process."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ask(self, wanted: dict, log: str) -> dict | None:
        """The answer; None, and a new process for the next question, where it dies or takes too long."""
        process = self._process = self._process or self._start()
        try:
            process.stdin.write(json.dumps({"instance": wanted, "log": log}) + "\n")
            process.stdin.flush()
            ready = select.select([process.stdout], [], [], SECONDS)[0]
            answer = process.stdout.readline() if ready else ""
        except BrokenPipeError:
            answer = ""
        if answer.endswith("\n"):
            return json.loads(answer)
        self.close()
        return None

    def _start(self) -> subprocess.Popen:
        return subprocess.Popen(
            [self.python, "-s", OFFICIAL / "grader.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=_variables(),
        )


def _variables() -> dict[str, str]:
    """The environment without paths that would make the workflow's own modules importable there."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
