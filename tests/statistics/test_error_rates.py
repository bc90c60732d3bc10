"""The whole statistics path on simulated verdicts: without an effect it stays quiet, with one it speaks."""

from dataclasses import replace
from functools import cache

import pandas as pd
from scipy import stats

from scripts.statistics.comparisons import comparisons
from scripts.statistics.effects import minimum_detectable_effect
from scripts.statistics.pairs import Entry, Split, pair, per_task
from scripts.statistics.readings import seeds_rule
from tests.statistics.simulate import RULES, SETTINGS, draw, rows

TASKS, STUDIES = 40, 120
FEWER = replace(SETTINGS, draws=500)


@cache
def p_values(rate: float, gain: float) -> list[dict[str, float]]:
    """For each simulated study the p of every test over all its splits, and the seeds' reading."""
    return [study(rate, gain, seed) for seed in range(STUDIES)]


def study(rate: float, gain: float, seed: int) -> dict[str, float]:
    base, adapted = draw(TASKS, rate, gain, seed)
    base_runs = pd.DataFrame(rows({}, base))
    splits = []
    for split in RULES:
        entry = Entry("pocket", "tiny", split, "full-replay", "skill", base="", runs="", split_file="")
        tasks = per_task(pair(base=base_runs, adapted=pd.DataFrame(rows({}, adapted[split]))))
        splits.append(Split(entry, tasks, 0, TASKS // 2, 0.0, True, "", {}))
    scopes = ("all splits", "split A+B")
    tests = {row["test"]: row["p"] for row in comparisons(splits, FEWER) if row["scope"] in scopes}
    gains = [float((split.tasks["resolved"] - split.tasks["resolved_base"]).mean()) for split in splits]
    return tests | {"reading": seeds_rule(gains)}


def share(found: list[dict], test: str) -> float:
    return sum(found_study[test] <= SETTINGS.alpha for found_study in found) / len(found)


def at_most_nominal(rate: float) -> bool:
    """Within binomial error: no more false positives than 99 of 100 fair simulations would give."""
    return rate <= stats.binom.ppf(0.99, STUDIES, SETTINGS.alpha) / STUDIES


def test_no_effect_gives_at_most_nominal_false_positives() -> None:
    null = p_values(rate=0.25, gain=0.0)
    for test in (
        "sign-flip permutation",
        "exact McNemar",
        "Wilcoxon signed-rank",
        "Nadeau-Bengio corrected t-test",
    ):
        assert at_most_nominal(share(null, test)), test


def test_the_pooled_t_test_does_not_hold_its_level() -> None:
    assert not at_most_nominal(share(p_values(rate=0.25, gain=0.0), "paired t-test, pooled rows"))


def test_the_seeds_rule_calls_more_nulls_robust_than_the_test_does() -> None:
    robust = sum(found["reading"] == "robust" for found in p_values(rate=0.25, gain=0.0)) / STUDIES
    assert robust > 2 * SETTINGS.alpha


def test_a_planted_effect_of_the_stated_minimum_is_found() -> None:
    """The stated minimum has a power of 0.8 by definition, so the simulated share may fall below it by chance alone."""
    found = p_values(rate=1e-6, gain=minimum_detectable_effect(TASKS, SETTINGS.alpha))
    assert share(found, "sign-flip permutation") >= stats.binom.ppf(0.05, STUDIES, 0.8) / STUDIES
