"""Relatedness is minus the Euclidean distance."""

from __future__ import annotations

from typing import ClassVar

from relation.numeric.lazy import keras
from trainer_module.heads.base import SimilarityHead
from trainer_module.ops import Tensor, as_float32, distance, root, squared_distances


class Distance(SimilarityHead):
    """relatedness = -|left - right|, in (-inf, 0]."""

    similarity = "euclidean"
    is_logit: ClassVar[bool] = False
    below_zero: ClassVar[bool] = True

    def build(self) -> keras.layers.Layer:
        from trainer_module.heads.layers import PairFunction

        return PairFunction(lambda left, right: -distance(left, right), name="distance")

    def matrix(self, layer: keras.layers.Layer, rows: Tensor, columns: Tensor) -> Tensor:
        del layer
        return -root(squared_distances(as_float32(rows), as_float32(columns)))
