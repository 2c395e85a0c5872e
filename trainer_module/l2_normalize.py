"""Unit vectors, with zero vectors in mind."""

from keras import ops

from trainer_module.ops import Tensor


def unit_length(x: Tensor) -> Tensor:
    """x/|x| along the last axis, [..., d] -> [..., d]; 0 for x = 0, where the gradient is 0, too.

    A floor under |x| would make the gradient there its inverse, too large for float16.
    """
    squared = ops.sum(ops.square(x), axis=-1, keepdims=True)
    zero = squared <= 0.0
    return x * ops.where(zero, 0.0, ops.rsqrt(ops.where(zero, 1.0, squared)))


def cosine(left: Tensor, right: Tensor) -> Tensor:
    """Cosine of the angle between rows: [batch, d], [batch, d] -> [batch]; 0 for a zero vector."""
    return ops.sum(unit_length(left) * unit_length(right), axis=-1)
