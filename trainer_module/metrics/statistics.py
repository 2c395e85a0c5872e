"""Metrics of a tuple's comparisons, as functions of all scores of a slice.

Scores are finite and a higher one means *more related*. Anything else is loud: with one score that
is NaN or infinite, or too few classes to define it, a metric is NaN, which no gate lets pass.

Counts are integers, so the order of the tuples cannot change a value, not even its last bit.
"""

import dataclasses
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Related: TypeAlias = tuple[bool | None, ...]
"""Which comparisons of a tuple are related; None where the tuple's own label says."""

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Bools: TypeAlias = npt.NDArray[np.bool_]

NAN = float("nan")


@dataclasses.dataclass(frozen=True, eq=False)
class Comparisons:
    """The scores of n tuples with C comparisons each.

    Attributes:
      scores: floats [n, C].
      related: C entries, see `Related`.
      labels: booleans [n], the tuples' labels; read where `related` is None.
    """

    scores: Floats
    related: Related
    labels: Bools | None = None

    def flat(self) -> tuple[Floats, Bools]:
        """Scores, and whether they are of related members, of all comparisons: both [n · C]."""
        related = np.empty(self.scores.shape, dtype=bool)
        for column, known in enumerate(self.related):
            if known is not None:
                related[:, column] = known
            elif self.labels is not None:
                related[:, column] = self.labels
            else:
                raise ValueError(f"comparison {column} of {self.related} needs the tuples' labels")
        return self.scores.ravel(), related.ravel()


class BestThreshold(NamedTuple):
    """A decision threshold and the accuracy that it reaches."""

    threshold: float
    accuracy: float


def roc_auc(scores: Floats, related: Bools) -> float:
    """Area under the ROC curve: the chance that a related score is above an unrelated one.

    Equal scores count one half (Mann–Whitney U; `sklearn.metrics.roc_auc_score`).

    Args:
      scores: floats [n].
      related: booleans [n].

    Returns:
      A value in [0, 1]; NaN when a score is not finite, or when only one class is there.
    """
    if not _defined(scores, related):
        return NAN
    _, positives, negatives = _counts(scores, related)
    below = np.cumsum(negatives) - negatives
    wins = int(np.sum(positives * (2 * below + negatives)))  # Twice, so that a tie is an integer.
    return wins / (2 * int(positives.sum()) * int(negatives.sum()))


def best_threshold(scores: Floats, related: Bools) -> BestThreshold:
    """The threshold t that makes "related if and only if score ≥ t" right most often.

    Candidates are the scores themselves, and the next number above the highest (nothing is
    related). Of equally good ones the highest is taken: the fewest are called related.

    Args:
      scores: floats [n].
      related: booleans [n].

    Returns:
      Threshold and accuracy, the latter in [share of unrelated ones, 1]; both NaN when a score is
      not finite, or when only one class is there (an accuracy would say nothing).
    """
    if not _defined(scores, related):
        return BestThreshold(NAN, NAN)
    values, positives, negatives = _counts(scores, related)
    values, positives, negatives = values[::-1], positives[::-1], negatives[::-1]
    total = negatives.sum()
    correct = np.concatenate([[total], np.cumsum(positives) + total - np.cumsum(negatives)])
    best = int(np.argmax(correct))  # The first of the maxima, hence the highest threshold.
    threshold = values[best - 1] if best else np.nextafter(values[0], values.dtype.type(np.inf))
    return BestThreshold(float(threshold), int(correct[best]) / len(scores))


def triplet_accuracy(scores: Floats, related: Related) -> float:
    """Share of tuples whose related comparison scores above every unrelated one.

    An equal score is no success (as in sentence-transformers' TripletEvaluator and FaceNet's
    constraint): a model that maps everything to one point gets 0, not one half.

    Args:
      scores: floats [n, C].
      related: C entries: one True, the others False.

    Returns:
      A value in [0, 1]; NaN without tuples, or when a score is not finite.
    """
    if not len(scores) or not np.isfinite(scores).all():
        return NAN
    chosen = np.asarray(related, dtype=bool)
    wins = scores[:, chosen] > scores[:, ~chosen].max(axis=1, keepdims=True)
    return int(np.count_nonzero(wins)) / len(scores)


def _defined(scores: Floats, related: Bools) -> bool:
    return bool(np.isfinite(scores).all() and related.any() and not related.all())


def _counts(
    scores: Floats, related: Bools
) -> tuple[Floats, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The distinct scores, ascending, and how many related and unrelated ones have each."""
    values, places = np.unique(scores, return_inverse=True)
    places = places.ravel()
    positives = np.bincount(places[related], minlength=len(values)).astype(np.int64)
    negatives = np.bincount(places[~related], minlength=len(values)).astype(np.int64)
    return values, positives, negatives
