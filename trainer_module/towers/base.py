"""What the networks of all towers share: regularisation, normalisation, the embedding itself."""

import abc
import math
from collections.abc import Mapping
from typing import Literal, TypeAlias

import keras
from pydantic import Field

from relation.schema import Feature
from trainer_module.l2_normalize import unit_length
from trainer_module.ops import Tensor
from trainer_module.registry import Tower

Norm: TypeAlias = Literal["none", "batch", "layer", "group"]
GROUPS = 8
"""Of channels, or fewer where that does not divide them."""


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
            raise ValueError("a frozen tower learns nothing: no `dropout`, no `weight_decay`")

    def model(self, inputs: Mapping[str, Tensor], embedding: Tensor, name: str) -> keras.Model:
        """The network of a graph of layers."""
        result = keras.Model(inputs, embedding, name=name)
        result.trainable = not self.frozen
        return result

    def penalty(self) -> keras.regularizers.Regularizer | None:
        """The penalty of a kernel."""
        return keras.regularizers.L2(self.weight_decay) if self.weight_decay else None

    def normed(self, x: Tensor) -> Tensor:
        """Normalised as `norm` says, or as it is; same shape."""
        if self.norm == "batch":
            return keras.layers.BatchNormalization()(x)
        if self.norm == "group":
            return keras.layers.GroupNormalization(math.gcd(GROUPS, x.shape[-1]))(x)
        return keras.layers.LayerNormalization()(x) if self.norm == "layer" else x

    def dropped(self, x: Tensor) -> Tensor:
        """With dropout while training; same shape."""
        return keras.layers.Dropout(self.dropout)(x) if self.dropout else x

    def embedded(self, x: Tensor, size: int) -> Tensor:
        """[batch, n] -> the embedding, float32 [batch, size] whatever the precision before it."""
        dense = keras.layers.Dense(size, kernel_regularizer=self.penalty(), dtype="float32")
        return self.unit(dense(x))

    def unit(self, x: Tensor) -> Tensor:
        """[..., d], of unit length if `normalize`."""
        return UnitLength(dtype="float32")(x) if self.normalize else x


class UnitLength(keras.layers.Layer):
    """[..., d] -> the same, of unit length."""

    def call(self, x: Tensor) -> Tensor:
        return unit_length(x)
