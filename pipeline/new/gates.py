"""Gates that no model without information passes: its expected value, and three standard errors.

Beside them a recipe says that the model must beat the best baseline on the same held-out rows by
the confidence interval (docs/evaluation.md).
"""

import math
from collections.abc import Sequence

import numpy as np

ERRORS = 3.0
"""Standard errors above chance: 1 in 740 useless models passes, if the measure is normal."""
HIGHEST = 0.95
MAX_DROP = 0.05


def auc_floor(positives: float, negatives: float) -> float:
    """AUC that a useless score reaches by luck (variance: Hanley and McNeil 1982, at AUC = .5).

    >>> auc_floor(50, 50)
    0.67
    """
    positives, negatives = max(positives, 1.0), max(negatives, 1.0)
    error = math.sqrt((positives + negatives + 1) / (12 * positives * negatives))
    return bounded(0.5 + ERRORS * error)


def share_floor(share: float, count: float) -> float:
    """Accuracy that the most frequent answer reaches by luck.

    >>> share_floor(0.5, 100)
    0.65
    """
    return bounded(share + ERRORS * math.sqrt(share * (1 - share) / max(count, 1.0)))


def correlation_floor(count: float) -> float:
    """Rank correlation that a useless score reaches by luck.

    >>> correlation_floor(101)
    0.3
    """
    return bounded(ERRORS / math.sqrt(max(count - 1, 1.0)))


def mean_floor(values: Sequence[float], count: float) -> float:
    """A mean over held-out rows that a guess reaches by luck.

    Args:
      values: of the guess, for the rows that were looked at.
      count: how many rows are held out.
    """
    array = np.asarray(values, dtype=np.float64)
    return bounded(float(array.mean() + ERRORS * array.std() / math.sqrt(max(count, 1.0))))


def bounded(value: float) -> float:
    """A floor of two digits that a model can still reach."""
    return round(min(value, HIGHEST), 2)
