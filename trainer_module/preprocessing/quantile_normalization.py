"""Quantile normalization: numbers of any scale and skew become normally distributed."""

import tensorflow as tf

QUANTILES = 512
"""Number of equal shares of the training entities' numbers; 511 quantiles bound them."""


def quantile_normalize(numbers: tf.Tensor, quantiles: tf.Tensor) -> tf.Tensor:
    """Φ⁻¹ of the share of distinct quantiles that lie below, linear between two of them.

    Equal quantiles count once, so that a value that most rows have, such as 0, leaves the others
    their room: the ranks are nearer to those of distinct values than to those of rows. At the
    first quantile and below, and at the last and above, the share is half of 1 / `QUANTILES` from
    0 and from 1.

    Args:
      numbers: float32 [batch, n].
      quantiles: float32 [n, q], ascending, q ≥ 2.

    Returns:
      float32 [batch, n], within ±3.1; 0 of a component of one quantile only.
    """
    columns = tf.transpose(numbers)
    steps = tf.cast(quantiles[:, 1:] > quantiles[:, :-1], tf.float32)
    ranks = tf.pad(tf.cumsum(steps, axis=1), [[0, 0], [1, 0]])
    right = tf.searchsorted(quantiles, columns, side="right")
    right = tf.clip_by_value(right, 1, quantiles.shape[1] - 1)
    low, high = (tf.gather(quantiles, i, batch_dims=1) for i in (right - 1, right))
    first, second = (tf.gather(ranks, i, batch_dims=1) for i in (right - 1, right))
    # Halved, so that the difference of two large numbers is finite.
    filled = tf.math.divide_no_nan(0.5 * columns - 0.5 * low, 0.5 * high - 0.5 * low)
    filled = tf.clip_by_value(filled, 0.0, 1.0)
    place, last = first + filled * (second - first), ranks[:, -1:]
    share = tf.where(last > 0.0, tf.math.divide_no_nan(place, last), 0.5)
    least = 0.5 / QUANTILES
    return tf.transpose(tf.math.ndtri(tf.clip_by_value(share, least, 1.0 - least)))
