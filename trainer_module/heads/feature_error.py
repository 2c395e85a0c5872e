"""Relatedness is minus the error of one embedding as a prediction of the other."""

from typing import ClassVar

import keras
from keras import ops
from pydantic import NonNegativeFloat, model_validator

from trainer_module.heads.base import SimilarityHead
from trainer_module.ops import Tensor, cosine


class FeatureError(SimilarityHead):
    """relatedness = −(l1 · Σ|left − right| + l2 · Σ(left − right)² + cosine · (1 − cos)), in
    (−inf, 0]; at least one weight is not 0.
    """

    is_logit: ClassVar[bool] = False
    below_zero: ClassVar[bool] = True

    l1: NonNegativeFloat = 0.0
    """Weight of the sum of absolute differences."""
    l2: NonNegativeFloat = 1.0
    """Weight of the sum of squared differences."""
    cosine: NonNegativeFloat = 0.0
    """Weight of 1 − cosine."""

    @model_validator(mode="after")
    def _some_weight(self) -> "FeatureError":
        if not (self.l1 or self.l2 or self.cosine):
            raise ValueError("one of `l1`, `l2` and `cosine` must be greater than 0")
        return self

    def build(self) -> keras.layers.Layer:
        return _Layer(self)


class _Layer(keras.layers.Layer):
    def __init__(self, head: FeatureError):
        super().__init__(name="feature_error", dtype="float32")
        self.weighted = (head.l1, head.l2, head.cosine)

    def call(self, left: Tensor, right: Tensor) -> Tensor:
        l1, l2, angle = self.weighted
        gaps = left - right
        error = l1 * ops.sum(ops.abs(gaps), axis=-1) + l2 * ops.sum(ops.square(gaps), axis=-1)
        return -(error + angle * (1.0 - cosine(left, right)))
