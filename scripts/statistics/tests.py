"""Tests of "no effect" on per-task differences. All two-sided; all-zero differences give p = 1, never nan.

What a test takes is one difference per task, adapted minus base, already averaged over the task's runs and splits: rows pooled from
overlapping splits are not independent (simulated type I error 15 to 25 % at a nominal 5 %). `paired_t` on pooled rows is computed
only because the registered protocol names it.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

EXACT = 20  # non-zero differences up to which all 2^n signs are enumerated
TIE = 1e-9  # sums that differ by less are equal: differences are fractions, not measurements


def sign_flip(differences: Sequence[float], draws: int, seed: int) -> float:
    """p of the mean under random signs: exact over all 2^n for n <= 20 non-zero differences, else `draws` seeded draws."""
    values = _nonzero(differences)
    observed = abs(values.sum()) - TIE
    if len(values) <= EXACT:
        return float(np.mean(np.abs(_all_sums(values)) >= observed))
    signs = np.random.default_rng(seed).integers(0, 2, (draws, len(values)), dtype=np.int8) * 2 - 1
    extreme = np.count_nonzero(np.abs((signs * values).sum(axis=1)) >= observed)
    return float(
        (1 + extreme) / (1 + draws)
    )  # the data are one of their own permutations (Phipson and Smyth 2010)


def wilcoxon(differences: Sequence[float], draws: int, seed: int) -> float:
    """Signed-rank p by enumeration of signs over mid-ranks; zeros are dropped.

    The library's normal and exact methods are both wrong with ties (5 gains of 25: 0.025 and 0.0547 for 0.0625), and its
    permutation method takes minutes at 20 differences.
    """
    values = _nonzero(differences)
    ranks = stats.rankdata(np.round(np.abs(values), 9))
    return sign_flip(np.sign(values) * ranks, draws, seed)


def paired_t(differences: Sequence[float]) -> float | None:
    """Student's paired t-test; None for fewer than two differences, or for constant ones, where it is undefined."""
    values = np.asarray(differences, float)
    if len(values) < 2:
        return None
    if np.ptp(values) < TIE:
        return 1.0 if abs(values[0]) < TIE else None
    return float(stats.ttest_1samp(values, 0).pvalue)


def nadeau_bengio(gains: Sequence[float], train: float, test: float) -> float | None:
    """Corrected resampled t-test over splits (Nadeau and Bengio 2003): variance times 1/J + test/train, J - 1 degrees.

    Args:
        gains: forward transfer of each split.
        train, test: tasks in the two halves.
    """
    values = np.asarray(gains, float)
    if len(values) < 2 or not train:
        return None
    if np.ptp(values) < TIE:
        return 1.0 if abs(values[0]) < TIE else None
    spread = np.sqrt(values.var(ddof=1) * (1 / len(values) + test / train))
    return float(2 * stats.t.sf(abs(values.mean()) / spread, len(values) - 1))


def exact_mcnemar(gained: int, lost: int) -> float:
    """Exact p of tasks newly resolved against tasks no longer resolved; each task counts once."""
    return float(mcnemar([[0, gained], [lost, 0]], exact=True).pvalue)


def equivalence(differences: Sequence[float], margin: float) -> float | None:
    """p of two one-sided t-tests (TOST) that the mean lies within ±margin; None without a difference.

    Where no task differs from any other the t-test is undefined, not certain: p is then the chance to see so many equal tasks
    if the margin's share of them did differ.
    """
    values = np.asarray(differences, float)
    if not len(values):
        return None
    if np.ptp(values) < TIE:
        return float((1 - margin) ** len(values)) if abs(values[0]) < margin else 1.0
    above = stats.ttest_1samp(values, -margin, alternative="greater").pvalue
    below = stats.ttest_1samp(values, margin, alternative="less").pvalue
    return float(max(above, below))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down adjustment over the tests of a family; None stays None and is not part of the family."""
    known = [p for p in p_values if p is not None]
    adjusted = iter(multipletests(known, method="holm")[1] if known else ())
    return [None if p is None else float(next(adjusted)) for p in p_values]


def two_way_anova(table: pd.DataFrame, value: str, factors: tuple[str, str]) -> pd.DataFrame:
    """Two-way ANOVA with type II sums of squares and both effect sizes, one row a source.

    Returns:
        columns Source, SS, DF, MS, F, p_unc, np2 (partial eta squared, pingouin) and omega2 (partial omega squared).
    """
    import pingouin  # takes a second to import, and only this needs it

    result = pingouin.anova(table, dv=value, between=list(factors), ss_type=2, detailed=True)
    result.columns = [str(name).replace("-", "_") for name in result.columns]
    error = result.loc[result["Source"] == "Residual"].iloc[0]
    excess = result["SS"] - result["DF"] * error["MS"]
    result["omega2"] = excess / (excess + len(table) * error["MS"])
    result.loc[result["Source"] == "Residual", "omega2"] = np.nan
    return result


def _nonzero(differences: Sequence[float]) -> np.ndarray:
    values = np.asarray(differences, float)
    return values[np.abs(values) > TIE]


def _all_sums(values: np.ndarray) -> np.ndarray:
    """Sums under all 2^n assignments of signs; the empty set has the one sum 0."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums
