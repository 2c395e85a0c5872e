"""Relatedness is minus the error of one embedding as a prediction of the other."""

from __future__ import annotations

from typing import ClassVar

from pydantic import NonNegativeFloat, model_validator

from relation.numeric.lazy import keras
from trainer_module.heads.base import SimilarityHead


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
    def _some_weight(self) -> FeatureError:
        if not (self.l1 or self.l2 or self.cosine):
            raise ValueError("one of `l1`, `l2` and `cosine` must be greater than 0")
        return self

    def build(self) -> keras.layers.Layer:
        from trainer_module.heads.layers import FeatureErrorLayer

        return FeatureErrorLayer(self.l1, self.l2, self.cosine)
