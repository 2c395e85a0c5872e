"""The image that belongs to an image: what a tower of images gives is the answer."""

from __future__ import annotations

from relation.numeric.lazy import keras
from trainer_module.heads.base import ImageHead


class Image(ImageHead):
    """The image that the tower of the first role gives, such as `encoder_decoder`, as it is."""

    def build(self) -> keras.layers.Layer:
        return keras.layers.Identity(dtype="float32", name="image")
