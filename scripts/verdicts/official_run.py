"""The harness of SWE-bench's tasks: the specification's test command in the sandbox, read by the official parsers and
graders.

The log that they read is the whole output of the test command and nothing else: the repository is prepared by a
command of its own before, and where the log ends is known from the sandbox. So nothing that the code under test
prints can cut the log or hide in front of it. What it prints is in the log, though, and the official parsers
believe every line of it: a patch that prints `test_x ... ok`, or that ends the process with a success of its own making,
can deceive them. Caught is a run that ends with an error code although no test failed in its log.
"""

import re
import shlex

from scripts.benchmark.ingredients import Ingredients
from scripts.benchmark.runtimes import Binds, EnvironmentFailure, Room
from scripts.benchmark.task import Task
from scripts.trajectories.sandbox import Outcome
from scripts.verdicts.assemble import Assembled
from scripts.verdicts.grade import Infrastructure
from scripts.verdicts.report import Report
from scripts.verdicts.swebench import Grader, GraderFailure, Unreadable

LOG_BYTES = 32 << 20
FAILING = ("FAILED", "ERROR")
NETWORK = re.compile(
    r"Network is unreachable|Name or service not known|Temporary failure in name resolution|Max retries exceeded"
)
_ERROR = re.compile(r"^(?:E\s+)?([\w.]+(?:Error|Exception|Warning)\b.*)$", re.MULTILINE)
_ADDRESS = re.compile(r"0x[0-9a-f]{4,}")
_DESCRIBED = re.compile(
    r"^(\w+ \([\w.]+\))\n(.+) \.\.\. (ok|FAIL|ERROR|skipped .*|expected failure)$", re.MULTILINE
)
_NEW_NAMES = re.compile(r"^(\w+) \(([\w.]+)\.\1\)", re.MULTILINE)


class Official:
    """Runs what environments.json says of a task, and asks the swebench environment what came out.

    Args:
        specs: content of environments.json.
        grader: the process of the official graders.
    """

    def __init__(self, specs: dict, grader: Grader) -> None:
        self.versions = {name: Ingredients.from_json(each) for name, each in specs["versions"].items()}
        self.tasks, self.grader = specs["tasks"], grader

    def binds(self) -> Binds:
        return ()

    def run(self, room: Room, task: Task, made: Assembled) -> tuple[Outcome, Report]:
        """Run the test command over the task's directives, and read its log."""
        what, directives = self.versions[self.tasks[task.id]["version"]], self.tasks[task.id]["directives"]
        if not directives:
            raise EnvironmentFailure("the test patch names no test that could be run (no test directive)")
        if what.prepare and (done := room.run("\n".join(what.prepare))).limit:
            return done, Report(stopped=f"{done.limit} limit")
        exports = "".join(f"export {name}={shlex.quote(value)}; " for name, value in what.variables)
        command = exports + " ".join([what.test_cmd, *map(shlex.quote, directives)])
        outcome = room.run(command, capture=LOG_BYTES)
        return outcome, self.read(task, what, outcome)

    def read(self, task: Task, what: Ingredients, outcome: Outcome) -> Report:
        """What the official parser and graders say of a test log. Raises Infrastructure where they cannot be asked."""
        log = published_log(task, what, outcome.output)
        try:
            answer = self.grader.grade(task, log)
        except Unreadable as error:
            return Report(began=True, forged=str(error))
        except GraderFailure as error:
            raise Infrastructure(str(error)) from error
        report = as_report(task, answer)
        report.text = first_words(task, report, log)
        if outcome.limit:
            report.stopped = f"{outcome.limit} limit"
        elif outcome.returncode and not set(answer["status"].values()) & set(FAILING):
            report.forged = f"the run ended with code {outcome.returncode} although no test failed in its log"
            report.forged += f" ({report.text})" if report.text else ""
        return report


def published_log(task: Task, what: Ingredients, output: str) -> str:
    """A test command's output as the official parsers are to read it."""
    return as_published(output, what) if task.repo == "django/django" else output


def as_published(log: str, what: Ingredients) -> str:
    """A unittest log as the interpreter of the specification would have printed it: its test names are the benchmark's.

    From 3.11 on a test is `test_x (module.Class.test_x)`, before it was `test_x (module.Class)`. From 3.8 on a docstring
    that begins with an empty line is shown too, on a second line that hides the name; both are then given the outcome.
    """
    used, published = (
        [int(part) for part in version.split(".")] for version in (what.python, what.published)
    )
    if used >= [3, 11] > published:
        log = _NEW_NAMES.sub(r"\1 (\2)", log)
    return _DESCRIBED.sub(r"\1 ... \3\n\2 ... \3", log) if used >= [3, 8] > published else log


def as_report(task: Task, answer: dict) -> Report:
    """The official report in our terms.

    A skipped PASS_TO_PASS test is held against nobody (officially it is neither success nor failure). A skipped
    FAIL_TO_PASS test has not passed; the graders alone would call a task resolved whose FAIL_TO_PASS were all skipped.
    """
    status, report = answer["status"], answer["report"]
    passed = {test for kind in ("FAIL_TO_PASS", "PASS_TO_PASS") for test in report[kind]["success"]}
    failed = {test for kind in ("FAIL_TO_PASS", "PASS_TO_PASS") for test in report[kind]["failure"]}
    excused = {test for test in task.pass_to_pass if test not in passed | failed}
    return Report(began=True, passed=passed, excused=excused, text="" if status else "no test in the log")


def first_words(task: Task, report: Report, log: str) -> str:
    """Which tests failed, and the first error in the log; that the network was wanted, where it was."""
    tests = (*task.fail_to_pass, *task.pass_to_pass)
    failed = [test for test in tests if test not in report.passed | report.excused]
    if not failed:
        return report.text
    error = _ERROR.search(log)
    said = f"; {_ADDRESS.sub('0x', error[1])[:200]}" if error else ""
    wanted = "; the network is needed" if NETWORK.search(log) else ""
    shown = report.text or f"{len(failed)} of {len(tests)} tests fail, first {failed[0]}"
    return f"{shown}{said}{wanted}"
