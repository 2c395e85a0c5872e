"""Relatedness is predicted from the two embeddings by a perceptron."""

from typing import Literal

import keras

from trainer_module.heads.base import SimilarityHead
from trainer_module.heads.pair_features import PairPerceptron
from trainer_module.ops import Tensor


class ConcatMlp(PairPerceptron, SimilarityHead):
    """relatedness = perceptron(features of the pair): a `logit`, or any `number` (regression)."""

    output: Literal["logit", "number"] = "logit"
    """`logit`: a sigmoid makes it a probability; `number`: the answer is any number
    (regression)."""

    @property
    def is_logit(self) -> bool:
        return self.output == "logit"

    def build(self) -> keras.layers.Layer:
        return Scalar(self.layer(1))


class Scalar(keras.layers.Layer):
    """The only output of a layer over pairs: [batch, 1] -> [batch]."""

    def __init__(self, pair: keras.layers.Layer):
        super().__init__(dtype="float32")
        self.pair = pair

    def call(self, left: Tensor, right: Tensor) -> Tensor:
        return self.pair(left, right)[:, 0]
