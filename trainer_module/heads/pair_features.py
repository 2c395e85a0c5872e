"""Features of a pair of embeddings, for a perceptron."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from relation.numeric.lazy import keras
from trainer_module.heads.perceptron import Perceptron

PairFeature = Literal["left", "right", "difference", "product", "cosine", "distance"]


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
        from trainer_module.heads.layers import PairStack

        return PairStack(self.inputs, self.stack(outputs))
