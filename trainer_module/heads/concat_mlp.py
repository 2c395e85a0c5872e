"""Relatedness is predicted from the two embeddings by a perceptron."""

from __future__ import annotations

from typing import Literal

from relation.numeric.lazy import keras
from trainer_module.heads.base import SimilarityHead
from trainer_module.heads.pair_features import PairPerceptron


class ConcatMlp(PairPerceptron, SimilarityHead):
    """relatedness = perceptron(features of the pair): a `logit`, or any `number` (regression)."""

    output: Literal["logit", "number"] = "logit"
    """`logit`: a sigmoid makes it a probability; `number`: the answer is any number
    (regression)."""

    @property
    def is_logit(self) -> bool:
        return self.output == "logit"

    def build(self) -> keras.layers.Layer:
        from trainer_module.heads.layers import Scalar

        return Scalar(self.layer(1))
