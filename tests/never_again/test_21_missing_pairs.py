"""Fault 21: a task missing in one arm counted as failed there: +0.08 forward transfer from nothing."""

from scripts.statistics.phase_summary import summarise
from tests.statistics.simulate import SETTINGS, halves, plan, write_study

BASE = {position: float(position in (30, 35)) for position in range(1, 41)}


def test_a_task_without_a_verdict_in_one_arm_is_left_out_and_counted(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    adapted = {position: BASE[position] for position in halves(40, "A")[1]}
    broken = BASE | {30: None, 35: None}  # infrastructure ended the two sessions that base resolves
    phase = write_study(40, broken, {("full-replay", "skill"): {"A": adapted}})
    (row,), (split,), _ = summarise(plan(phase), SETTINGS)
    assert row["effect"] == split["forward_transfer"] == 0
    assert (row["tasks"], row["missing_pairs"], split["missing_pairs"]) == (18, 2, 2)


def test_a_task_that_was_never_run_is_left_out_and_counted(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    adapted = {position: BASE[position] for position in halves(40, "A")[1] if position != 35}
    phase = write_study(40, BASE, {("full-replay", "skill"): {"A": adapted}})
    (row,), _, _ = summarise(plan(phase), SETTINGS)
    assert (row["effect"], row["tasks"], row["missing_pairs"]) == (0, 19, 1)
