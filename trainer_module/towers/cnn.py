"""A small convolutional network over one image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from relation.core.config import Size, Sizes
from relation.numeric.lazy import keras
from relation.schema import Feature, FeatureKind
from trainer_module.preprocessing.vocabulary import Vocabulary
from trainer_module.towers.base import Norm
from trainer_module.towers.column_vectors import WithColumns, column_inputs
from trainer_module.towers.image import ImageTower


class Cnn(ImageTower, WithColumns):
    """Blocks of 3x3 convolution, `norm`, ReLU and, except in the last, 2x2 pooling; then dense
    layers and the embedding. Numbers, categories and bags of words join before the dense layers.
    """

    kinds: ClassVar[frozenset[FeatureKind]] = frozenset(FeatureKind)

    filters: Sizes = Field((32, 64), min_length=1)
    """Channels of each block of convolution."""
    dense: Sizes = (128,)
    """Units of each dense layer before the embedding."""
    norm: Norm = "batch"
    """Normalization of hidden activations, as of every tower; here over the batch by default."""
    shift: float = Field(0.0, ge=0.0, lt=1.0)
    """The largest random translation while training, as a share of each side."""
    embedding: Size = 64
    """Numbers in the embedding."""

    def check(self, features: tuple[Feature, ...]) -> None:
        super().check(features)
        if self.frozen and self.shift:
            raise ValueError(
                "a frozen tower must embed an image the same way every time: `shift` must be 0"
            )
        pooled = 2 ** (len(self.filters) - 1)
        if min(self.height, self.width) < pooled:
            raise ValueError(
                f"{len(self.filters)} blocks halve the image too often: height and width must be "
                f"at least {pooled}"
            )

    def build(
        self, features: tuple[Feature, ...], vocabularies: Mapping[str, Vocabulary] = {}
    ) -> keras.Model:
        shape = (self.height, self.width, self.channels)
        (picture,) = (f for f in features if f.kind is FeatureKind.IMAGE)
        others = [f for f in features if f is not picture]
        image = keras.Input(shape)
        inputs = {picture.name: image, **column_inputs(others)}
        x, _ = self.flipped(image)
        if self.shift:
            x = keras.layers.RandomTranslation(
                self.shift, self.shift, fill_mode="constant", interpolation="bilinear"
            )(x)
        for block, filters in enumerate(self.filters):
            x = keras.layers.Conv2D(
                filters,
                3,
                padding="same",
                use_bias=self.norm == "none",
                kernel_regularizer=self.penalty(),
            )(x)
            x = keras.layers.ReLU()(self.normalized_hidden(x))
            if block < len(self.filters) - 1:
                x = keras.layers.MaxPooling2D(2)(x)
        x = keras.layers.Flatten()(x)
        if others:
            x = keras.layers.Concatenate()([x, *self.columns(inputs, others, vocabularies)])
        for units in self.dense:
            x = keras.layers.Dense(units, activation="relu", kernel_regularizer=self.penalty())(x)
            x = self.with_dropout(x)
        return self.model(inputs, self.project(x, self.embedding), "cnn")
