"""Distance through a sigmoid: the probability that two entities are related."""

from __future__ import annotations

from typing import ClassVar

from pydantic import PositiveFloat

from relation.numeric.lazy import keras
from trainer_module.heads.base import SimilarityHead
from trainer_module.ops import Tensor, as_float32, root, squared_distances


class LogisticDistance(SimilarityHead):
    """relatedness = slope * (threshold - |left - right|), a logit; both are learnt, slope > 0.

    The slope is the exponential of a weight, so that a larger distance can never mean *more*
    related, from the first step on.
    """

    similarity = "euclidean"
    is_logit: ClassVar[bool] = True

    slope: PositiveFloat = 5.0
    """The slope before training."""
    threshold: PositiveFloat = 1.0
    """The distance before training at which the logit is 0."""

    def build(self) -> keras.layers.Layer:
        from trainer_module.heads.layers import LogisticDistanceLayer

        return LogisticDistanceLayer(self.slope, self.threshold, name="logistic_distance")

    def matrix(self, layer: keras.layers.Layer, rows: Tensor, columns: Tensor) -> Tensor:
        return layer.of(root(squared_distances(as_float32(rows), as_float32(columns))))
