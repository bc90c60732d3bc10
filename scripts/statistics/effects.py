"""How large an effect is, how well it is known, and how small a one this study could have seen."""

from collections.abc import Sequence

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from scripts.statistics.tests import TIE

Interval = tuple[float | None, float | None]


def bootstrap_interval(differences: Sequence[float], confidence: float, draws: int, seed: int) -> Interval:
    """Interval of the mean of per-task differences in resolve rate; the tasks are the clusters, so a task's splits stay together.

    Where all differences are equal a bootstrap collapses to a point and would call 0 of 25 against 0 of 25 a certainty. The
    interval is then the value plus and minus the exact (Clopper-Pearson) upper bound on the share of tasks that differ.
    """
    values = np.asarray(differences, float)
    if not len(values):
        return None, None
    if np.ptp(values) < TIE:
        reach = 1 - ((1 - confidence) / 2) ** (1 / len(values))
        return float(max(values[0] - reach, -1)), float(min(values[0] + reach, 1))
    return resampled_interval(values, confidence, draws, seed)


def resampled_interval(values: Sequence[float], confidence: float, draws: int, seed: int) -> Interval:
    """Percentile bootstrap interval of a mean (Efron and Tibshirani, 1993, 13.3); None where there is no value."""
    if not len(values):
        return None, None
    values = np.asarray(values, float)
    rows = np.random.default_rng(seed).integers(0, len(values), (draws, len(values)))
    tail = 50 * (1 - confidence)
    low, high = np.percentile(values[rows].mean(axis=1), [tail, 100 - tail])
    return float(low), float(high)


def rate_interval(rates: Sequence[float], confidence: float) -> Interval:
    """Wilson interval of a resolve rate; a task counts as one trial however many runs it had."""
    if not len(rates):
        return None, None
    low, high = proportion_confint(float(np.sum(rates)), len(rates), alpha=1 - confidence, method="wilson")
    return max(round(float(low), 12), 0.0), min(round(float(high), 12), 1.0)  # rounding residue is no rate


def dz(differences: Sequence[float]) -> float | None:
    """Cohen's dz: mean difference over its standard deviation; 0 for all-zero differences, None where undefined."""
    values = np.asarray(differences, float)
    if len(values) < 2:
        return None
    if np.ptp(values) < TIE:
        return 0.0 if abs(values[0]) < TIE else None
    return float(values.mean() / values.std(ddof=1))


def rank_biserial(differences: Sequence[float]) -> float | None:
    """Matched-pairs rank-biserial correlation (Kerby 2014): favourable minus unfavourable share of the ranks."""
    values = np.asarray(differences, float)
    if not len(values):
        return None
    values = values[np.abs(values) > TIE]
    ranks = stats.rankdata(np.round(np.abs(values), 9))
    return float((np.sign(values) * ranks).sum() / ranks.sum()) if len(values) else 0.0


def odds_ratio(gained: int, lost: int) -> float | None:
    """Conditional odds ratio of the discordant tasks; None where none was lost, since it is then unbounded."""
    return gained / lost if lost else None


def fewest_gains(alpha: float) -> int:
    """Fewest newly resolved tasks, with none lost, that exact McNemar calls significant: 6 at alpha 0.05."""
    return int(np.ceil(1 - np.log2(alpha) - TIE))


def minimum_detectable_effect(tasks: int, alpha: float, power: float = 0.8) -> float | None:
    """Smallest true share of newly resolved tasks that exact McNemar finds with this power, if no task is lost.

    About 0.30 at 25 tasks, 0.15 at 50, 0.029 at 273. None where even a gain on every task could not be significant.
    P(Binomial(n, x) >= k) is the Beta(k, n - k + 1) distribution function at x.
    """
    needed = fewest_gains(alpha)
    return float(stats.beta.ppf(power, needed, tasks - needed + 1)) if tasks >= needed else None
