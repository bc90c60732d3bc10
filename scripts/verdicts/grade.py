"""From a task and a patch to a verdict, test by test.

Five classes: resolved, unresolved, patch_does_not_apply, empty, infrastructure. A run that breaks the CPU,
memory, process or disk limit, dies, or reports what cannot be believed is unresolved, because the tests of
a validated task do none of this by themselves. A run that could not start or hit the wall clock is
infrastructure: it is tried again, and if it stays so, it is neither resolved nor not.
"""

import dataclasses
import json
import secrets
from pathlib import Path

from scripts.benchmark.task import Task
from scripts.trajectories.bubblewrap import REPO
from scripts.trajectories.limits import Limits
from scripts.trajectories.public import publish, scratch
from scripts.trajectories.sandbox import Environment, Outcome, Sandbox, SandboxFailure
from scripts.verdicts.assemble import Assembled, DoesNotApply, assemble
from scripts.verdicts.report import Report, read_report

ATTEMPTS = 3
REPORT_BYTES = 8 << 20
_INSIDE = "/verdict"
_JUDGE = Path(__file__).resolve().parent / "inside"


class Infrastructure(Exception):
    """The run says nothing about the patch."""


def grade(task: Task, patch: str, mirror: Path, environment: Environment, limits: Limits) -> dict:
    """Verdict on a patch, as a line of verdicts.jsonl without its run; deterministic but for infrastructure.

    Raises:
        UserError: the task itself is at fault (no such commit, or a test patch that does not apply).
    """
    reason = ""
    for _ in range(ATTEMPTS):
        try:
            made, report = _attempt(task, patch, mirror, environment, limits)
            return _verdict(task, made, report)
        except DoesNotApply as error:
            return _without_results(task, "patch_does_not_apply", False, str(error))
        except (Infrastructure, SandboxFailure) as error:
            reason = str(error)
    if not patch.strip():
        return _without_results(task, "empty", False, f"not run: {reason}")
    return _without_results(task, "infrastructure", None, reason)


def _attempt(
    task: Task, patch: str, mirror: Path, environment: Environment, limits: Limits
) -> tuple[Assembled, Report]:
    with scratch() as folder:
        made = assemble(task, patch, mirror, folder / "repo")
        environment = dataclasses.replace(
            environment, binds=(*environment.binds, (str(publish(_JUDGE)[0]), _INSIDE))
        )
        kills = _host_kills()
        with Sandbox(folder / "repo", limits, environment) as sandbox:
            return made, _run(sandbox, task, made, environment.python, kills)


def _run(sandbox: Sandbox, task: Task, made: Assembled, python: str, kills: int) -> Report:
    """Run the files of the task's tests and read the report, or say why there is none."""
    secret = secrets.token_hex(16)
    files = sorted({test.split("::")[0] for test in (*task.fail_to_pass, *task.pass_to_pass)})
    changed = [f"{REPO}/{path}" for path in made.kept]
    request = {"secret": secret, "root": REPO, "files": files, "changed": changed}
    outcome = sandbox.run(
        f"exec {python} -s {_INSIDE}/judge.py", stdin=json.dumps(request) + "\n", capture=REPORT_BYTES
    )
    report = read_report(outcome, secret)
    _believe(outcome, report, kills)
    return report


def _believe(outcome: Outcome, report: Report, kills: int) -> None:
    if outcome.limit == "wall":
        raise Infrastructure(f"wall-clock limit after {outcome.seconds:.0f} s")
    if not report.began:
        raise Infrastructure(f"the test run did not start: {outcome.output.strip()[-300:]}")
    if outcome.returncode == 137 and not outcome.limit and _host_kills() != kills:
        raise Infrastructure("this machine ran out of memory")


def _host_kills() -> int:
    """How many processes the kernel has killed for want of memory since it started."""
    lines = Path("/proc/vmstat").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def _verdict(task: Task, made: Assembled, report: Report) -> dict:
    passed = set() if report.forged else report.passed
    fail_to_pass, pass_to_pass = _sort(task.fail_to_pass, passed), _sort(task.pass_to_pass, passed)
    whole = not (fail_to_pass["failed"] or pass_to_pass["failed"] or report.forged or report.stopped)
    name = "empty" if not made.kept else "resolved" if whole else "unresolved"
    tests = (*task.fail_to_pass, *task.pass_to_pass)
    return {
        "instance_id": task.id,
        "verdict": name,
        "resolved": name == "resolved",
        "fail_to_pass": fail_to_pass,
        "pass_to_pass": pass_to_pass,
        "fail_to_pass_fraction": _share(task.fail_to_pass, passed),
        "test_pass_fraction": _share(tests, passed),
        "dropped": made.dropped,
        "reason": "" if whole else report.forged or report.stopped or report.text or "tests did not run",
    }


def _without_results(task: Task, name: str, resolved: bool | None, reason: str) -> dict:
    """A verdict without a test run: nothing passed where the patch is at fault, and null where we are."""
    at_fault = name == "patch_does_not_apply"
    failed = {"passed": [], "failed": list(task.fail_to_pass) if at_fault else []}
    return {
        "instance_id": task.id,
        "verdict": name,
        "resolved": resolved,
        "fail_to_pass": failed,
        "pass_to_pass": {"passed": [], "failed": list(task.pass_to_pass) if at_fault else []},
        "fail_to_pass_fraction": 0.0 if at_fault else None,
        "test_pass_fraction": 0.0 if at_fault else None,
        "dropped": [],
        "reason": reason,
    }


def _sort(tests: tuple[str, ...], passed: set[str]) -> dict[str, list[str]]:
    return {
        "passed": [test for test in tests if test in passed],
        "failed": [test for test in tests if test not in passed],
    }


def _share(tests: tuple[str, ...], passed: set[str]) -> float | None:
    return sum(test in passed for test in tests) / len(tests) if tests else None
