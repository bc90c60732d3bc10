"""From runs.csv files to the tables of a phase."""

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from scripts.errors import UserError
from scripts.statistics import comparisons, phase_summary, readings
from scripts.statistics.pairs import MEASURES, Entry, Split
from scripts.statistics.phase_summary import summarise
from scripts.statistics.rows import summary_columns
from tests.statistics.simulate import (
    RULES,
    SETTINGS,
    cards,
    draw,
    halves,
    plan,
    rows,
    write_runs,
    write_study,
)

REGISTERED = """repo, model, recipe, arm, splits, tasks, resolve_rate_base, resolve_rate, forward_transfer_mean,
forward_transfer_variance, forgetting_mean, forgetting_variance, cl_f_beta, forward_transfer_A, forward_transfer_B,
forward_transfer_C, forward_transfer_D, forward_transfer_E, positive_splits, reading, p_permutation, p_ttest, p_wilcoxon, ci_low,
ci_high, minimum_detectable_effect, steps_base, steps, tokens_base, tokens, tool_efficiency_calls_base, tool_efficiency_calls,
trained, reason, missing_pairs"""
NOTHING = dict.fromkeys(range(1, 41), 0.0)
SOURCES = {"expert-replay": "expert", "permuted-replay": "permuted", "full-replay": "own"}


def outcomes(split: str, won: tuple[int, ...] = ()) -> dict[int, float]:
    return {position: float(position in won) for position in halves(40, split)[1]}


def write(base: dict, arms: dict, folder: Path) -> dict[str, bytes]:
    """Run the rule itself on a simulated study; returns its files."""
    phase = write_study(40, base, arms)
    folder.mkdir()
    names = ("summary.csv", "splits.csv", "tests.csv", "verdict.json")
    output = {name.split(".")[0]: str(folder / name) for name in names}
    phase_summary.main(
        SimpleNamespace(
            input=SimpleNamespace(cards=cards()),
            params=SimpleNamespace(phase=phase, sources=SOURCES, statistics=vars(SETTINGS)),
            output=SimpleNamespace(**output),
            wildcards=SimpleNamespace(phase="phase2"),
            log=[str(folder / "log")],
            rule="phase_summary",
        )
    )
    return {name: (folder / name).read_bytes() for name in names}


def test_registered_columns_come_first() -> None:
    expected = [name.strip() for name in REGISTERED.replace("\n", " ").split(",")]
    assert summary_columns("ABCDE")[: len(expected)] == expected
    assert len(set(summary_columns("ABCDE"))) == len(summary_columns("ABCDE"))


def test_numbers_of_a_study_by_hand() -> None:
    base = NOTHING | {30: 1.0}
    arms = {("expert-replay", "skill"): {split: outcomes(split, (21, 22, 30, 5)) for split in RULES}}
    (row,), splits, _ = summarise(plan(write_study(40, base, arms)), SETTINGS)
    assert [split["forward_transfer"] for split in splits[:3]] == pytest.approx([2 / 20, 1 / 20, 1 / 20])
    gains = [split["forward_transfer"] for split in splits]
    assert row["forward_transfer_mean"] == pytest.approx(sum(gains) / 5)
    assert row["effect"] == pytest.approx(3 / 40) == row["resolve_rate"] - row["resolve_rate_base"]
    assert (row["tasks"], row["splits"], row["trained"], row["missing_pairs"]) == (40, 5, 5, 0)
    assert row["p_permutation"] == row["p_mcnemar"] == 0.25
    assert row["forgetting_mean"] == pytest.approx(0.1) and row["cl_f_beta"] == pytest.approx(
        0.874286, abs=1e-6
    )
    assert row["effect_fresh"] == pytest.approx(2 / 20) and row["effect_recurring"] == pytest.approx(1 / 20)
    assert (row["tasks_both_resolve"], row["steps_base_both"], row["steps_both"]) == (1, 4, 4)


def test_a_study_of_one_split_and_an_arm_without_adapter() -> None:
    arms = {("expert-replay", "knowledge"): {"A": outcomes("A", (21,))}}
    (row,), (split,), tests = summarise(plan(write_study(40, NOTHING, arms)), SETTINGS)
    assert row["forward_transfer_A"] == row["forward_transfer_mean"] == row["effect"] == 0.05
    assert row["trained"] is row["forgetting_mean"] is row["forward_transfer_variance"] is None
    assert row["reading"] == "undecided" and split["past_only"] == "true"
    assert "past only" in [test.get("note") for test in tests]


