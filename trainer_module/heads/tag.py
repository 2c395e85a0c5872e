"""Tags of one entity."""

from __future__ import annotations

from trainer_module.heads.base import TagHead
from trainer_module.heads.perceptron import Perceptron
from trainer_module.lazy import keras


class Tag(Perceptron, TagHead):
    """A perceptron over the embedding; an output is the logit of one tag."""

    def build(self, tags: int) -> keras.layers.Layer:
        return self.stack(tags)
