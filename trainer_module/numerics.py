"""Numerically careful pieces that heads and losses share."""

from typing import Any

from keras import ops

Tensor = Any
"""A Keras tensor; shapes and dtypes are in the docstrings."""


def squared_distance(left: Tensor, right: Tensor) -> Tensor:
    """Squared Euclidean distance of rows: [batch, d], [batch, d] -> [batch]."""
    return ops.sum(ops.square(left - right), axis=-1)


def distance(left: Tensor, right: Tensor) -> Tensor:
    """Euclidean distance of rows: [batch, d], [batch, d] -> [batch].

    The value is exact, 0 for equal rows included; the gradient there, infinite for a plain square
    root (and NaN once multiplied by 0), is 0.
    """
    squared = squared_distance(left, right)
    equal = squared <= 0.0
    return ops.where(equal, 0.0, ops.sqrt(ops.where(equal, 1.0, squared)))
