"""The tests give the numbers that enumeration by hand, or a library that is right on that case, gives."""

import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy import stats

from scripts.statistics import effects, tests

ZEROS = [0.0] * 25


def test_sign_flip_is_exact() -> None:
    assert tests.sign_flip([1, 1, 1, 1, 1, 1, 0, 0], 10, 0) == 2 / 64
    assert tests.sign_flip([1, 1, 1, 1, 1, -1], 10, 0) == 14 / 64
    values = np.random.default_rng(0).normal(0.3, 1, 8)
    library = stats.permutation_test(
        (values, np.zeros(8)), lambda a, b: np.mean(a - b), permutation_type="samples"
    )
    assert tests.sign_flip(values, 10, 0) == pytest.approx(library.pvalue)


def test_sign_flip_by_draws_agrees_with_the_exact_p_and_repeats() -> None:
    values = np.random.default_rng(1).normal(0.4, 1, 21)
    exact = np.mean(np.abs(tests._all_sums(values)) >= abs(values.sum()) - tests.TIE)
    drawn = tests.sign_flip(values, 10_000, 3)
    assert drawn == pytest.approx(exact, abs=0.01)
    assert drawn == tests.sign_flip(values, 10_000, 3)


def test_wilcoxon_with_ties() -> None:
    assert tests.wilcoxon([1] * 5 + [0] * 20, 10, 0) == 0.0625
    values = [0.5, 1.0, -0.5, 1.0, 1 / 3, 0.2, -1.0, 1.0]
    library = stats.wilcoxon(values, method=stats.PermutationMethod(n_resamples=2**8))
    assert tests.wilcoxon(values, 10, 0) == pytest.approx(library.pvalue)


def test_all_zero_differences_are_no_effect_and_never_nan() -> None:
    assert tests.sign_flip(ZEROS, 10, 0) == tests.wilcoxon(ZEROS, 10, 0) == tests.paired_t(ZEROS) == 1
    assert tests.nadeau_bengio(ZEROS[:5], 25, 25) == tests.exact_mcnemar(0, 0) == 1
    assert effects.dz(ZEROS) == effects.rank_biserial(ZEROS) == 0
    assert (
        effects.bootstrap_interval(ZEROS, 0.95, 10, 0)[0]
        < 0
        < effects.bootstrap_interval(ZEROS, 0.95, 10, 0)[1]
    )


def test_constant_or_too_few_differences_are_undefined() -> None:
    assert (
        tests.paired_t([0.2] * 5) is tests.nadeau_bengio([0.2] * 5, 25, 25) is effects.dz([0.2] * 5) is None
    )
    assert tests.paired_t([0.2]) is tests.nadeau_bengio([0.2], 25, 25) is effects.dz([0.2]) is None
    assert tests.equivalence([], 0.05) is effects.rank_biserial([]) is effects.odds_ratio(3, 0) is None
    assert effects.bootstrap_interval([], 0.95, 10, 0) == effects.rate_interval([], 0.95) == (None, None)


def test_mcnemar_needs_six_newly_resolved_tasks() -> None:
    assert tests.exact_mcnemar(5, 0) == 0.0625 and tests.exact_mcnemar(6, 0) == 0.03125
    assert tests.exact_mcnemar(9, 2) == pytest.approx(stats.binomtest(2, 11).pvalue)
    assert effects.fewest_gains(0.05) == 6


def test_nadeau_bengio_is_the_corrected_formula() -> None:
    gains = np.array([0.08, 0.04, 0.12, 0.0, 0.04])
    t = gains.mean() / np.sqrt(gains.var(ddof=1) * (1 / 5 + 1))
    assert tests.nadeau_bengio(gains, 25, 25) == pytest.approx(2 * stats.t.sf(t, 4))
    assert tests.nadeau_bengio(gains, 25, 25) > tests.paired_t(gains)


def test_equivalence_is_tost_and_honest_where_nothing_changed() -> None:
    values = np.random.default_rng(0).normal(0, 0.2, 60)
    library = pingouin.tost(values, np.zeros(60), bound=0.05, paired=True)["pval"].iloc[0]
    assert tests.equivalence(values, 0.05) == pytest.approx(library)
    assert tests.equivalence(ZEROS, 0.05) == pytest.approx(0.95**25)
    assert tests.equivalence([0.0] * 59, 0.05) < 0.05 < tests.equivalence([0.0] * 58, 0.05)
    assert tests.equivalence([1.0] * 59, 0.05) == 1


def test_holm_leaves_the_undefined_out() -> None:
    assert tests.holm([0.01, None, 0.04, 0.03]) == [
        pytest.approx(0.03),
        None,
        pytest.approx(0.06),
        pytest.approx(0.06),
    ]
    assert tests.holm([None]) == [None]


def test_two_way_anova_has_both_effect_sizes() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"repo": np.repeat(list("abcd"), 6), "model": np.tile(list("xyz"), 8)})
    table["gain"] = rng.normal(size=24) + 3 * (table["repo"] == "a")
    found = tests.two_way_anova(table, "gain", ("repo", "model")).set_index("Source")
    assert found.loc["repo", "p_unc"] < 0.01 < found.loc["model", "p_unc"]
    repo, error = found.loc["repo"], found.loc["Residual"]
    assert repo["np2"] == pytest.approx(repo["SS"] / (repo["SS"] + error["SS"]), abs=1e-4)
    excess = repo["SS"] - repo["DF"] * error["MS"]
    assert repo["omega2"] == pytest.approx(excess / (repo["SS"] + (24 - repo["DF"]) * error["MS"]))


@pytest.mark.parametrize("tasks, points", [(25, 30), (50, 15), (273, 2.9)])
def test_minimum_detectable_effect_at_the_studies_sizes(tasks: int, points: float) -> None:
    effect = effects.minimum_detectable_effect(tasks, 0.05)
    assert 100 * effect == pytest.approx(points, rel=0.03)
    gains = np.arange(tasks + 1)
    significant = np.array([tests.exact_mcnemar(gained, 0) <= 0.05 for gained in gains])
    assert stats.binom.pmf(gains, tasks, effect)[significant].sum() == pytest.approx(0.8)


def test_too_few_tasks_detect_nothing() -> None:
    assert effects.minimum_detectable_effect(5, 0.05) is None


def test_intervals_cover() -> None:
    rng = np.random.default_rng(0)
    samples = [rng.choice([-1.0, 0.0, 1.0], 40, p=[0.1, 0.6, 0.3]) for _ in range(200)]
    found = [effects.bootstrap_interval(sample, 0.95, 500, 0) for sample in samples]
    assert np.mean([low <= 0.2 <= high for low, high in found]) > 0.9
    assert effects.rate_interval([0.0] * 20, 0.95) == (0.0, pytest.approx(0.161, abs=0.001))
    low, high = effects.bootstrap_interval(ZEROS, 0.95, 10, 0)
    assert high == -low == pytest.approx(stats.binomtest(0, 25).proportion_ci().high)


def test_effect_sizes() -> None:
    assert effects.dz([1, 0, 1, 0]) == pytest.approx(0.5 / np.std([1, 0, 1, 0], ddof=1))
    assert effects.rank_biserial([1, 1, 1, -1]) == 0.5
    assert effects.odds_ratio(6, 2) == 3
