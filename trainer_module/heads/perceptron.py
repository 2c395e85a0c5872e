"""Dense layers at the end of a head."""

from __future__ import annotations

from pydantic import Field

from relation.core.config import Sizes
from relation.numeric.lazy import keras
from relation.spec import Frozen


class Perceptron(Frozen):
    """Hidden layers with ReLU and dropout."""

    dense: Sizes = (64,)
    """Units of each hidden layer; an empty list: none, a linear head."""
    dropout: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of activations that are dropped at random after each hidden layer while training."""
    weight_decay: float = Field(0.0, ge=0.0)
    """Factor w of w·|kernel|², which each kernel adds to the loss."""

    def linear(self, units: int, activation: str | None = None) -> keras.layers.Layer:
        """One dense layer, [..., n] -> float32 [..., units]."""
        penalty = keras.regularizers.L2(self.weight_decay) if self.weight_decay else None
        return keras.layers.Dense(
            units, activation=activation, kernel_regularizer=penalty, dtype="float32"
        )

    def stack(self, outputs: int) -> keras.layers.Layer:
        """The hidden layers and a linear one: [..., n] -> float32 [..., outputs]."""
        from trainer_module.heads.layers import Stack

        layers = []
        for units in self.dense:
            layers.append(self.linear(units, "relu"))
            if self.dropout:
                layers.append(keras.layers.Dropout(self.dropout, dtype="float32"))
        return Stack([*layers, self.linear(outputs)])
