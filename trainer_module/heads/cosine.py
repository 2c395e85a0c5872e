"""Relatedness is the cosine of the angle between the embeddings."""

from typing import ClassVar

import keras
from keras import ops

from trainer_module.l2_normalize import cosine, unit_length
from trainer_module.ops import Tensor, wide
from trainer_module.registry import Head


class Cosine(Head):
    """relatedness = left·right / (|left| |right|), in [-1, 1]; 0 for a zero vector."""

    similarity = "cosine"
    is_logit: ClassVar[bool] = False

    def build(self) -> keras.layers.Layer:
        return _Layer(name="cosine", dtype="float32")

    def matrix(self, layer: keras.layers.Layer, rows: Tensor, columns: Tensor) -> Tensor:
        del layer
        ends = unit_length(wide(rows)), unit_length(wide(columns))
        return ops.matmul(ends[0], ops.transpose(ends[1]))


class _Layer(keras.layers.Layer):
    def call(self, left: Tensor, right: Tensor) -> Tensor:
        return cosine(left, right)
