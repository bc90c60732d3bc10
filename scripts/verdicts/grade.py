"""From a task and a patch to a verdict, test by test.

Five classes: resolved, unresolved, patch_does_not_apply, empty, infrastructure. A run that breaks the CPU,
memory, process or disk limit, dies, or reports what cannot be believed is unresolved, because the tests of
a validated task do none of this by themselves. A run that could not start or hit the wall clock is
infrastructure: it is tried again, and if it stays so, it is neither resolved nor not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scripts.benchmark.runtimes import Binds, EnvironmentFailure, Room, Runtime
from scripts.benchmark.task import Task
from scripts.trajectories.limits import Limits
from scripts.trajectories.public import scratch
from scripts.trajectories.sandbox import Outcome, SandboxFailure
from scripts.verdicts.assemble import Assembled, DoesNotApply, assemble
from scripts.verdicts.report import Report

ATTEMPTS = 3
ENVIRONMENT, TOO_LONG = "environment: ", "wall-clock limit "  # what a reason begins with that stays so
NOT_RUN = "not run: "  # what the reason of an empty patch begins with, which needs no run to be unresolved


class Infrastructure(Exception):
    """The run says nothing about the patch."""


class Harness(Protocol):
    """How a task's tests are run and read."""

    def binds(self) -> Binds:
        """What the sandbox must show for it."""

    def run(self, room: Room, task: Task, made: Assembled) -> tuple[Outcome, Report]:
        """Run the tests in a workspace that was put together; what the run was, and what it says.

        Raises:
            EnvironmentFailure: this task's tests cannot be run at all.
        """


@dataclass(frozen=True)
class Bench:
    """Where and how tests are run."""

    mirror: Path
    runtime: Runtime
    harness: Harness
    limits: Limits


def grade(task: Task, patch: str, bench: Bench) -> dict:
    """Verdict on a patch, as a line of verdicts.jsonl without its run; deterministic but for infrastructure.

    Raises:
        UserError: the task itself is at fault (no such commit, or a test patch that does not apply).
    """
    reason = ""
    for _ in range(ATTEMPTS):
        try:
            made, report = _attempt(task, patch, bench)
            return _verdict(task, made, report)
        except DoesNotApply as error:
            return _without_results(task, "patch_does_not_apply", False, str(error))
        except EnvironmentFailure as error:  # it stays so
            reason = f"{ENVIRONMENT}{error}"
            break
        except (Infrastructure, SandboxFailure) as error:
            reason = str(error)
    if not patch.strip():
        return _without_results(task, "empty", False, f"{NOT_RUN}{reason}")
    return _without_results(task, "infrastructure", None, reason)


def lasting(verdict: dict) -> bool:
    """Whether a verdict without a test run says something of its task: there is no environment for it, or every attempt took
    too long. Anything else was trouble of this machine, and may be gone.
    """
    return verdict["reason"].removeprefix(NOT_RUN).startswith((ENVIRONMENT, TOO_LONG))


def _attempt(task: Task, patch: str, bench: Bench) -> tuple[Assembled, Report]:
    with scratch() as folder:
        made = assemble(task, patch, bench.mirror, folder / "repo")
        kills = _host_kills()
        with bench.runtime.open(task, folder / "repo", bench.limits, binds=bench.harness.binds()) as room:
            outcome, report = bench.harness.run(room, task, made)
            _believe(outcome, report, kills)
            return made, report


def _believe(outcome: Outcome, report: Report, kills: int) -> None:
    if outcome.limit == "wall":
        raise Infrastructure(f"{TOO_LONG}after {outcome.seconds:.0f} s")
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
    counted = [test for test in task.pass_to_pass if test not in report.excused]
    fail_to_pass, pass_to_pass = _sort(task.fail_to_pass, passed), _sort(counted, passed)
    whole = not (fail_to_pass["failed"] or pass_to_pass["failed"] or report.forged or report.stopped)
    name = "empty" if not made.kept else "resolved" if whole else "unresolved"
    tests = (*task.fail_to_pass, *counted)
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


def _sort(tests: Sequence[str], passed: set[str]) -> dict[str, list[str]]:
    return {
        "passed": [test for test in tests if test in passed],
        "failed": [test for test in tests if test not in passed],
    }


def _share(tests: Sequence[str], passed: set[str]) -> float | None:
    return sum(test in passed for test in tests) / len(tests) if tests else None
