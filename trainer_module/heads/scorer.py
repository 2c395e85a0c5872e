"""A score of one entity, to rank it by."""

import keras

from trainer_module.heads.base import ScoreHead
from trainer_module.heads.perceptron import Perceptron
from trainer_module.ops import Tensor


class Scorer(Perceptron, ScoreHead):
    """A perceptron over the embedding, which should not be normalised: length may matter, too."""

    def build(self) -> keras.layers.Layer:
        return Only(self.stack(1))


class Only(keras.layers.Layer):
    """The only output of a layer: [batch, d] -> [batch]."""

    def __init__(self, stack: keras.layers.Layer):
        super().__init__(dtype="float32")
        self.stack = stack

    def call(self, embedding: Tensor) -> Tensor:
        return self.stack(embedding)[:, 0]
