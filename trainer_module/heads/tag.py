"""Tags of one entity."""

from __future__ import annotations

from relation.numeric.lazy import keras
from trainer_module.heads.base import TagHead
from trainer_module.heads.perceptron import Perceptron


class Tag(Perceptron, TagHead):
    """A perceptron over the embedding; an output is the logit of one tag."""

    def build(self, tags: int) -> keras.layers.Layer:
        return self.stack(tags)