def test_a_recipe_that_was_not_trained_has_no_number() -> None:
    arms = {("full-replay", "skill"): dict.fromkeys("ABC", "no usable trajectory") | {"D": outcomes("D")}}
    (row,), splits, _ = summarise(plan(write_study(40, NOTHING, arms)), SETTINGS)
    assert (row["trained"], row["splits"], row["missing_pairs"]) == (1, 1, 0)
    assert row["forward_transfer_A"] is None and row["forward_transfer_D"] == 0
    assert row["reason"].startswith("A: not trained: no usable trajectory; B:")
    assert [split["forward_transfer"] for split in splits] == [None, None, None, 0]
    arms = {("full-replay", "skill"): dict.fromkeys("ABCDE", "no usable trajectory")}
    (row,), _, tests = summarise(plan(write_study(40, NOTHING, arms)), SETTINGS)
    assert (
        row["resolve_rate"] is row["effect"] is row["reading"] is row["p_permutation"] is None and not tests
    )


def test_a_knowledge_arm_that_was_told_nothing_has_no_number() -> None:
    """Its sessions are the base's: counted, they would be a measured zero."""
    arms = {("full-replay", arm): dict.fromkeys("AB", None) for arm in ("knowledge", "both")}
    arms = {key: {split: outcomes(split, (21, 3)) for split in of} for key, of in arms.items()}
    phase = write_study(40, NOTHING, arms)
    for arm in ("knowledge", "both"):
        names = {"split": "B", "recipe": "full-replay", "arm": arm}
        told = [row | {"retrieved": 0} for row in rows(names, outcomes("B", (3,)))]
        write_runs(f"results/pocket/tiny/B/full-replay/{arm}/runs.csv", told)
    both, knowledge = sorted(summarise(plan(phase), SETTINGS)[0], key=lambda row: row["arm"])
    assert (knowledge["splits"], knowledge["tasks"], knowledge["with_memory"]) == (1, 20, 1)
    assert knowledge["reason"].startswith("B: nothing to look up") and knowledge["missing_pairs"] == 0
    assert knowledge["forward_transfer_B"] is None and knowledge["effect"] == 0.05
    assert (both["splits"], both["reason"], both["with_memory"]) == (2, "", 0.5), (
        "its adapter acts all the same"
    )


def test_a_knowledge_arm_that_broke_is_missing_and_not_untold() -> None:
    phase = write_study(40, NOTHING, {("full-replay", "knowledge"): {"A": outcomes("A")}})
    names = {"split": "A", "recipe": "full-replay", "arm": "knowledge"}
    lost = {"resolved": None, "steps": None, "retrieved": 0}
    write_runs(
        "results/pocket/tiny/A/full-replay/knowledge/runs.csv",
        [row | lost for row in rows(names, outcomes("A"))],
    )
    (row,), _, _ = summarise(plan(phase), SETTINGS)
    assert (row["reason"], row["missing_pairs"], row["effect"]) == ("", 20, None)


def test_a_lost_session_does_not_make_a_number_of_an_arm_that_was_told_nothing() -> None:
    phase = write_study(40, NOTHING, {("full-replay", "knowledge"): {"A": outcomes("A")}})
    names = {"split": "A", "recipe": "full-replay", "arm": "knowledge"}
    first, *others = [row | {"retrieved": 0} for row in rows(names, outcomes("A"))]
    write_runs(
        "results/pocket/tiny/A/full-replay/knowledge/runs.csv",
        [first | {"resolved": None, "steps": None}, *others],
    )
    (row,), _, _ = summarise(plan(phase), SETTINGS)
    assert row["effect"] is None and row["reason"].startswith("A: nothing to look up")


def test_runs_of_an_untrained_adapter_are_refused() -> None:
    phase = write_study(40, NOTHING, {("full-replay", "skill"): {"A": "loss is nan"}})
    names = {"split": "A", "recipe": "full-replay", "arm": "skill"}
    write_runs("results/pocket/tiny/A/full-replay/skill/runs.csv", rows(names, outcomes("A")))
    with pytest.raises(UserError, match="adapter is not trained"):
        summarise(plan(phase), SETTINGS)


def test_a_training_task_among_the_runs_is_refused() -> None:
    phase = write_study(40, NOTHING, {("full-replay", "skill"): {"A": outcomes("A") | {3: 1.0}}})
    with pytest.raises(UserError, match="pocket-003 is not in the test half of split A"):
        summarise(plan(phase), SETTINGS)


def test_the_summary_has_the_p_that_is_adjusted_over_its_rows() -> None:
    won, lost = outcomes("A", (21, 22, 23, 24, 25, 26)), outcomes("A")
    arms = {("expert-replay", "skill"): {"A": won}, ("full-replay", "skill"): {"A": lost}}
    summary, _, tests = summarise(plan(write_study(40, NOTHING, arms)), SETTINGS)
    assert [row["p_permutation"] for row in summary] == [2 / 2**6, 1]
    assert [row["p_holm"] for row in summary] == [4 / 2**6, 1]
    assert [row["p_holm"] for row in tests if row["scope"] == "all splits" and row["p_holm"]] == [4 / 2**6, 1]
    verdict = readings.verdict("phase1", ["A"], summary, SOURCES, SETTINGS)
    assert verdict["rows"][0]["criteria"]["significant"] is False


