"""Relatedness is minus the Euclidean distance."""

from typing import ClassVar

import keras

from trainer_module.ops import Tensor, distance, root, squared_distances, wide
from trainer_module.registry import Head


class Distance(Head):
    """relatedness = -|left - right|, in (-inf, 0]."""

    similarity = "euclidean"
    is_logit: ClassVar[bool] = False

    def build(self) -> keras.layers.Layer:
        return _Layer(name="distance", dtype="float32")

    def matrix(self, layer: keras.layers.Layer, rows: Tensor, columns: Tensor) -> Tensor:
        del layer
        return -root(squared_distances(wide(rows), wide(columns)))


class _Layer(keras.layers.Layer):
    def call(self, left: Tensor, right: Tensor) -> Tensor:
        return -distance(left, right)
