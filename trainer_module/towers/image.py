"""What the towers over one image share."""

import abc
from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar

import tensorflow as tf
from pydantic import Field, PositiveInt

from relation.schema import Feature, FeatureKind
from trainer_module.images import RememberedImages, decode_images
from trainer_module.numerics import Tensor
from trainer_module.parts import Decode
from trainer_module.towers.network import Network


class ImageTower(Network, abc.ABC):
    """One image, brought to height × width × channels, in [0, 1]."""

    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.IMAGE})

    height: PositiveInt
    width: PositiveInt
    channels: Annotated[int, Field(ge=1, le=4)] = 1

    def check(self, features: tuple[Feature, ...]) -> None:
        super().check(features)
        if sum(feature.kind is FeatureKind.IMAGE for feature in features) != 1:
            names = ", ".join(feature.name for feature in features)
            raise ValueError(f"this tower takes one image, and the recipe gives it {names}")

    def decode(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        size = self.height, self.width, self.channels
        return _decoded(features, lambda encoded: decode_images(encoded, *size))

    def decoder(self, memory_mb: int) -> Decode:
        images = RememberedImages(self.height, self.width, self.channels, memory_mb)
        return lambda features: _decoded(features, images)


def _decoded(
    features: Mapping[str, Tensor], images: Callable[[Tensor], Tensor]
) -> dict[str, Tensor]:
    return {
        name: images(value) if value.dtype == tf.string else value
        for name, value in features.items()
    }
