"""Buckets of a row's negatives, bounded by the scores of its positives.

Sorting the few positives of a row, not its many negatives, is what keeps mining at O(B² log B) time
and O(B²) memory, and in practice near O(B²).
"""

from collections.abc import Callable
from typing import NamedTuple

from relation.numeric.lazy import tf
from trainer_module.ops import Tensor


class Positives(NamedTuple):
    """Positives of every row, nearest first; k = the most that any row has, at least 1.

    columns: int32 [batch, k].
    scores: [batch, k], descending; −inf where there is none.
    valid: bool [batch, k].
    """

    columns: Tensor
    scores: Tensor
    valid: Tensor


def sorted_positives(scores: Tensor, positive: Tensor) -> Positives:
    """The positives of scores [batch, columns]."""
    most = tf.reduce_max(tf.reduce_sum(tf.cast(positive, tf.int32), axis=1))
    missing = tf.constant(float("-inf"), scores.dtype)
    top = tf.math.top_k(tf.where(positive, scores, missing), tf.maximum(most, 1))
    return Positives(top.indices, top.values, top.values > missing)


class Buckets:
    """The columns of each row in buckets 0 … k, by the number of bounds above their score.

    Args:
      bounds: [batch, k], descending.
      scores: [batch, columns].
      mask: bool [batch, columns]; other columns are in no bucket.
      equal: whether a bound that equals the score is above it.
    """

    def __init__(self, bounds: Tensor, scores: Tensor, mask: Tensor, equal: bool = False):
        above = tf.searchsorted(-bounds, -scores, side="right" if equal else "left")
        rows, self._width = tf.shape(bounds)[0], tf.shape(bounds)[1] + 1
        segment = tf.range(rows)[:, tf.newaxis] * self._width + above
        self._rows = rows
        self._segment = tf.where(mask, segment, -1)

    def reduce(self, segment_op: Callable[..., Tensor], values: Tensor) -> Tensor:
        """An `unsorted_segment_…` of values [batch, columns]: [batch, k + 1]."""
        flat = tf.reshape(values, [-1]), tf.reshape(self._segment, [-1])
        return tf.reshape(segment_op(*flat, self._rows * self._width), [self._rows, self._width])

    def spread(self, values: Tensor) -> Tensor:
        """Look up the value of each column's bucket in values [batch, k + 1]: [batch, columns]."""
        return tf.gather(tf.reshape(values, [-1]), tf.maximum(self._segment, 0))


def least_from_here(x: Tensor) -> Tensor:
    """min of x_j … x_last at every j, along the last axis of [batch, k], in log k steps."""
    width = tf.shape(x)[1]

    def double(step: Tensor, least: Tensor) -> tuple[Tensor, Tensor]:
        both = tf.minimum(least[:, :-step], least[:, step:])
        return 2 * step, tf.concat([both, least[:, -step:]], 1)

    _, result = tf.while_loop(
        lambda step, _: step < width,
        double,
        (tf.constant(1), x),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, None])),
    )
    return result
