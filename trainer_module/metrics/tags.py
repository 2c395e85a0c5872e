"""Metrics of the tags that an example has.

A tag's label is 0 or 1, or a confidence between: from 0.5 on the example has the tag. A score is a
probability, and from 0.5 on the tag is said of the example. Every metric takes

    scores: floats [n, T]
    labels: floats [n, T]
    weights: of examples, floats [n], or None

and is NaN without examples, where all weights are 0, or when a score is not finite.
"""

import functools
from collections.abc import Callable

import numpy as np

from trainer_module.metrics import numeric
from trainer_module.metrics.statistics import NAN, Bools, Floats, mean

HAS = 0.5
"""From here on an example has a tag, and a tag is said of it."""

_Metric = Callable[[Floats, Bools, Floats | None], float]


def _defined(metric: _Metric) -> Callable[[Floats, Floats, Floats | None], float]:
    """Of scores and whether the example has each tag, where they define the metric."""

    @functools.wraps(metric)
    def of(scores: Floats, labels: Floats, weights: Floats | None = None) -> float:
        counted = len(scores) if weights is None else weights.any()
        if not counted or not np.isfinite(scores).all():
            return NAN
        return metric(scores, labels >= HAS, weights)

    return of


@_defined
def average_precision(scores: Floats, has: Bools, weights: Floats | None) -> float:
    """Label ranking average precision, in (0, 1] (`label_ranking_average_precision_score`).

    Of each of an example's tags: what share of the tags that score as high or higher it has. An
    example with no tag, or with all, counts 1.
    """
    from sklearn.metrics import label_ranking_average_precision_score  # Here: it takes seconds.

    return float(label_ranking_average_precision_score(has, scores, sample_weight=weights))


@_defined
def ranking_loss(scores: Floats, has: Bools, weights: Floats | None) -> float:
    """Share of pairs of a tag that an example has and one that it has not, in the wrong order.

    A tie is wrong; an example with no tag, or with all, counts 0 (`label_ranking_loss`).
    """
    from sklearn.metrics import label_ranking_loss

    if scores.shape[1] == 1:  # Which is none in several classes for scikit-learn.
        return 0.0
    return float(label_ranking_loss(has, scores, sample_weight=weights))


@_defined
def coverage(scores: Floats, has: Bools, weights: Floats | None) -> float:
    """How many of the highest scores must be read to meet all tags that an example has.

    Ties are all read; an example with no tag counts 0 (`sklearn.metrics.coverage_error`).
    """
    lowest = np.where(has, scores, np.inf).min(axis=1, keepdims=True)
    return mean((scores >= lowest).sum(axis=1), weights)


@_defined
def hamming(scores: Floats, has: Bools, weights: Floats | None) -> float:
    """Share of tags that are said wrongly (`sklearn.metrics.hamming_loss`)."""
    return mean(((scores >= HAS) != has).mean(axis=1), weights)


@_defined
def micro_f1(scores: Floats, has: Bools, weights: Floats | None) -> float:
    """F1 of all tags taken together; NaN where none is there and none said."""
    return numeric.micro_f1(scores >= HAS, has, weights)


@_defined
def macro_f1(scores: Floats, has: Bools, weights: Floats | None) -> float:
    """F1 of each tag that is there or said of some example, and the mean of those."""
    return numeric.macro_f1(scores >= HAS, has, weights)
