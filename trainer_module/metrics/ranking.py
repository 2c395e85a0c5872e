"""Metrics of ranked lists: the documents of a query, by descending score.

Every metric takes

    scores: floats [n, C]
    grades: floats [n, C], below 0 where there is no document
    weights: of lists, floats [n], or None

A document is relevant if its grade is above 0. Lists without a relevant document have no ranking to
measure: they are left out (as TFMA does; LightGBM counts them as 1, TF-Ranking as 0), and
`irrelevant` counts them. NaN where no list is left, or where the score of a document is not finite.
"""

import numpy as np
import numpy.typing as npt

from trainer_module.metrics.statistics import NAN, Bools, Floats, mean

Places = npt.NDArray[np.int64]


def ndcg(scores: Floats, grades: Floats, k: int, weights: Floats | None = None) -> float:
    """Normalized discounted cumulative gain of the first k ranks, in [0, 1].

    Gain 2^grade − 1, discount log₂(1 + rank) (Burges et al. 2005, Learning to rank). Documents
    of equal scores share the mean of their discounts: the expected value if ties are broken at
    random (McSherry, Najork 2008; `sklearn.metrics.ndcg_score` of these gains).
    """
    shown = grades >= 0
    if not len(scores) or not np.isfinite(scores[shown]).all():
        return NAN
    gains = np.where(shown, np.exp2(grades, dtype=np.float64) - 1, 0.0)
    lowered = np.where(shown, -scores, np.inf)
    order = np.argsort(lowered, axis=1)
    first, last = _ties(np.take_along_axis(lowered, order, axis=1))
    ranks = np.arange(1, scores.shape[1] + 1)
    discounts = np.where(ranks <= k, 1 / np.log2(1 + ranks), 0.0)
    summed = np.concatenate([[0.0], np.cumsum(discounts)])
    shares = (summed[last + 1] - summed[first]) / (last + 1 - first)
    gained = (np.take_along_axis(gains, order, axis=1) * shares).sum(axis=1)
    ideal = np.sort(gains, axis=1)[:, ::-1] @ discounts
    kept = ideal > 0
    return mean(gained[kept] / ideal[kept], None if weights is None else weights[kept])


def _ties(ranked: Floats) -> tuple[Places, Places]:
    """The first and the last rank, from 0, of the entries equal to each entry of sorted rows, [n,
    C] each."""
    columns = np.arange(ranked.shape[1])
    begins = np.ones(ranked.shape, dtype=bool)
    begins[:, 1:] = ranked[:, 1:] != ranked[:, :-1]
    ends = np.ones(ranked.shape, dtype=bool)
    ends[:, :-1] = begins[:, 1:]
    first = np.maximum.accumulate(np.where(begins, columns, 0), axis=1)
    last = np.minimum.accumulate(np.where(ends, columns, columns[-1])[:, ::-1], axis=1)[:, ::-1]
    return first, last


def reciprocal_rank(
    scores: Floats, relevant: Bools, shown: Bools, weights: Floats | None = None
) -> float:
    """Mean of 1 / rank of the first relevant document of each list that has one.

    Irrelevant documents with an equal score count as before it, so that a model that maps
    everything to one point scores low.

    Args:
      scores: floats [n, C].
      relevant: booleans [n, C].
      shown: booleans [n, C], whether there is a document.
      weights: floats [n], or None.
    """
    if not np.isfinite(scores[shown]).all():
        return NAN
    kept = relevant.any(axis=1)
    best = np.where(relevant, scores, -np.inf).max(axis=1, keepdims=True, initial=-np.inf)
    before = (shown & ~relevant & (scores >= best)).sum(axis=1)
    return mean(1 / (1 + before[kept]), None if weights is None else weights[kept])


def irrelevant(grades: Floats) -> float:
    """Number of lists without a relevant document, a scalar; grades are floats [n, C]."""
    return float(np.count_nonzero(~(grades > 0).any(axis=1)))
