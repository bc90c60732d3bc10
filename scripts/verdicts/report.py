"""What the judge inside the sandbox said, read with suspicion: from lines to results, and whether they can
be believed.
"""

import json
import re
from dataclasses import dataclass, field

from scripts.trajectories.sandbox import Outcome

_ADDRESS = re.compile(r"0x[0-9a-f]{4,}")  # of an object in memory: differs from run to run


@dataclass
class Report:
    """Results of one test run.

    Attributes:
        began: the judge ran at all; if not, nothing can be said of the patch.
        passed: tests whose set-up, call and tear-down were all reported as passed.
        excused: tests that did not run and are held against nobody.
        forged: why the report is not believed, or empty.
        stopped: why the run ended early, or empty.
        text: the first failure's words.
    """

    began: bool = False
    passed: set[str] = field(default_factory=set)
    excused: set[str] = field(default_factory=set)
    forged: str = ""
    stopped: str = ""
    text: str = ""


def read_report(outcome: Outcome, secret: str) -> Report:
    """Read the signed lines of a judge's output and hold them against the process's exit code."""
    lines = [line[len(secret) + 1 :] for line in outcome.output.splitlines() if line.startswith(secret + " ")]
    messages = [json.loads(line) for line in lines]
    report = Report(began=bool(messages) and messages[0].get("begin") is True)
    phases: dict[str, list[tuple[str, str]]] = {}
    for message in messages:
        report.text = report.text or _ADDRESS.sub("0x", message.get("text", ""))
        if "test" in message:
            phases.setdefault(message["test"], []).append((message["when"], message["outcome"]))
    whole = sorted((when, "passed") for when in ("setup", "call", "teardown"))
    report.passed = {test for test, seen in phases.items() if sorted(seen) == whole}
    failed = any(result == "failed" for seen in phases.values() for _, result in seen)
    _judge(report, messages, outcome, failed)
    return report


def _judge(report: Report, messages: list[dict], outcome: Outcome, failed: bool) -> None:
    """Say whether the run ended by itself, and whether everything in it agrees."""
    end = messages[-1] if messages and "end" in messages[-1] else None
    if outcome.limit:
        report.stopped = f"{outcome.limit} limit"
    elif end is None:
        report.forged = f"the run ended with code {outcome.returncode} before its report did"
    elif end["altered"]:
        report.forged = f"the code under test exchanged {', '.join(end['altered'][:3])}"
    elif not all(message.get("canary", True) for message in messages) or (
        report.passed and not _canaries(messages)
    ):
        report.forged = "a test that must fail did not"
    elif [message["number"] for message in messages] != list(range(len(messages))):
        report.forged = "lines of the report are missing"
    elif end["end"] != outcome.returncode or (end["end"] == 0 and failed) or (end["end"] == 1 and not failed):
        report.forged = f"exit code {outcome.returncode} does not agree with the results"


def _canaries(messages: list[dict]) -> int:
    return sum("canary" in message for message in messages)
