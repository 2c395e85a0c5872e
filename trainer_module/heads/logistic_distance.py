"""Distance through a sigmoid: the probability that two entities are related."""

from typing import ClassVar

import keras
from pydantic import PositiveFloat

from trainer_module.heads.base import SimilarityHead
from trainer_module.ops import Tensor, as_float32, distance, root, squared_distances


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
        return _Layer(self.slope, self.threshold, name="logistic_distance")

    def matrix(self, layer: keras.layers.Layer, rows: Tensor, columns: Tensor) -> Tensor:
        return layer.of(root(squared_distances(as_float32(rows), as_float32(columns))))


class _Layer(keras.layers.Layer):
    def __init__(self, slope: float, threshold: float, name: str):
        super().__init__(name=name, dtype="float32")
        constant = keras.initializers.Constant
        self.log_slope = self.add_weight(
            shape=(), initializer=constant(float(keras.ops.log(slope))), name="log_slope"
        )
        self.threshold = self.add_weight(
            shape=(), initializer=constant(threshold), name="threshold"
        )

    def call(self, left: Tensor, right: Tensor) -> Tensor:
        return self.of(distance(left, right))

    def of(self, distances: Tensor) -> Tensor:
        """The logits of distances: float32 [batch] or [rows, columns] -> the same shape."""
        return keras.ops.exp(self.log_slope) * (self.threshold - distances)
