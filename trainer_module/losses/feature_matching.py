"""Trains embeddings to match the features of a frozen tower."""

from typing import ClassVar

from relation.spec import Relation
from trainer_module.losses.base import TupleLoss
from trainer_module.ops import Tensor, as_float32, weighted_mean


class FeatureMatching(TupleLoss):
    """Minus the relatedness of what is related, the mean over a tuple's related comparisons.

    The head says which error that is: `feature_error` L1, L2, minus cosine, or a mixture. Nothing
    pushes unrelated ones apart, so one side must be given: its tower is frozen, or both would
    collapse to one point.
    """

    needs_frozen_tower: ClassVar[bool] = True

    def check(self, relation: Relation) -> None:
        if not any(comparison.related for comparison in relation.comparisons):
            raise ValueError("it needs tuples with two related members")

    def __call__(self, related: Tensor, relatedness: Tensor) -> Tensor:
        return weighted_mean(-as_float32(relatedness), as_float32(related), axis=-1)
