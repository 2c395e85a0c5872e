"""Relatedness is minus the squared Euclidean distance."""

from typing import ClassVar

import keras

from trainer_module.numerics import Tensor, squared_distance
from trainer_module.parts import Head


class SquaredDistance(Head):
    """relatedness = -|left - right|^2, in (-inf, 0]."""

    is_logit: ClassVar[bool] = False

    def build(self) -> keras.layers.Layer:
        return _Layer(name="squared_distance", dtype="float32")


class _Layer(keras.layers.Layer):
    def call(self, left: Tensor, right: Tensor) -> Tensor:
        return -squared_distance(left, right)
