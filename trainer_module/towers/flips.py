"""Random flips of images while training, and flips of predicted images back."""

import keras
from keras import ops

from trainer_module.ops import Tensor


class DrawnFlips(keras.layers.Layer):
    """Which of `axes` of each image are flipped: [batch, ...] -> bool [batch, axes].

    While training, each with a probability of one half, independently; else none.
    """

    def __init__(self, axes: tuple[int, ...]):
        super().__init__(dtype="float32")
        self.axes = axes
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

    def __init__(self, axes: tuple[int, ...]):
        super().__init__(dtype="float32")
        self.axes = axes

    def call(self, images: Tensor, drawn: Tensor, training: bool = False) -> Tensor:
        if not training:
            return images
        for number, axis in enumerate(self.axes):
            chosen = drawn[:, number, None, None, None]
            images = ops.where(chosen, ops.flip(images, axis), images)
        return images
