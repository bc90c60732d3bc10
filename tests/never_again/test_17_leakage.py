"""Fault 17: training tasks were in the evaluation set."""

import pytest

from scripts.benchmark.splits import RULES, assert_disjoint, positions
from tests.workflow.conftest import schema  # noqa: F401
from tests.workflow.test_config import complaints  # noqa: F401


def test_a_shared_task_is_refused():
    with pytest.raises(ValueError, match=r"^tasks in both halves: b, d$"):
        assert_disjoint(["d", "a", "b"], ["b", "c", "d"])


@pytest.mark.parametrize("rule", sorted(RULES.keys() - {"all"}))
@pytest.mark.parametrize("count", [2, 7, 40, 50])
def test_no_rule_can_share_a_task(rule, count):
    training = positions("X", count, {"rule": rule, "seed": 42})
    assert training < set(range(1, count + 1))
    assert len(training) in (count // 2, count - count // 2)


def test_a_split_that_learns_from_all_is_tested_on_nothing(complaints):  # noqa: F811
    """So no phase may ask for it."""
    said = "phases.phase1.splits: split 'S' learns from all tasks and has none to test on. Fix: use another split"
    assert said in "\n".join(complaints("{splits: {S: {rule: all}}, phases: {phase1: {splits: [S]}}}"))
    assert complaints("{splits: {S: {rule: all}}}") == []


def test_every_split_is_checked(monkeypatch):
    """The check runs on what a split really returns, not on what its rule meant."""
    from scripts.benchmark import splits

    task = type("Task", (), {"id": "same"})()
    monkeypatch.setattr(splits, "positions", lambda *_: {1})
    with pytest.raises(ValueError, match="tasks in both halves: same"):
        splits.split("X", [task, task], {"same"}, {"rule": "first"})
