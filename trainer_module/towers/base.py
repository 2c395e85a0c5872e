"""The base of towers: parameters, checks, and shared parts of their networks."""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping
from typing import ClassVar, Literal, TypeAlias

from pydantic import Field

from relation.numeric.lazy import keras, ops
from relation.schema import Feature, FeatureKind
from relation.spec import Frozen
from trainer_module.data.decode_roles import Decode
from trainer_module.ops import Tensor
from trainer_module.preprocessing.vocabulary import Vocabulary

Norm: TypeAlias = Literal["none", "batch", "layer", "group"]
GROUPS = 8
"""Groups of channels of group normalization; fewer where 8 does not divide the channels."""


class Tower(Frozen, abc.ABC):
    """Parameters of a tower, and how it is built."""

    kinds: ClassVar[frozenset[FeatureKind]]
    """The kinds of features that it takes."""
    frozen: bool = False
    """Whether training leaves the tower unchanged, so that others learn to match its features."""

    @property
    def image(self) -> tuple[int, int, int] | None:
        """Height, width and channels of its output if that is an image; None if a vector."""
        return None

    def check(self, features: tuple[Feature, ...]) -> None:
        """Raises ValueError if it cannot take these features."""
        for feature in features:
            if feature.kind not in self.kinds:
                raise ValueError(
                    f"feature {feature.name!r} is of kind {feature.kind.value}; this tower takes "
                    + ", ".join(sorted(kind.value for kind in self.kinds))
                )

    @abc.abstractmethod
    def decode(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Turn transformed features of a batch into the inputs of the network.

        Runs in the input pipeline while training, and in the graph of the signatures.

        Args:
          features: by name: numbers float32 and indices int64, both [batch, width]; encoded images
            string [batch, 1].

        Returns:
          The same features by name; images decoded, float32 [batch, height, width, channels].
        """

    def decoder(self, memory_mb: int) -> Decode:
        """`decode` for one training, with a cache of `memory_mb` MiB."""
        return self.decode

    @abc.abstractmethod
    def build(
        self, features: tuple[Feature, ...], vocabularies: Mapping[str, Vocabulary] = {}
    ) -> keras.Model:
        """The network: {feature name: decoded tensor} -> embedding [batch, d], float32.

        `vocabularies`: of each categorical or text feature by name; known after Transform.
        """

    def vector(self, output: Tensor) -> Tensor:
        """Its output as one vector for each entity, [batch, d]; an image is flattened row by
        row."""
        return output if self.image is None else ops.reshape(output, (-1, math.prod(self.image)))


class Network(Tower, abc.ABC):
    """Parameters of every tower."""

    normalize: bool = True
    """Whether embeddings are divided by their length."""
    dropout: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of activations that are dropped at random while training."""
    weight_decay: float = Field(0.0, ge=0.0)
    """Factor w of w·|kernel|², which each kernel adds to the loss."""
    norm: Norm = "none"
    """Normalization of hidden activations: over the batch; over the features of each example
    (`layer`); or over groups of channels of each example, for small batches (`group`; Wu and He,
    "Group Normalization", 2018)."""

    def check(self, features: tuple[Feature, ...]) -> None:
        super().check(features)
        if self.frozen and (self.dropout or self.weight_decay):
            raise ValueError("a frozen tower takes no `dropout` and no `weight_decay`")

    def model(self, inputs: Mapping[str, Tensor], embedding: Tensor, name: str) -> keras.Model:
        """The network of a graph of layers; its weights stay as they are if the tower is frozen.

        Args:
          inputs: Keras inputs by name of feature, float32 or int64 [batch, ...].
          embedding: the output, [batch, d]; of towers of images or words [batch, ...].
          name: the name of the network.
        """
        result = keras.Model(inputs, embedding, name=name)
        result.trainable = not self.frozen
        return result

    def penalty(self) -> keras.regularizers.Regularizer | None:
        """The penalty of a kernel."""
        return keras.regularizers.L2(self.weight_decay) if self.weight_decay else None

    def normalized_hidden(self, x: Tensor) -> Tensor:
        """Normalize hidden activations as `norm` says: float [batch, ..., n] -> the same shape."""
        if self.norm == "batch":
            return keras.layers.BatchNormalization()(x)
        if self.norm == "group":
            return keras.layers.GroupNormalization(math.gcd(GROUPS, x.shape[-1]))(x)
        return keras.layers.LayerNormalization()(x) if self.norm == "layer" else x

    def with_dropout(self, x: Tensor) -> Tensor:
        """Apply dropout while training: float [batch, ..., n] -> the same shape."""
        return keras.layers.Dropout(self.dropout)(x) if self.dropout else x

    def project(self, x: Tensor, size: int) -> Tensor:
        """[batch, n] -> the embedding, float32 [batch, size] in any precision before it."""
        dense = keras.layers.Dense(size, kernel_regularizer=self.penalty(), dtype="float32")
        return self.l2_normalized(dense(x))

    def l2_normalized(self, x: Tensor) -> Tensor:
        """[..., d] -> the same, of unit length if `normalize`."""
        from trainer_module.towers.layers import L2Normalize

        return L2Normalize(dtype="float32")(x) if self.normalize else x
