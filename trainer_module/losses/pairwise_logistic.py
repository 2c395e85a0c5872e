"""Pairwise logistic loss."""

from typing import ClassVar

from relation.numeric.lazy import ops
from trainer_module.losses.base import TupleLoss
from trainer_module.losses.ordered_pairs import ordered_pairs
from trainer_module.ops import Tensor, as_float32, masked_mean


class PairwiseLogistic(TupleLoss):
    """softplus(−(s⁺ − s⁻)), the mean over all pairs of one tuple whose first is more related.

    Labels may be any numbers; a tuple whose comparisons are all related alike has loss 0.

    Burges et al., "Learning to Rank using Gradient Descent" (RankNet), ICML 2005, section 3, for
    certain preferences.
    """

    needs_several_columns: ClassVar[bool] = True

    def __call__(self, related: Tensor, relatedness: Tensor) -> Tensor:
        gaps, ordered = ordered_pairs(as_float32(related), as_float32(relatedness))
        return masked_mean(ops.softplus(-gaps), ordered, axis=(1, 2))
