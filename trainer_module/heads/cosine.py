"""Relatedness is the cosine of the angle between the embeddings."""

from typing import ClassVar

import keras
from keras import ops

from trainer_module.heads.base import SimilarityHead
from trainer_module.ops import Tensor, as_float32, cosine, l2_normalize


class Cosine(SimilarityHead):
    """relatedness = left·right / (|left| |right|), in [-1, 1]; 0 for a zero vector."""

    similarity = "cosine"
    is_logit: ClassVar[bool] = False

    def build(self) -> keras.layers.Layer:
        return _Layer(name="cosine", dtype="float32")

    def matrix(self, layer: keras.layers.Layer, rows: Tensor, columns: Tensor) -> Tensor:
        del layer
        ends = l2_normalize(as_float32(rows)), l2_normalize(as_float32(columns))
        return ops.matmul(ends[0], ops.transpose(ends[1]))


class _Layer(keras.layers.Layer):
    def call(self, left: Tensor, right: Tensor) -> Tensor:
        return cosine(left, right)
