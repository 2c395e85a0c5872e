"""Ranks, gains and discounts of lists: the pieces of NDCG that listwise losses share."""

import math

from relation.numeric.lazy import ops
from trainer_module.ops import Tensor


def before(values: Tensor, valid: Tensor) -> Tensor:
    """Whether column j comes before column i by descending value, bool [batch, i, j].

    Equal values come in the order of their columns. `valid`, bool [batch, length]: others come
    before nothing.
    """
    columns = ops.arange(values.shape[1])
    mine, other = ops.expand_dims(values, 2), ops.expand_dims(values, 1)
    earlier = ops.expand_dims(columns, 1) > ops.expand_dims(columns, 0)
    first = ops.logical_or(other > mine, ops.logical_and(other == mine, earlier))
    return ops.logical_and(first, ops.expand_dims(valid, 1))


def ranks(values: Tensor, valid: Tensor) -> Tensor:
    """Ranks by descending value: 1 + the number of valid columns that come before.

    Args:
      values: float [batch, length].
      valid: bool [batch, length].

    Returns:
      Ranks [batch, length], in the dtype of `values`.
    """
    return 1.0 + ops.sum(ops.cast(before(values, valid), values.dtype), axis=-1)


def discount(rank: Tensor) -> Tensor:
    """log2(1 + rank) of ranks from 1: float [...] -> [...], any shape, same dtype."""
    return ops.log1p(rank) / math.log(2.0)


def normalized_gains(grades: Tensor, valid: Tensor) -> Tensor:
    """(2^grade − 1) / ideal DCG, [batch, length].

    0 where not valid, and throughout a list without any relevant document.
    """
    gains = ops.where(valid, ops.expm1(math.log(2.0) * ops.where(valid, grades, 0.0)), 0.0)
    ideal = ops.sum(gains / discount(ranks(grades, valid)), axis=-1, keepdims=True)
    some = ideal > 0.0
    return ops.where(some, gains / ops.where(some, ideal, 1.0), 0.0)
