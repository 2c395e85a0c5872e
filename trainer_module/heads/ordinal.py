"""Grades of the tags of one entity."""

import math

import keras
from keras import ops

from trainer_module.heads.base import GradeHead
from trainer_module.heads.perceptron import Perceptron
from trainer_module.ops import Tensor


class Ordinal(Perceptron, GradeHead):
    """A perceptron gives one score a tag, and each tag has thresholds that rise with the grade:
    the logit of "above grade j" is score − threshold_j, so no grade is likelier than a lower one
    (Cao, Mirjalili, Raschka, "Rank consistent ordinal regression for neural networks", 2020; there
    the thresholds are free). The gaps between them are learnt, and are 1 at first.
    """

    def build(self, tags: int, levels: int) -> keras.layers.Layer:
        return Cumulative(self.stack(tags), tags, levels)


class Cumulative(keras.layers.Layer):
    """[batch, d] -> [batch, tags · levels], the levels of the first tag first."""

    def __init__(self, stack: keras.layers.Layer, tags: int, levels: int):
        super().__init__(dtype="float32")
        self.stack = stack
        self.gaps = self.add_weight(
            shape=(tags, levels - 1),
            initializer=keras.initializers.Constant(math.log(math.e - 1.0)),
            name="gaps",
        )

    def call(self, embedding: Tensor) -> Tensor:
        above = ops.cumsum(ops.softplus(self.gaps), axis=1)
        thresholds = ops.pad(above, ((0, 0), (1, 0)))
        logits = self.stack(embedding)[:, :, None] - thresholds
        return ops.reshape(logits, (-1, thresholds.shape[0] * thresholds.shape[1]))
