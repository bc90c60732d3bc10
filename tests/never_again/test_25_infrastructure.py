"""25: infrastructure errors became empty patches and final failures that never happened."""

from dataclasses import replace

import pytest

from scripts.benchmark.runtimes import own as module
from scripts.trajectories.sandbox import SandboxFailure
from scripts.verdicts.grade import ATTEMPTS, grade
from scripts.verdicts.verdicts import broken
from tests.small_repository import FIXED, LIMITS, bench, change, small


def judged(patch, limits=LIMITS):
    return grade(small().task, patch, bench(limits))


def failing(times, monkeypatch):
    """Let the sandbox fail to start some times, and count the tries."""
    tries, real = [], module.Sandbox

    def start(*arguments):
        tries.append(1)
        if len(tries) <= times:
            raise SandboxFailure("no space left on the device")
        return real(*arguments)

    monkeypatch.setattr(module, "Sandbox", start)
    return tries


def test_it_is_tried_again_and_leaves_no_trace(monkeypatch):
    tries = failing(ATTEMPTS - 1, monkeypatch)
    assert judged(small().task.patch)["verdict"] == "resolved"
    assert len(tries) == ATTEMPTS


def test_what_stays_is_listed_and_is_neither_resolved_nor_failed(monkeypatch):
    failing(ATTEMPTS, monkeypatch)
    verdict = judged(small().task.patch)
    assert (verdict["verdict"], verdict["resolved"]) == ("infrastructure", None)
    assert verdict["fail_to_pass_fraction"] is None
    assert verdict["reason"] == "no space left on the device"


def test_a_wall_clock_stop_is_infrastructure():
    slow = FIXED.replace("    return 2", "    import time; time.sleep(60)\n    return 2")
    verdict = judged(change({"kit/numbers.py": slow}), replace(LIMITS, wall_seconds=1))
    assert (verdict["verdict"], verdict["resolved"]) == ("infrastructure", None)
    assert "wall-clock" in verdict["reason"]


def test_a_session_that_broke_is_not_an_empty_patch():
    verdict, _ = broken(
        {"instance_id": "x", "extra": {"run": 0, "patch": "", "infrastructure": "the engine died"}}
    )
    assert (verdict["verdict"], verdict["resolved"], verdict["reason"]) == (
        "infrastructure",
        None,
        "the engine died",
    )


@pytest.mark.parametrize("code", ["import os\nos.kill(os.getpid(), 9)\n", "import os\nos.abort()\n"])
def test_a_patch_cannot_make_its_failure_infrastructure_by_dying(code):
    assert judged(change({"kit/numbers.py": code + FIXED}))["verdict"] == "unresolved"
