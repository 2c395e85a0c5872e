"""Metrics of the tags that an example has.

A tag's label is 0, 1, or a confidence between; from 0.5 on the example has the tag. A score is a
probability; from 0.5 on the tag is predicted. Every metric takes

    scores: floats [n, T]
    labels: floats [n, T]
    weights: of examples, floats [n], or None

and is NaN without examples, where all weights are 0, or where a score is not finite.
"""

import functools
from collections.abc import Callable

import numpy as np

from trainer_module.metrics import numeric
from trainer_module.metrics.statistics import NAN, Bools, Floats, mean

HAS = 0.5
"""From this value on an example has a tag, or is predicted to have it."""

_Metric = Callable[[Floats, Bools, Floats | None], float]


def _defined(metric: _Metric) -> Callable[[Floats, Floats, Floats | None], float]:
    """Wrap a metric so that it takes labels, and is NaN where it is not defined.

    Args:
      metric: takes scores, floats [n, T], whether the example has each tag, booleans [n, T], and
        weights, floats [n] or None.

    Returns:
      The same metric, a scalar, with labels, floats [n, T], in place of the booleans.
    """

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

    For each tag of an example: the share of the example's tags among those that score as high or
    higher. An example with no tag, or with all, counts 1.

    Args:
      scores: floats [n, T].
      has: booleans [n, T]; callers pass labels, floats [n, T].
      weights: floats [n], or None.

    Returns:
      A scalar: the (weighted) mean over examples.
    """
    # Imported here: it takes seconds.
    from sklearn.metrics import label_ranking_average_precision_score

    return float(label_ranking_average_precision_score(has, scores, sample_weight=weights))


@_defined
def ranking_loss(scores: Floats, has: Bools, weights: Floats | None) -> float:
    """Share of wrongly ordered pairs of a present and an absent tag.

    A scalar: the (weighted) mean over examples. A tie is wrong; an example with no tag, or with
    all, counts 0 (`label_ranking_loss`).

    Args: see `average_precision`, [n, T] twice and weights [n] or None.
    """
    from sklearn.metrics import label_ranking_loss

    if scores.shape[1] == 1:  # scikit-learn does not take one column as several classes.
        return 0.0
    return float(label_ranking_loss(has, scores, sample_weight=weights))


@_defined
def coverage(scores: Floats, has: Bools, weights: Floats | None) -> float:
    """Number of top scores that cover all tags of an example.

    A scalar: the (weighted) mean over examples. Ties are all read; an example with no tag counts 0
    (`sklearn.metrics.coverage_error`).

    Args: see `average_precision`, [n, T] twice and weights [n] or None.
    """
    lowest = np.where(has, scores, np.inf).min(axis=1, keepdims=True)
    return mean((scores >= lowest).sum(axis=1), weights)


@_defined
def hamming(scores: Floats, has: Bools, weights: Floats | None) -> float:
    """Share of tags that are predicted wrongly, a scalar (`sklearn.metrics.hamming_loss`).

    Args: see `average_precision`, [n, T] twice and weights [n] or None.
    """
    return mean(((scores >= HAS) != has).mean(axis=1), weights)


@_defined
def micro_f1(scores: Floats, has: Bools, weights: Floats | None) -> float:
    """F1 of all tags pooled, a scalar; NaN where no tag is present and none is predicted.

    Args: see `average_precision`, [n, T] twice and weights [n] or None.
    """
    return numeric.micro_f1(scores >= HAS, has, weights)


@_defined
def macro_f1(scores: Floats, has: Bools, weights: Floats | None) -> float:
    """Mean F1 of the tags that some example has or is predicted to have, a scalar.

    Args: see `average_precision`, [n, T] twice and weights [n] or None.
    """
    return numeric.macro_f1(scores >= HAS, has, weights)
