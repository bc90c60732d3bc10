"""Fault 3: base ran on another engine with other limits, so every forward transfer was confounded."""

import pytest

from scripts.errors import UserError
from scripts.statistics.phase_summary import summarise
from tests.statistics.simulate import SETTINGS, halves, plan, rows, write_runs, write_study

NAMES = {"split": "A", "recipe": "full-replay", "arm": "skill"}
RUNS = "results/pocket/tiny/A/full-replay/skill/runs.csv"


@pytest.mark.parametrize("conditions", ["other", ""])
def test_a_comparison_of_unlike_conditions_is_refused(tmp_path, monkeypatch, conditions: str) -> None:
    monkeypatch.chdir(tmp_path)
    outcomes = dict.fromkeys(halves(40, "A")[1], 1.0)
    base = dict.fromkeys(range(1, 41), 0.0)
    phase = write_study(40, base, {("full-replay", "skill"): {"A": outcomes}})
    (row,), _, _ = summarise(plan(phase), SETTINGS)
    assert row["effect"] == 1.0
    table = rows(NAMES, outcomes)
    table[4]["conditions"] = conditions
    write_runs(RUNS, table)
    with pytest.raises(
        UserError, match=f"{RUNS} and results/pocket/tiny/base/runs.csv, task pocket-025, run 0"
    ) as error:
        summarise(plan(phase), SETTINGS)
    assert "unlike conditions" in str(error.value) and "engine, precision, limits" in str(error.value)


def test_sessions_without_recorded_conditions_are_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    outcomes = dict.fromkeys(halves(40, "A")[1], 1.0)
    phase = write_study(40, dict.fromkeys(range(1, 41), 0.0), {("full-replay", "skill"): {"A": outcomes}})
    write_runs(RUNS, rows(NAMES, outcomes, conditions=""))
    write_runs("results/pocket/tiny/base/runs.csv", rows({}, dict.fromkeys(range(1, 41), 0.0), conditions=""))
    with pytest.raises(UserError, match="not recorded"):
        summarise(plan(phase), SETTINGS)
