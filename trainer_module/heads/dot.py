"""Relatedness is the dot product of the embeddings."""

from __future__ import annotations

from typing import ClassVar

from relation.numeric.lazy import keras, ops
from trainer_module.heads.base import SimilarityHead
from trainer_module.ops import Tensor, as_float32


class Dot(SimilarityHead):
    """relatedness = left·right; of normalised embeddings it is their cosine."""

    similarity = "dot"
    is_logit: ClassVar[bool] = False

    def build(self) -> keras.layers.Layer:
        from trainer_module.heads.layers import PairFunction

        return PairFunction(lambda left, right: ops.sum(left * right, axis=-1), name="dot")

    def matrix(self, layer: keras.layers.Layer, rows: Tensor, columns: Tensor) -> Tensor:
        del layer
        return ops.matmul(as_float32(rows), ops.transpose(as_float32(columns)))
