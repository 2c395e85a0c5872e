"""A score of one entity, to rank it by."""

from __future__ import annotations

from relation.numeric.lazy import keras
from trainer_module.heads.base import ScoreHead
from trainer_module.heads.perceptron import Perceptron


class Scorer(Perceptron, ScoreHead):
    """A perceptron over the embedding, which should not be normalised: length may matter, too."""

    def build(self) -> keras.layers.Layer:
        from trainer_module.heads.layers import Only

        return Only(self.stack(1))
