"""Contrastive loss of labelled pairs."""

from typing import ClassVar

from pydantic import PositiveFloat

from relation.numeric.lazy import ops
from trainer_module.losses.base import TupleLoss
from trainer_module.ops import Tensor, as_float32


class Contrastive(TupleLoss):
    """½(1−Y)D² + ½Y·max(0, m−D)², with Y = 1 for *dissimilar* pairs, D Euclidean.

    Hadsell, Chopra, LeCun, "Dimensionality Reduction by Learning an Invariant Mapping", CVPR 2006,
    equation 4. Relata's polarity is the other one, so Y = 1 − related; D = −relatedness. Several
    comparisons of one tuple are averaged.
    """

    heads: ClassVar[frozenset[str] | None] = frozenset({"distance"})

    margin: PositiveFloat = 1.0
    """m, the distance from which unrelated pairs have no loss."""

    def __call__(self, related: Tensor, relatedness: Tensor) -> Tensor:
        related, distance = as_float32(related), -as_float32(relatedness)
        pull = ops.square(distance)
        push = ops.square(ops.maximum(0.0, self.margin - distance))
        return ops.mean(0.5 * related * pull + 0.5 * (1.0 - related) * push, axis=-1)
