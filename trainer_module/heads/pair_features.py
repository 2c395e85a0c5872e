"""Features of a pair of embeddings, for a perceptron."""

from collections.abc import Callable
from typing import Literal

import keras
from keras import ops
from pydantic import Field

from trainer_module.heads.perceptron import Perceptron
from trainer_module.ops import Tensor, cosine, distance

PairFeature = Literal["left", "right", "difference", "product", "cosine", "distance"]

_FEATURES: dict[PairFeature, Callable[[Tensor, Tensor], Tensor]] = {
    "left": lambda left, right: left,
    "right": lambda left, right: right,
    "difference": lambda left, right: ops.abs(left - right),
    "product": lambda left, right: left * right,
    "cosine": lambda left, right: cosine(left, right)[:, None],
    "distance": lambda left, right: distance(left, right)[:, None],
}


class PairPerceptron(Perceptron):
    """A perceptron over `inputs`, side by side: the embeddings themselves; |left - right| and
    left·right, number by number; their cosine; their Euclidean distance.

    Without `left` and `right`, the answer is the same when they are swapped.
    """

    inputs: tuple[PairFeature, ...] = Field(
        ("left", "right", "difference", "product"), min_length=1
    )
    """Inputs of the perceptron, side by side: both embeddings (`left`, `right`); |left − right| and
    left·right, number by number (`difference`, `product`); their `cosine`; their Euclidean
    `distance`."""

    def layer(self, outputs: int) -> keras.layers.Layer:
        """(left [batch, d], right [batch, d]) -> float32 [batch, outputs]."""
        return PairStack(self.inputs, self.stack(outputs))


class PairStack(keras.layers.Layer):
    """Features of a pair into a stack, in float32."""

    def __init__(self, inputs: tuple[PairFeature, ...], stack: keras.layers.Layer):
        super().__init__(dtype="float32")
        self.inputs = inputs
        self.stack = stack

    def call(self, left: Tensor, right: Tensor) -> Tensor:
        features = [_FEATURES[name](left, right) for name in self.inputs]
        return self.stack(ops.concatenate(features, axis=-1))
