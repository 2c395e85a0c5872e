"""Random flips of images while training, and flips of predicted images back."""

from typing import Literal, TypeAlias

import keras
from keras import ops

from trainer_module.ops import Tensor

Flip: TypeAlias = Literal["none", "horizontal", "both"]
AXES: dict[Flip, tuple[int, ...]] = {"none": (), "horizontal": (2,), "both": (2, 1)}
"""Axes of [batch, height, width, channels] along which images are flipped."""


class DrawnFlips(keras.layers.Layer):
    """Which axes of each image are flipped: [batch, ...] -> bool [batch, axes].

    While training, each with a probability of one half, independently; else none.
    """

    def __init__(self, flip: Flip):
        super().__init__(dtype="float32")
        self.axes = AXES[flip]
        self.seed = keras.random.SeedGenerator()

    def call(self, images: Tensor, training: bool = False) -> Tensor:
        shape = (ops.shape(images)[0], len(self.axes))
        if not training:
            return ops.zeros(shape, "bool")
        return keras.random.uniform(shape, dtype="float32", seed=self.seed) < 0.5


class Flipped(keras.layers.Layer):
    """Images flipped along what was drawn for each: [batch, height, width, c] -> the same shape.

    Flips commute, and each is its own inverse: the same draw twice gives the images again.
    """

    def __init__(self, flip: Flip):
        super().__init__(dtype="float32")
        self.axes = AXES[flip]

    def call(self, images: Tensor, drawn: Tensor, training: bool = False) -> Tensor:
        if not training:
            return images
        for number, axis in enumerate(self.axes):
            chosen = drawn[:, number, None, None, None]
            images = ops.where(chosen, ops.flip(images, axis), images)
        return images
