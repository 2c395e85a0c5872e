"""Relatedness is the cosine of the angle between the embeddings."""

from __future__ import annotations

from typing import ClassVar

from relation.numeric.lazy import keras, ops
from trainer_module.heads.base import SimilarityHead
from trainer_module.ops import Tensor, as_float32, cosine, l2_normalize


class Cosine(SimilarityHead):
    """relatedness = left·right / (|left| |right|), in [-1, 1]; 0 for a zero vector."""

    similarity = "cosine"
    is_logit: ClassVar[bool] = False

    def build(self) -> keras.layers.Layer:
        from trainer_module.heads.layers import PairFunction

        return PairFunction(cosine, name="cosine")

    def matrix(self, layer: keras.layers.Layer, rows: Tensor, columns: Tensor) -> Tensor:
        del layer
        ends = l2_normalize(as_float32(rows)), l2_normalize(as_float32(columns))
        return ops.matmul(ends[0], ops.transpose(ends[1]))
