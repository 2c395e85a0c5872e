"""LambdaLoss: pairwise logistic loss weighed by what a swap would change in NDCG."""

import math

from pydantic import NonNegativeFloat, PositiveFloat

from relation.numeric.lazy import ops
from trainer_module.losses.base import ListLoss
from trainer_module.losses.ordered_pairs import ordered_pairs
from trainer_module.losses.ranks import discount, normalized_gains, ranks
from trainer_module.ops import Tensor, as_float32


class LambdaLoss(ListLoss):
    """Σ_{i, j: y_i > y_j} |G_i − G_j| (ρ_ij + μ δ_ij) log2(1 + exp(−σ(s_i − s_j))).

    G = (2^grade − 1) / ideal DCG; D = log2(1 + rank), rank by the scores, ties by column, no
    gradient through it, no cutoff; ρ_ij = |1/D_i − 1/D_j|; δ_ij = 1/log2(1 + |i − j|) −
    1/log2(2 + |i − j|) of the two ranks. μ = 0 is LambdaRank, μ = 10 the paper's NDCG-Loss2++. A
    sum over pairs, in bits as in the paper and allRank (TF-Ranking: natural logarithm).

    Wang et al., "The LambdaLoss Framework for Ranking Metric Optimization", CIKM 2018, equation 18.
    """

    mu: NonNegativeFloat = 10.0
    """μ, the weight of δ; 0 is LambdaRank."""
    sigma: PositiveFloat = 1.0
    """σ, the steepness of the logistic function."""

    def __call__(self, grades: Tensor, scores: Tensor) -> Tensor:
        grades, scores = as_float32(grades), as_float32(scores)
        valid = grades >= 0.0
        scores = ops.where(valid, scores, 0.0)
        gaps, ordered = ordered_pairs(grades, scores)
        ordered = ops.logical_and(ordered, ops.expand_dims(valid, 2))
        ordered = ops.logical_and(ordered, ops.expand_dims(valid, 1))
        rank = ranks(ops.stop_gradient(scores), valid)
        weights = _differences(normalized_gains(grades, valid)) * (
            _differences(1.0 / discount(rank)) + self.mu * _by_distance(rank)
        )
        costs = ops.softplus(-self.sigma * gaps) / math.log(2.0)
        return ops.sum(ops.where(ordered, weights * costs, 0.0), axis=(1, 2))


def _differences(x: Tensor) -> Tensor:
    """|x_i − x_j|: [batch, length] -> [batch, length, length]."""
    return ops.abs(ops.expand_dims(x, 2) - ops.expand_dims(x, 1))


def _by_distance(rank: Tensor) -> Tensor:
    """δ of every pair of ranks: float [batch, length] -> [batch, length, length], same dtype.

    The diagonal, i = j, has no meaning.
    """
    apart = ops.maximum(_differences(rank), 1.0)
    return 1.0 / discount(apart) - 1.0 / discount(apart + 1.0)
