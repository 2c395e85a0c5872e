"""Means of statistics of queries, with confidence intervals: pure functions."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

NORMAL_95 = 1.959963984540054
"""95 % of a normal distribution lie within this many standard deviations."""


class Estimate(NamedTuple):
    """A mean and its 95 % confidence interval; NaN if there are too few values."""

    value: float
    low: float
    high: float


def estimate(values: F64, within: tuple[float, float] = (0.0, 1.0)) -> Estimate:
    """Estimates the mean of the values that are not NaN, as independent draws from a range.

    Sums are exact, so the order of the values changes no bit.

    >>> estimate(np.array([0.5, 0.5, math.nan]))
    Estimate(value=0.5, low=0.5, high=0.5)

    Args:
      values: float64 [n].
      within: the range, which the interval is clipped to.
    """
    kept = values[~np.isnan(values)]
    n = len(kept)
    if not n:
        return Estimate(math.nan, math.nan, math.nan)
    mean = math.fsum(kept) / n
    if n == 1:
        return Estimate(mean, math.nan, math.nan)
    error = NORMAL_95 * math.sqrt(math.fsum((kept - mean) ** 2) / (n - 1) / n)
    return Estimate(mean, max(mean - error, within[0]), min(mean + error, within[1]))


def estimates(statistics: Mapping[str, F64]) -> dict[str, Estimate]:
    """Estimates the mean of each statistic, float64 [queries]."""
    return {name: estimate(values) for name, values in statistics.items()}
