"""Several numbers, or a class, of a pair."""

from __future__ import annotations

from relation.numeric.lazy import keras
from trainer_module.heads.base import VectorHead
from trainer_module.heads.pair_features import PairPerceptron


class Vector(PairPerceptron, VectorHead):
    """A perceptron over features of the pair; a class is the softmax of its outputs."""

    def build(self, outputs: int) -> keras.layers.Layer:
        return self.layer(outputs)
