"""Triplet loss with a margin."""

from pydantic import PositiveFloat

from relation.numeric.lazy import ops
from relation.spec import Relation
from trainer_module.losses.base import TupleLoss
from trainer_module.ops import Tensor, as_float32


class Triplet(TupleLoss):
    """max(0, margin − (s⁺ − s⁻)) of relatedness s; with the head `squared_distance` this is
    max(0, D²(a, p) − D²(a, n) + margin).

    Schroff, Kalenichenko, Philbin, "FaceNet", CVPR 2015, equation 1.
    """

    margin: PositiveFloat = 1.0
    """The difference of relatedness from which a triplet has no loss."""

    def check(self, relation: Relation) -> None:
        if tuple(comparison.related for comparison in relation.comparisons) != (True, False):
            raise ValueError(
                "it needs tuples of an anchor, a positive and a negative: type triplets"
            )

    def __call__(self, related: Tensor, relatedness: Tensor) -> Tensor:
        scores = as_float32(relatedness)
        return ops.maximum(0.0, self.margin - (scores[:, 0] - scores[:, 1]))
