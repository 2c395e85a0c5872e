"""Triplet loss with a soft margin."""

from relation.numeric.lazy import ops
from relation.spec import Relation
from trainer_module.losses.base import TupleLoss
from trainer_module.losses.triplet import Triplet
from trainer_module.ops import Tensor, as_float32


class SoftTriplet(TupleLoss):
    """log(1 + exp(−(s⁺ − s⁻))) of relatedness s: never quite satisfied, and no margin to choose.

    Hermans, Beyer, Leibe, "In Defense of the Triplet Loss for Person Re-Identification", 2017,
    section 2, "soft margin".
    """

    def check(self, relation: Relation) -> None:
        Triplet().check(relation)

    def __call__(self, related: Tensor, relatedness: Tensor) -> Tensor:
        scores = as_float32(relatedness)
        return ops.softplus(scores[:, 1] - scores[:, 0])
