"""Confidence intervals of metrics, by the delete-a-group jackknife."""

import math
from collections.abc import Callable

from trainer_module.metrics.collected import GROUPS, Tuples

STUDENT_95 = 2.093024054408263
"""Half-width, in standard errors, of the 95 % interval of Student's distribution with 19 degrees of
freedom."""


def interval(
    metric: Callable[[Tuples], float],
    tuples: Tuples,
    within: tuple[float, float] = (-math.inf, math.inf),
) -> tuple[float, float, float]:
    """Compute a metric, and the ends of its 95 % confidence interval.

    Tuples are put in 20 groups by a hash; the metric is computed without each in turn. With θ_j
    those values, θ̄ their mean: error² = (20 − 1)/20 · Σ(θ_j − θ̄)² (Busing, Meijer and van der
    Leeden, "Delete-m jackknife", 1999, with groups of equal size). Tuples are taken as independent
    draws; those that share entities are less so, which makes the interval too narrow. It is clipped
    to the metric's range, `within`.

    Returns:
      Value, low, high; the ends are NaN where the metric is undefined without one of the groups.
    """
    value = metric(tuples)
    others = [metric(tuples.without(group)) for group in range(GROUPS)] if len(tuples) else []
    if not others or not all(map(math.isfinite, (value, *others))):
        return value, math.nan, math.nan
    centre = math.fsum(others) / GROUPS
    squares = math.fsum((other - centre) ** 2 for other in others)
    error = STUDENT_95 * math.sqrt((GROUPS - 1) / GROUPS * squares)
    return value, max(value - error, within[0]), min(value + error, within[1])
