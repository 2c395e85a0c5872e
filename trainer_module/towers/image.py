"""The base of towers over one image."""

import abc
from collections.abc import Callable, Mapping
from typing import ClassVar, Literal, TypeAlias

from relation.core.config import Size
from relation.numeric.lazy import tf
from relation.schema import Feature, FeatureKind
from trainer_module.data.decode_roles import Decode
from trainer_module.ops import Tensor
from trainer_module.towers.base import Network

Flip: TypeAlias = Literal["none", "horizontal", "both"]
AXES: dict[Flip, tuple[int, ...]] = {"none": (), "horizontal": (2,), "both": (2, 1)}
"""Axes of [batch, height, width, channels] along which images are flipped."""


class ImageTower(Network, abc.ABC):
    """One image, brought to height × width × channels, in [0, 1]."""

    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.IMAGE})

    height: Size
    """Pixels from top to bottom that images are resized to."""
    width: Size
    """Pixels from left to right that images are resized to."""
    channels: Literal[1, 3, 4] = 1
    """1 = grey, 3 = RGB, 4 = RGBA; images of any other channels are converted."""
    flip: Flip = "none"
    """Random mirroring while training: `horizontal`, left to right with a probability of one half;
    `both`, independently of that also upside down."""

    def check(self, features: tuple[Feature, ...]) -> None:
        super().check(features)
        if self.frozen and self.flip != "none":
            raise ValueError(
                "a frozen tower must embed an image the same way every time: `flip` must be none"
            )
        if sum(feature.kind is FeatureKind.IMAGE for feature in features) != 1:
            names = ", ".join(feature.name for feature in features)
            raise ValueError(f"this tower takes one image; the recipe gives it {names}")

    def flipped(self, image: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Flip images at random as `flip` says, and return the function that flips predictions
        back.

        Args:
          image: float32 [batch, height, width, channels].

        Returns:
          The images, same shape and dtype, and the function. It takes and returns predictions
          [batch, height, width, c].
        """
        if self.flip == "none":
            return image, lambda answer: answer
        from trainer_module.towers.flips import DrawnFlips, Flipped

        axes = AXES[self.flip]
        drawn = DrawnFlips(axes)(image)
        return Flipped(axes)(image, drawn), lambda answer: Flipped(axes)(answer, drawn)

    def decode(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        from relation.features.images.decode import decode_images

        size = self.height, self.width, self.channels
        return _decoded(features, lambda encoded: decode_images(encoded, *size))

    def decoder(self, memory_mb: int) -> Decode:
        from trainer_module.data.remembered_images import RememberedImages

        images = RememberedImages(self.height, self.width, self.channels, memory_mb)
        return lambda features: _decoded(features, images)


def _decoded(
    features: Mapping[str, Tensor], images: Callable[[Tensor], Tensor]
) -> dict[str, Tensor]:
    return {
        name: images(value) if value.dtype == tf.string else value
        for name, value in features.items()
    }
