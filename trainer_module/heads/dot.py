"""Relatedness is the dot product of the embeddings."""

from typing import ClassVar

import keras
from keras import ops

from trainer_module.heads.base import SimilarityHead
from trainer_module.ops import Tensor, as_float32


class Dot(SimilarityHead):
    """relatedness = left·right; of normalised embeddings it is their cosine."""

    similarity = "dot"
    is_logit: ClassVar[bool] = False

    def build(self) -> keras.layers.Layer:
        return _Layer(name="dot", dtype="float32")

    def matrix(self, layer: keras.layers.Layer, rows: Tensor, columns: Tensor) -> Tensor:
        del layer
        return ops.matmul(as_float32(rows), ops.transpose(as_float32(columns)))


class _Layer(keras.layers.Layer):
    def call(self, left: Tensor, right: Tensor) -> Tensor:
        return ops.sum(left * right, axis=-1)
