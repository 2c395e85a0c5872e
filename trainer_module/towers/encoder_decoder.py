"""An image for an image: a U-Net."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from relation.core.config import Size, Sizes
from relation.numeric.lazy import keras
from relation.schema import Feature
from trainer_module.ops import Tensor
from trainer_module.preprocessing.vocabulary import Vocabulary
from trainer_module.towers.base import Norm
from trainer_module.towers.image import ImageTower


class EncoderDecoder(ImageTower):
    """U-Net (Ronneberger et al. 2015, padded): [batch, height, width, channels] ->
    [batch, height, width, outputs].

    Each of `filters` is a level of two 3x3 convolutions with `norm` and ReLU; a level has half the
    height and width of the one before it, and on the way back up is joined to it. `dropout` is at
    the lowest level. The prediction for a flipped image is flipped back, so that targets stay as
    they are.
    """

    filters: Sizes = Field((16, 32, 64), min_length=1)
    """Channels of each level, from the highest resolution to the lowest."""
    norm: Norm = "batch"
    """Normalization of hidden activations, as of every tower; here over the batch by default."""
    normalize: bool = False
    """Whether the outputs of each pixel are divided by their length."""
    outputs: Size = 1
    """Channels of the predicted image."""
    activation: Literal["linear", "sigmoid"] = "sigmoid"
    """Activation after the last convolution; `sigmoid` predicts in [0, 1]."""

    @property
    def image(self) -> tuple[int, int, int]:
        return self.height, self.width, self.outputs

    def check(self, features: tuple[Feature, ...]) -> None:
        super().check(features)
        step = 2 ** (len(self.filters) - 1)
        if self.height % step or self.width % step:
            raise ValueError(
                f"{len(self.filters)} levels halve the image {len(self.filters) - 1} times: "
                f"height and width must be multiples of {step}"
            )

    def build(
        self, features: tuple[Feature, ...], vocabularies: Mapping[str, Vocabulary] = {}
    ) -> keras.Model:
        image = keras.Input((self.height, self.width, self.channels))
        x, flipped_back = self.flipped(image)
        skipped = []
        for filters in self.filters[:-1]:
            x = self._level(x, filters)
            skipped.append(x)
            x = keras.layers.MaxPooling2D(2)(x)
        x = self.with_dropout(self._level(x, self.filters[-1]))
        for filters, skip in zip(self.filters[-2::-1], skipped[::-1], strict=True):
            x = keras.layers.Conv2DTranspose(
                filters, 2, strides=2, kernel_regularizer=self.penalty()
            )(x)
            x = self._level(keras.layers.Concatenate()([skip, x]), filters)
        x = keras.layers.Conv2D(
            self.outputs,
            1,
            activation=self.activation,
            kernel_regularizer=self.penalty(),
            dtype="float32",
        )(x)
        x = flipped_back(self.l2_normalized(x))
        return self.model({features[0].name: image}, x, "encoder_decoder")

    def _level(self, x: Tensor, filters: int) -> Tensor:
        for _ in range(2):
            x = keras.layers.Conv2D(
                filters,
                3,
                padding="same",
                use_bias=self.norm == "none",
                kernel_regularizer=self.penalty(),
            )(x)
            x = keras.layers.ReLU()(self.normalized_hidden(x))
        return x
