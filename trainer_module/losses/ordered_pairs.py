"""Pairs of columns of one row, over which pairwise losses sum."""

from relation.numeric.lazy import ops
from trainer_module.ops import Tensor


def ordered_pairs(labels: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """Every ordered pair (i, j) of columns of one row.

    Args:
      labels: [batch, columns].
      scores: [batch, columns].

    Returns:
      s_i − s_j, [batch, columns, columns], and whether y_i > y_j, bool of that shape.
    """
    gaps = ops.expand_dims(scores, 2) - ops.expand_dims(scores, 1)
    return gaps, ops.expand_dims(labels, 2) > ops.expand_dims(labels, 1)
