"""Fault 19: the issue text held the fix of the only two tasks that base resolved. Results are also given without such tasks."""

from scripts.statistics.phase_summary import summarise
from tests.statistics.simulate import SETTINGS, halves, plan, rows, write_runs, write_study

LEAKY = (22, 25)


def test_the_result_without_leaky_tasks_stands_beside(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    base = dict.fromkeys(range(1, 41), 0.0)
    adapted = {position: float(position in (*LEAKY, 30)) for position in halves(40, "A")[1]}
    phase = write_study(40, base, {("full-replay", "skill"): {"A": adapted}})
    _, _, tests = summarise(plan(phase), SETTINGS)
    assert "without leaky tasks" not in [row["scope"] for row in tests]
    marked = [row | {"leaky": int(row["position"] in LEAKY)} for row in rows({}, base)]
    write_runs("results/pocket/tiny/base/runs.csv", marked)
    _, _, tests = summarise(plan(phase), SETTINGS)
    found = {row["scope"]: row for row in tests if row["test"] == "sign-flip permutation"}
    assert found["all splits"]["estimate"] == 3 / 20
    assert found["without leaky tasks"]["estimate"] == 1 / 18 and found["without leaky tasks"]["tasks"] == 18
