"""Pairwise hinge loss."""

from typing import ClassVar

from pydantic import PositiveFloat

from relation.numeric.lazy import ops
from trainer_module.losses.base import TupleLoss
from trainer_module.losses.ordered_pairs import ordered_pairs
from trainer_module.ops import Tensor, as_float32, masked_mean


class PairwiseHinge(TupleLoss):
    """max(0, margin − (s⁺ − s⁻)), the mean over all pairs of one tuple whose first is more related.

    Labels may be any numbers; a tuple whose comparisons are all related alike has loss 0. Of a
    triplet it is the triplet loss.

    Joachims, "Optimizing Search Engines using Clickthrough Data", KDD 2002, its slack at margin 1.
    """

    needs_several_columns: ClassVar[bool] = True

    margin: PositiveFloat = 1.0
    """The difference of relatedness from which a pair has no loss."""

    def __call__(self, related: Tensor, relatedness: Tensor) -> Tensor:
        gaps, ordered = ordered_pairs(as_float32(related), as_float32(relatedness))
        return masked_mean(ops.maximum(0.0, self.margin - gaps), ordered, axis=(1, 2))
