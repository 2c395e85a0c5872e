"""An image as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from relation.numeric.lazy import keras
from relation.schema import Feature
from trainer_module.preprocessing.vocabulary import Vocabulary
from trainer_module.towers.image import ImageTower


class Pixels(ImageTower):
    """[batch, height, width, channels] in [0, 1], decoded and resized: nothing is learnt.

    It is the tower of the labels where a model predicts images.
    """

    frozen: Literal[True] = True
    """Always true: there is nothing to train."""
    normalize: Literal[False] = False
    """Always false: pixels stay in [0, 1]."""

    @property
    def image(self) -> tuple[int, int, int]:
        return self.height, self.width, self.channels

    def build(
        self, features: tuple[Feature, ...], vocabularies: Mapping[str, Vocabulary] = {}
    ) -> keras.Model:
        image = keras.Input((self.height, self.width, self.channels))
        same = keras.layers.Identity(dtype="float32")(image)
        return self.model({features[0].name: image}, same, "pixels")
