"""Relatedness is minus the squared Euclidean distance."""

from __future__ import annotations

from typing import ClassVar

from relation.numeric.lazy import keras
from trainer_module.heads.base import SimilarityHead
from trainer_module.ops import Tensor, as_float32, squared_distance, squared_distances


class SquaredDistance(SimilarityHead):
    """relatedness = -|left - right|^2, in (-inf, 0]."""

    similarity = "euclidean"
    is_logit: ClassVar[bool] = False
    below_zero: ClassVar[bool] = True

    def build(self) -> keras.layers.Layer:
        from trainer_module.heads.layers import PairFunction

        return PairFunction(
            lambda left, right: -squared_distance(left, right), name="squared_distance"
        )

    def matrix(self, layer: keras.layers.Layer, rows: Tensor, columns: Tensor) -> Tensor:
        del layer
        return -squared_distances(as_float32(rows), as_float32(columns))
