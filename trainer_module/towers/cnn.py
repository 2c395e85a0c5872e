"""A small convolutional network over one image."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import keras
from pydantic import Field, PositiveInt

from relation.schema import Feature, FeatureKind
from trainer_module.images import decode_images
from trainer_module.numerics import Tensor
from trainer_module.parts import Tower
from trainer_module.vocabulary import Vocabulary


class Cnn(Tower):
    """Blocks of 3x3 convolution, batch normalisation, ReLU and (but for the last) 2x2 pooling,
    then dense layers and the embedding, of unit length if `normalize`.

    `shift` is the largest random translation while training, as a share of each side.
    """

    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.IMAGE})

    height: PositiveInt
    width: PositiveInt
    channels: Annotated[int, Field(ge=1, le=4)] = 1
    filters: tuple[PositiveInt, ...] = Field((32, 64), min_length=1)
    dense: tuple[PositiveInt, ...] = (128,)
    dropout: float = Field(0.0, ge=0.0, lt=1.0)
    shift: float = Field(0.0, ge=0.0, lt=1.0)
    embedding: PositiveInt = 64
    normalize: bool = True

    def check(self, features: tuple[Feature, ...]) -> None:
        super().check(features)
        if len(features) != 1:
            names = ", ".join(feature.name for feature in features)
            raise ValueError(f"this tower takes one image, and the recipe gives it {names}")
        pooled = 2 ** (len(self.filters) - 1)
        if min(self.height, self.width) < pooled:
            raise ValueError(
                f"{len(self.filters)} blocks halve the image to nothing: height and width must be "
                f"at least {pooled}"
            )

    def decode(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {
            name: decode_images(encoded, self.height, self.width, self.channels)
            for name, encoded in features.items()
        }

    def build(
        self, features: tuple[Feature, ...], vocabularies: Mapping[str, Vocabulary] = {}
    ) -> keras.Model:
        shape = (self.height, self.width, self.channels)
        image = keras.Input(shape, name=features[0].name)
        x = image
        if self.shift:
            x = keras.layers.RandomTranslation(
                self.shift, self.shift, fill_mode="constant", interpolation="bilinear"
            )(x)
        for block, filters in enumerate(self.filters):
            x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            x = keras.layers.BatchNormalization()(x)
            x = keras.layers.ReLU()(x)
            if block < len(self.filters) - 1:
                x = keras.layers.MaxPooling2D(2)(x)
        x = keras.layers.Flatten()(x)
        for units in self.dense:
            x = keras.layers.Dense(units, activation="relu")(x)
            if self.dropout:
                x = keras.layers.Dropout(self.dropout)(x)
        x = keras.layers.Dense(self.embedding)(x)
        if self.normalize:
            x = keras.layers.UnitNormalization()(x)
        return keras.Model({features[0].name: image}, x, name="cnn")
