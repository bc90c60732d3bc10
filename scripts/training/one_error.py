"""The smallest choice that is as good as the best: of ranks here, of levels of a grid in scripts/statistics."""

from collections.abc import Sequence
from statistics import fmean, stdev


def as_good(shortfalls: Sequence[float]) -> bool:
    """The one-standard-error rule on paired shortfalls to the best choice: is their mean at most its standard error?

    Breiman et al., 1984, 3.4.3.
    """
    error = stdev(shortfalls) / len(shortfalls) ** 0.5 if len(shortfalls) > 1 else 0.0
    return fmean(shortfalls) <= error