@pytest.mark.parametrize(("splits", "scope"), [("CAB", "split A+B"), ("CDE", "split C"), ("B", "split B")])
def test_mcnemar_takes_splits_that_test_no_task_in_common(splits, scope) -> None:
    arms = {("expert-replay", "skill"): {split: outcomes(split, (21,)) for split in splits}}
    *_, tests = summarise(plan(write_study(40, NOTHING, arms)), SETTINGS)
    (row,) = (row for row in tests if row["test"] == "exact McNemar")
    assert (row["scope"], row["tasks"]) == (scope, 40 if "+" in scope else 20)


def test_splits_named_a_and_b_that_overlap_are_not_taken_together(monkeypatch) -> None:
    monkeypatch.setitem(RULES, "B", {"rule": "odd"})
    arms = {("expert-replay", "skill"): {split: outcomes(split, (22,)) for split in "AB"}}
    *_, tests = summarise(plan(write_study(40, NOTHING, arms)), SETTINGS)
    (row,) = (row for row in tests if row["test"] == "exact McNemar")
    assert (row["scope"], row["tasks"]) == ("split A", 20)


def test_several_runs_of_a_task_count_once() -> None:
    phase = write_study(40, NOTHING, {("full-replay", "skill"): {"A": outcomes("A")}})
    write_runs("results/pocket/tiny/base/runs.csv", rows({}, NOTHING) + rows({}, NOTHING | {25: 1.0}, run=1))
    names = {"split": "A", "recipe": "full-replay", "arm": "skill"}
    won = rows(names, outcomes("A", (21, 22))) + rows(names, outcomes("A", (21,)), run=1)
    write_runs("results/pocket/tiny/A/full-replay/skill/runs.csv", won)
    (row,), _, _ = summarise(plan(phase), SETTINGS)
    assert row["tasks"] == 20 and row["effect"] == pytest.approx((1 + 0.5 - 0.5) / 20)


def test_the_rule_writes_the_same_bytes_twice_and_nothing_timed(tmp_path) -> None:
    base, adapted = draw(40, 1e-6, 0.3, 1)
    arms = {("expert-replay", "skill"): adapted, ("full-replay", "skill"): dict.fromkeys("ABCDE", "no data")}
    first, second = (write(base, arms, tmp_path / name) for name in ("one", "two"))
    assert first == second
    table = list(csv.DictReader(first["summary.csv"].decode().splitlines()))
    assert [row["recipe"] for row in table] == ["expert-replay", "full-replay"]
    assert table[1]["forward_transfer_mean"] == "" and table[1]["reason"].startswith(
        "A: not trained: no data"
    )
    assert not [name for name in table[0] if "second" in name or "time" in name]
    verdict = json.loads(first["verdict.json"])
    assert verdict["controls"][0] == {
        **{"repo": "pocket", "model": "tiny", "control": "positive", "holds": True},
        "sentence": "Positive control holds: significant gain, 0 of 5 splits negative.",
    }


def crossed_study(gain: dict[str, float]) -> list[list[Split]]:
    """Two repositories with two models, six tasks in each; `gain` is how often the repository's tasks are newly resolved."""
    groups = []
    for repo in gain:
        for model in ("small", "large"):
            entry = Entry(repo, model, "A", "full-replay", "skill", "", "", "")
            tasks = pd.DataFrame(
                {f"{name}{suffix}": 0.0 for name in MEASURES for suffix in ("_base", "")},
                index=pd.Index([f"{repo}-{number}" for number in range(6)], name="task"),
            ).assign(stratum="", leaky="0", with_memory=0.0)
            tasks["resolved"] = [float(number < 6 * gain[repo]) for number in range(6)]
            groups.append([Split(entry, tasks, 0, 6, 0.0, True, "", {})])
    return groups


def test_the_specified_anova_stands_beside_a_study_that_crosses_repositories_and_models() -> None:
    rows = {row["scope"]: row for row in comparisons.crossed(crossed_study({"django": 0.0, "sympy": 5 / 6}))}
    assert list(rows) == ["repo", "model", "repo * model"]
    assert rows["repo"]["p"] < 0.001 < rows["model"]["p"] == pytest.approx(1)
    assert rows["repo"]["note"].startswith("F(1, 20) = 50;") and rows["repo"]["tasks"] == 24
    assert rows["repo"]["partial_eta_squared"] == pytest.approx(50 / 70, abs=1e-3)
    assert {row["role"] for row in rows.values()} == {"specified"}
    assert not comparisons.crossed(crossed_study({"django": 0.0, "sympy": 0.0})), "nothing varies"
    assert not comparisons.crossed(crossed_study({"django": 0.5})), "one repository"
    assert not comparisons.crossed(crossed_study({"django": 0.0, "sympy": 0.5})[:3]), "not crossed"
