"""Metrics of scores that say how related two members are, as functions of all scores of a slice.

Scores are finite, and a higher one means *more related*. With a score that is NaN or infinite, or
with too few classes, a metric is NaN, which no gate lets pass.

Every metric takes weights. Without them counts are integers, so the order of the scores changes no
bit of a value. Libraries add floats; hence AUC is written by hand.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Bools: TypeAlias = npt.NDArray[np.bool_]

NAN = float("nan")


class Flat(NamedTuple):
    """Scores, floats [n]; whether each is of related members, booleans [n]; weights, or None."""

    scores: Floats
    related: Bools
    weights: Floats | None = None


class BestThreshold(NamedTuple):
    """A decision threshold, and the accuracy or F1 that it reaches."""

    threshold: float
    quality: float


class _Counts(NamedTuple):
    """Distinct scores [k], highest first, and counts of the pairs at or above each of them.

    `positives`, `negatives`: (weighted) numbers of all related and unrelated ones.
    """

    values: Floats
    hits: npt.NDArray[Any]
    alarms: npt.NDArray[Any]
    positives: float
    negatives: float


def mean(values: npt.NDArray[Any], weights: Floats | None = None) -> float:
    """The (weighted) mean of values [n]; NaN without values, or where all weights are 0."""
    if weights is None:
        return float(np.mean(values, dtype=np.float64)) if len(values) else NAN
    total = float(np.sum(weights, dtype=np.float64))
    return float(np.sum(values * weights.astype(np.float64))) / total if total else NAN


def roc_auc(scores: Floats, related: Bools, weights: Floats | None = None) -> float:
    """Area under the ROC curve: the probability that a related score exceeds an unrelated one.

    Equal scores count one half (Mann–Whitney U; `sklearn.metrics.roc_auc_score`).

    Args:
      scores: floats [n].
      related: booleans [n].
      weights: floats [n], or None.

    Returns:
      A value in [0, 1]; NaN where a score is not finite, or where only one class occurs.
    """
    counts = _counts(scores, related, weights)
    if counts is None:
        return NAN
    hits, alarms = np.diff(counts.hits, prepend=0), np.diff(counts.alarms, prepend=0)
    below = counts.negatives - counts.alarms
    wins = np.sum(hits * (2 * below + alarms)).item()  # Doubled, so that a tie counts an integer.
    return wins / (2 * counts.positives * counts.negatives)


def average_precision(scores: Floats, related: Bools, weights: Floats | None = None) -> float:
    """Σ (R_k − R_{k−1}) P_k over the distinct scores (`sklearn.metrics.average_precision_score`).

    Args:
      scores: floats [n].
      related: booleans [n].
      weights: floats [n], or None.

    Returns:
      A scalar in (0, 1]; NaN where a score is not finite, or where only one class occurs.
    """
    counts = _counts(scores, related, weights)
    if counts is None:
        return NAN
    called = counts.hits + counts.alarms
    precision = np.divide(counts.hits, called, out=np.zeros(len(called)), where=called > 0)
    return float(np.sum(np.diff(counts.hits, prepend=0) * precision)) / counts.positives


def equal_error_rate(scores: Floats, related: Bools, weights: Floats | None = None) -> float:
    """The rate where the linearly interpolated ROC curve has equal false positives and false
    negatives.

    Args and NaN: see `roc_auc`; a value in [0, 1], lower is better.
    """
    counts = _counts(scores, related, weights)
    if counts is None:
        return NAN
    alarms = np.concatenate([[0], counts.alarms]) / counts.negatives
    excess = alarms + np.concatenate([[0], counts.hits]) / counts.positives - 1
    after = int(np.argmax(excess >= 0)) or len(excess) - 1
    share = excess[after - 1] / (excess[after - 1] - excess[after])
    return float(alarms[after - 1] + share * (alarms[after] - alarms[after - 1]))


def best_threshold(scores: Floats, related: Bools, weights: Floats | None = None) -> BestThreshold:
    """The threshold t at which "related if and only if score ≥ t" has the highest accuracy.

    Candidates are the scores, and the next number above the highest (nothing is related). Of
    equally good thresholds the highest is returned, which predicts the fewest as related.

    Args: see `roc_auc`.

    Returns:
      Threshold and accuracy, the latter in [share of unrelated pairs, 1]; both NaN where a score is
      not finite, or where only one class occurs (accuracy would be meaningless).
    """
    counts = _counts(scores, related, weights)
    if counts is None:
        return BestThreshold(NAN, NAN)
    correct = np.concatenate([[0], counts.hits - counts.alarms]) + counts.negatives
    best = int(np.argmax(correct))  # The first of the maxima, hence the highest threshold.
    highest = counts.values[0]
    above = np.nextafter(highest, highest.dtype.type(np.inf))
    threshold = counts.values[best - 1] if best else above
    total = counts.positives + counts.negatives
    return BestThreshold(float(threshold), correct[best].item() / total)


def best_f1(scores: Floats, related: Bools, weights: Floats | None = None) -> BestThreshold:
    """The threshold t at which "related if and only if score ≥ t" has the highest F1.

    Candidates are the scores; of equally good thresholds the highest is returned.

    Args:
      scores: floats [n].
      related: booleans [n].
      weights: floats [n], or None.

    Returns:
      Threshold and F1, scalars; both NaN where a score is not finite, or where only one class
      occurs.
    """
    counts = _counts(scores, related, weights)
    if counts is None:
        return BestThreshold(NAN, NAN)
    reached = 2 * counts.hits / (counts.hits + counts.alarms + counts.positives)
    best = int(np.argmax(reached))
    return BestThreshold(float(counts.values[best]), reached[best].item())


def accuracy_on_half(choosing: Flat, reporting: Flat) -> BestThreshold:
    """The best threshold of one half, and the accuracy at it on the other half.

    Both NaN where a half has only one class, or a score that is not finite.
    """
    return _on_half(best_threshold(*choosing).threshold, reporting, accuracy_at)


def f1_on_half(choosing: Flat, reporting: Flat) -> BestThreshold:
    """The threshold with the best F1 on one half, and F1 at it on the other half; NaN as above."""
    return _on_half(best_f1(*choosing).threshold, reporting, f1_at)


def _on_half(
    threshold: float, reporting: Flat, quality: Callable[[Flat, float], float]
) -> BestThreshold:
    if np.isnan(threshold) or _counts(*reporting) is None:
        return BestThreshold(NAN, NAN)
    return BestThreshold(threshold, quality(reporting, threshold))


def accuracy_at(pairs: Flat, threshold: float) -> float:
    """Accuracy of "related if and only if score ≥ threshold", in [0, 1].

    Args:
      pairs: scores, relatedness and weights, [n] each.
      threshold: a number.

    Returns:
      A scalar; NaN without pairs, or where a score is not finite.
    """
    if not np.isfinite(pairs.scores).all():
        return NAN
    return mean((pairs.scores >= threshold) == pairs.related, pairs.weights)


def f1_at(pairs: Flat, threshold: float) -> float:
    """F1 at a threshold, in [0, 1]: 2·hits / (predicted + related).

    Args:
      pairs: scores, relatedness and weights, [n] each.
      threshold: a number.

    Returns:
      A scalar; NaN where no pair is related or predicted so, or where a score is not finite.
    """
    if not np.isfinite(pairs.scores).all():
        return NAN
    called = pairs.scores >= threshold
    shares = (called & pairs.related, called, pairs.related)
    hits, all_called, all_related = (mean(share, pairs.weights) for share in shares)
    return 2 * hits / (all_called + all_related) if all_called + all_related else NAN


def spread(scores: Floats, present: Bools) -> float:
    """The largest standard deviation of a column: 0 where every tuple has the same scores.

    Args:
      scores: floats [n, C].
      present: booleans [n, C], whether each score is of something that exists.

    Returns:
      A number; NaN without scores, or where one is not finite.
    """
    if not present.any() or not np.isfinite(scores[present]).all():
        return NAN
    columns = (scores[:, i][present[:, i]].astype(np.float64) for i in range(scores.shape[1]))
    return max(float(np.std(column)) for column in columns if len(column))


def triplet_accuracy(
    scores: Floats, related: tuple[bool | None, ...], weights: Floats | None = None
) -> float:
    """Share of tuples whose related comparison scores above every unrelated one.

    A tie does not count (as in sentence-transformers' TripletEvaluator and FaceNet's constraint): a
    model that maps everything to one point gets 0, not one half.

    Args:
      scores: floats [n, C].
      related: C entries: one True, the others False.
      weights: floats [n], or None.

    Returns:
      A value in [0, 1]; NaN without tuples, or where a score is not finite.
    """
    if not np.isfinite(scores).all():
        return NAN
    chosen = np.asarray(related, dtype=bool)
    return mean((scores[:, chosen] > scores[:, ~chosen]).all(axis=1), weights)


def _counts(scores: Floats, related: Bools, weights: Floats | None = None) -> _Counts | None:
    """Count the related and the unrelated pairs at or above each of the k distinct scores.

    Args:
      scores: floats [n].
      related: booleans [n].
      weights: floats [n], or None.

    Returns:
      Values [k] in the dtype of `scores`, and counts [k]: integers, or float64 with weights. None
      where a score is not finite, or where only one class occurs.
    """
    if not np.isfinite(scores).all():
        return None
    values, inverse = np.unique(scores, return_inverse=True)
    cumulative = []
    for kind in (related, ~related):
        own = None if weights is None else weights[kind].astype(np.float64)
        cumulative.append(np.cumsum(np.bincount(inverse.ravel()[kind], own, len(values))[::-1]))
    hits, alarms = cumulative
    if not len(values) or not hits[-1] or not alarms[-1]:
        return None
    return _Counts(values[::-1], hits, alarms, hits[-1].item(), alarms[-1].item())
