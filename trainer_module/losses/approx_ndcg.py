"""ApproxNDCG: NDCG with smooth ranks."""

from pydantic import PositiveFloat

from relation.numeric.lazy import ops
from trainer_module.losses.base import ListLoss
from trainer_module.losses.ranks import discount, normalized_gains
from trainer_module.ops import Tensor, as_float32


class ApproxNdcg(ListLoss):
    """1 − NDCG with rank_i = 1 + Σ_{j ≠ i} σ((s_j − s_i) / temperature); in [0, 1).

    Gain 2^grade − 1, discount log2(1 + rank), no cutoff. A list without relevant documents has loss
    0. TF-Ranking and allRank answer −NDCG, smaller by 1; allRank's alpha is 1 / temperature.

    Qin, Liu, Li, "A General Approximation Framework for Direct Optimization of Information
    Retrieval Measures", 2010, section 4; temperature as in Bruch et al., SIGIR 2019.
    """

    temperature: PositiveFloat = 0.1
    """Temperature of the sigmoids: the smaller, the nearer to NDCG, and the steeper."""

    def __call__(self, grades: Tensor, scores: Tensor) -> Tensor:
        grades, scores = as_float32(grades), as_float32(scores)
        valid = grades >= 0.0
        scores = ops.where(valid, scores, 0.0)
        gaps = ops.expand_dims(scores, 1) - ops.expand_dims(scores, 2)
        beaten = ops.where(ops.expand_dims(valid, 1), ops.sigmoid(gaps / self.temperature), 0.0)
        rank = 0.5 + ops.sum(beaten, axis=-1)  # The sum includes j = i, which is σ(0) = ½.
        gains = normalized_gains(grades, valid)
        relevant = ops.any(gains > 0.0, axis=-1)
        return ops.where(relevant, 1.0 - ops.sum(gains / discount(rank), axis=-1), 0.0)
