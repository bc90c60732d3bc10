"""Fault 28: a paired t-test over rows pooled from overlapping splits: 15 to 25 % false positives at a nominal 5 %."""

from scripts.statistics.comparisons import comparisons, per_task_over
from scripts.statistics.pairs import load
from tests.statistics.simulate import RULES, SETTINGS, halves, plan, write_study


def test_a_task_that_several_splits_test_counts_once(tmp_path, monkeypatch) -> None:
    """Five tasks that the adapter always resolves are five pieces of evidence, not one for every split that tests them."""
    monkeypatch.chdir(tmp_path)
    won = (22, 24, 26, 36, 38)
    adapted = {
        split: {position: float(position in won) for position in halves(40, split)[1]} for split in RULES
    }
    phase = write_study(40, dict.fromkeys(range(1, 41), 0.0), {("full-replay", "skill"): adapted})
    splits = [load(entry) for entry in plan(phase)]
    assert len(per_task_over(splits)) == 40 < sum(len(split.tasks) for split in splits)
    found = {
        row["test"]: row
        for row in comparisons(splits, SETTINGS)
        if row["scope"] in ("all splits", "split A+B")
    }
    assert found["sign-flip permutation"]["p"] == found["exact McNemar"]["p"] == 2 / 2**5
    pooled = found["paired t-test, pooled rows"]
    assert (
        pooled["p"] < 0.001 and pooled["role"] == "specified, invalid" and "false positives" in pooled["note"]
    )
    assert found["sign-flip permutation"]["role"] == "confirmatory"
