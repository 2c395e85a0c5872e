"""Several numbers, or a class, of a pair."""

from __future__ import annotations

from trainer_module.heads.base import VectorHead
from trainer_module.heads.pair_features import PairPerceptron
from trainer_module.lazy import keras


class Vector(PairPerceptron, VectorHead):
    """A perceptron over features of the pair; a class is the softmax of its outputs."""

    def build(self, outputs: int) -> keras.layers.Layer:
        return self.layer(outputs)
