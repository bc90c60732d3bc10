"""The shape of forgetting: what is retained of a session as consolidations go by since it was learned.

Three shapes, told apart by Akaike's information criterion for least squares (Burnham and Anderson, 2002, 2.2), n log(RSS / n)
+ 2 k with k counting the noise too: flat r = a; power law r = a (1 + t)^-b (Wixted and Ebbesen, 1991); cliff r = a before some
age and c < a from it on.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar

NOISE = 1e-6  # residual variance below which fits are all perfect: a log of 0 would decide


def shape(ages: Sequence[float], retained: Sequence[float]) -> tuple[str | None, dict[str, float]]:
    """(name of the best shape, AIC of each); None with fewer than three different ages.

    Args:
        ages: consolidations since a session was learned, from 0; one entry an observation.
        retained: the share still known, in the same order.
    """
    age, known = np.asarray(ages, float), np.asarray(retained, float)
    if len(set(age.tolist())) < 3:
        return None, {}
    found = {
        "flat": aic(known - known.mean(), 2),
        "power law": aic(known - power(age, known), 3),
        "cliff": min(aic(known - step(age, known, edge), 4) for edge in sorted(set(age.tolist()))[1:]),
    }
    return min(found, key=lambda name: (round(found[name], 9), name != "flat")), found


def aic(residuals: np.ndarray, parameters: int) -> float:
    """Akaike's criterion of a least-squares fit."""
    variance = max(float(np.mean(residuals**2)), NOISE)
    return len(residuals) * math.log(variance) + 2 * parameters


def power(age: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The best power law's values; for a given exponent the scale is linear, so one number is searched."""

    def fitted(exponent: float) -> np.ndarray:
        basis = (1 + age) ** -exponent
        return basis * (basis @ known) / (basis @ basis)

    best = minimize_scalar(
        lambda exponent: float(np.sum((known - fitted(exponent)) ** 2)), bounds=(0, 10), method="bounded"
    )
    return fitted(best.x)


def step(age: np.ndarray, known: np.ndarray, edge: float) -> np.ndarray:
    """The best cliff's values for a given edge: the mean before it and the mean from it on. What rises is no cliff: level."""
    before, after = known[age < edge].mean(), known[age >= edge].mean()
    return np.where(age < edge, before, after) if after < before else np.full(len(known), known.mean())
