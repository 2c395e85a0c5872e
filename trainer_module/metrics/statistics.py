"""Metrics of scores that say how related two members are, as functions of all scores of a slice.

Scores are finite and a higher one means *more related*. Anything else is loud: with one score that
is NaN or infinite, or too few classes to define it, a metric is NaN, which no gate lets pass.

Every metric takes weights; without them counts are integers, so the order of the scores cannot
change a value, not even its last bit. That is why AUC is written by hand: libraries add floats.
"""

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
    """The (weighted) mean; NaN of nothing, or where all weights are 0. Values: [n]."""
    if weights is None:
        return float(np.mean(values, dtype=np.float64)) if len(values) else NAN
    total = float(np.sum(weights, dtype=np.float64))
    return float(np.sum(values * weights.astype(np.float64))) / total if total else NAN


def roc_auc(scores: Floats, related: Bools, weights: Floats | None = None) -> float:
    """Area under the ROC curve: the chance that a related score is above an unrelated one.

    Equal scores count one half (Mann–Whitney U; `sklearn.metrics.roc_auc_score`).

    Args:
      scores: floats [n].
      related: booleans [n].
      weights: floats [n], or None.

    Returns:
      A value in [0, 1]; NaN when a score is not finite, or when only one class is there.
    """
    counts = _counts(scores, related, weights)
    if counts is None:
        return NAN
    hits, alarms = np.diff(counts.hits, prepend=0), np.diff(counts.alarms, prepend=0)
    below = counts.negatives - counts.alarms
    wins = np.sum(hits * (2 * below + alarms)).item()  # Twice, so that a tie is an integer.
    return wins / (2 * counts.positives * counts.negatives)


def average_precision(scores: Floats, related: Bools, weights: Floats | None = None) -> float:
    """Σ (R_k − R_{k−1}) P_k over the distinct scores (`sklearn.metrics.average_precision_score`).

    Args:
      scores: floats [n].
      related: booleans [n].
      weights: floats [n], or None.

    Returns:
      A scalar in (0, 1]; NaN when a score is not finite, or when only one class is there.
    """
    counts = _counts(scores, related, weights)
    if counts is None:
        return NAN
    called = counts.hits + counts.alarms
    precision = np.divide(counts.hits, called, out=np.zeros(len(called)), where=called > 0)
    return float(np.sum(np.diff(counts.hits, prepend=0) * precision)) / counts.positives


def equal_error_rate(scores: Floats, related: Bools, weights: Floats | None = None) -> float:
    """The rate where the ROC curve, points joined by lines, has equal false alarms and misses.

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
    """The threshold t that makes "related if and only if score ≥ t" right most often.

    Candidates are the scores themselves, and the next number above the highest (nothing is
    related). Of equally good ones the highest is taken: the fewest are called related.

    Args: see `roc_auc`.

    Returns:
      Threshold and accuracy, the latter in [share of unrelated ones, 1]; both NaN when a score is
      not finite, or when only one class is there (an accuracy would say nothing).
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

    Candidates are the scores; of equally good ones the highest is taken.

    Args:
      scores: floats [n].
      related: booleans [n].
      weights: floats [n], or None.

    Returns:
      Threshold and F1, scalars; both NaN when a score is not finite, or when only one class is
      there.
    """
    counts = _counts(scores, related, weights)
    if counts is None:
        return BestThreshold(NAN, NAN)
    reached = 2 * counts.hits / (counts.hits + counts.alarms + counts.positives)
    best = int(np.argmax(reached))
    return BestThreshold(float(counts.values[best]), reached[best].item())


def accuracy_on_half(choosing: Flat, reporting: Flat) -> BestThreshold:
    """The best threshold of one half, and the share of the other half that is right there.

    Both NaN where either half has one class alone, or a score that is not finite.
    """
    threshold = best_threshold(*choosing).threshold
    if np.isnan(threshold) or _counts(*reporting) is None:
        return BestThreshold(NAN, NAN)
    called = reporting.scores >= threshold
    return BestThreshold(threshold, mean(called == reporting.related, reporting.weights))


def f1_on_half(choosing: Flat, reporting: Flat) -> BestThreshold:
    """The threshold that is best for F1 of one half, and F1 of the other half there; NaN as above.

    F1 = 2·hits / (called + related).
    """
    threshold = best_f1(*choosing).threshold
    if np.isnan(threshold) or _counts(*reporting) is None:
        return BestThreshold(NAN, NAN)
    called = reporting.scores >= threshold
    shares = (called & reporting.related, called, reporting.related)
    hits, all_called, all_related = (mean(share, reporting.weights) for share in shares)
    return BestThreshold(threshold, 2 * hits / (all_called + all_related))


def spread(scores: Floats, there: Bools) -> float:
    """The largest standard deviation of a column: 0 where every tuple has the same scores.

    Args:
      scores: floats [n, C].
      there: booleans [n, C]: whether a score is of something.

    Returns:
      A number; NaN without scores, or when one is not finite.
    """
    if not there.any() or not np.isfinite(scores[there]).all():
        return NAN
    columns = (scores[:, i][there[:, i]].astype(np.float64) for i in range(scores.shape[1]))
    return max(float(np.std(column)) for column in columns if len(column))


def triplet_accuracy(
    scores: Floats, related: tuple[bool | None, ...], weights: Floats | None = None
) -> float:
    """Share of tuples whose related comparison scores above every unrelated one.

    An equal score is no success (as in sentence-transformers' TripletEvaluator and FaceNet's
    constraint): a model that maps everything to one point gets 0, not one half.

    Args:
      scores: floats [n, C].
      related: C entries: one True, the others False.
      weights: floats [n], or None.

    Returns:
      A value in [0, 1]; NaN without tuples, or when a score is not finite.
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
      when a score is not finite, or when only one class is there.
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
