"""A pretrained network of `keras.applications` under an embedding."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, NonNegativeInt

from relation.numeric.lazy import keras
from relation.schema import Feature
from trainer_module.ops import Tensor
from trainer_module.preprocessing.vocabulary import Vocabulary
from trainer_module.towers.image import ImageTower

IMAGENET, NONE = "imagenet", "none"


def _family(name: str) -> ModuleType:
    """The module of a network: it holds the `preprocess_input` that the weights go with."""
    for module in vars(keras.applications).values():
        if isinstance(module, ModuleType) and name[:1].isupper() and hasattr(module, name):
            return module
    raise ValueError(f"keras.applications has no {name!r}")


def networks() -> list[str]:
    """Names of the networks that Keras lists in a file, read as text: to import it takes long."""
    spec = importlib.util.find_spec("keras")
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).parent
    lists = [root / folder / "applications/__init__.py" for folder in (".", "api")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in lists if path.is_file())
    return re.findall(r" as ([A-Z]\w+),?$", text, re.MULTILINE)


def _known(name: str) -> str:
    if name not in networks():
        raise ValueError("expected a network of keras.applications, such as ResNet50")
    return name


class Backbone(ImageTower):
    """A network of `keras.applications`, its features averaged over the image; then `norm`,
    `dropout` and the embedding. Pixels are scaled as the network expects them.
    """

    channels: Literal[3] = 3
    """Channels of the image: networks of `keras.applications` take three."""
    network: Annotated[str, AfterValidator(_known)] = "ResNet50"
    """A name of `keras.applications`, such as ResNet50 or MobileNetV2."""
    weights: str = Field(IMAGENET, min_length=1)
    """`imagenet` (fetched by Keras), a file of the network's weights without its top
    (`.weights.h5`, or `.h5` as Keras publishes them), or `none` (random)."""
    trainable: bool = False
    """Whether training changes the network; if not, its batch normalization keeps its statistics,
    too."""
    embedding: NonNegativeInt = 64
    """Numbers in the embedding; 0: the averaged features themselves."""

    def check(self, features: tuple[Feature, ...]) -> None:
        super().check(features)
        if self.frozen and self.trainable:
            raise ValueError("trainable: got true; expected false, since the tower is frozen")
        if self.weights not in (IMAGENET, NONE) and not Path(self.weights).is_file():
            raise ValueError(
                f"weights: got {self.weights!r}; expected imagenet, none, or the path of an "
                "existing file"
            )

    def build(
        self, features: tuple[Feature, ...], vocabularies: Mapping[str, Vocabulary] = {}
    ) -> keras.Model:
        from trainer_module.towers.layers import InInference

        shape = (self.height, self.width, self.channels)
        image = keras.Input(shape)
        x, _ = self.flipped(image)
        x = _family(self.network).preprocess_input(255.0 * x)
        network = self._network(shape)
        x = network(x) if self.trainable else InInference(network)(x)
        x = self.with_dropout(self.normalized_hidden(x))
        if self.embedding:
            x = self.project(x, self.embedding)
        else:
            x = self.l2_normalized(keras.layers.Activation("linear", dtype="float32")(x))
        return self.model({features[0].name: image}, x, "backbone")

    def _network(self, shape: tuple[int, int, int]) -> Tensor:
        """The network with its weights: [batch, height, width, 3] -> [batch, features]."""
        network = getattr(_family(self.network), self.network)(
            include_top=False,
            weights=IMAGENET if self.weights == IMAGENET else None,
            input_shape=shape,
            pooling="avg",
        )
        if self.weights not in (IMAGENET, NONE):
            network.load_weights(self.weights)
        network.trainable = self.trainable
        return network
