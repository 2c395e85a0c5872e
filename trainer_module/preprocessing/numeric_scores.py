"""Numbers of an entity type: learnt from training entities, then applied to any number.

What was learnt decides: a component that no training entity has, or that all have the same value
of, says nothing and becomes 0, whatever is served. A number that is missing or infinite becomes 0,
too. The rest is within ±`MAX_SCORE`, so that no number that is served makes an embedding NaN.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf
import tensorflow_transform as tft

from trainer_module.preprocessing.quantile_normalization import QUANTILES, quantile_normalize

MAX_SCORE = 1e4
"""Standard deviations from the mean. Only one number in 10^8 or more can be farther."""
EXACT = 2.0**24
"""Whole numbers up to this are exact in float32."""
LARGE = 1e15
"""Numbers from this on are analyzed in float64: their squares, added up, may overflow float32."""
_ROUNDING = 4 * 2.0**-23
"""Numbers whose spread is smaller than this share of their size differ by rounding alone."""

Apply = Callable[[tf.Tensor], tf.Tensor]
"""Numbers, float32 [batch, width], NaN where there is none -> scores of that shape, float32."""


class Bounds(NamedTuple):
    """The least and the greatest number of each component, [width]; inf and -inf of none."""

    least: tf.Tensor
    greatest: tf.Tensor

    @property
    def some(self) -> tf.Tensor:
        """Whether a training entity has a number, bool [width]."""
        return self.greatest >= self.least

    @property
    def size(self) -> tf.Tensor:
        """The greatest absolute number, [width]."""
        return tf.maximum(tf.abs(self.least), tf.abs(self.greatest))

    @property
    def vary(self) -> tf.Tensor:
        """Whether numbers differ by more than rounding, bool [width]; of whole ones, at all."""
        rounding = 0.0 if self.least.dtype == tf.float64 else _ROUNDING
        return self.some & (self.greatest - self.least > rounding * self.size)


def learn_bounds(numbers: tf.Tensor, name: str) -> Bounds:
    """Analyze the bounds of numbers.

    Args:
      numbers: float32, or float64 of whole numbers, [batch, width]; NaN where there is none.
      name: of the analyzer.
    """
    none = tf.math.is_nan(numbers)
    lowest = tf.constant(float("-inf"), numbers.dtype)
    both = tf.concat([tf.where(none, lowest, -numbers), tf.where(none, lowest, numbers)], axis=1)
    least, greatest = tf.split(tft.max(both, reduce_instance_dims=False, name=f"{name}_bounds"), 2)
    return Bounds(-least, greatest)


def offset_of(bounds: Bounds) -> tf.Tensor:
    """What is taken off whole numbers before they become float32, int64 [width].

    0 where all are exact in float32; else the least, so that times in milliseconds keep their
    differences.
    """
    shifted = bounds.some & (bounds.size > EXACT)
    least = tf.clip_by_value(bounds.least, -(2.0**63), 2.0**62)
    return tf.cast(tf.where(shifted, least, tf.zeros_like(least)), tf.int64)


def without_offset(whole: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
    """Differences of whole numbers, float32 [batch, width].

    Args:
      whole: int64 [batch, width].
      offset: int64 [width].
    """
    far = tf.cast(whole, tf.float64) - tf.cast(offset, tf.float64)
    exact = tf.cast(whole - offset, tf.float64)  # Wraps where they are 2^63 or more apart.
    return tf.cast(tf.where(tf.abs(far) < 2.0**62, exact, far), tf.float32)


def learn_z_scores(numbers: tf.Tensor, bounds: Bounds, name: str) -> Apply:
    """z-score of each component; a missing number is the mean, hence 0.

    Args:
      numbers: of training entities, float32 [batch, width]; NaN where there is none.
      bounds: of each component, before an offset was taken off.
      name: of the analyzers.
    """
    mean, deviation = _moments(numbers, name)
    mean64, deviation64 = _moments(tf.cast(numbers, tf.float64), f"{name}_float64")
    large, vary = bounds.size >= LARGE, bounds.vary

    def apply(numbers: tf.Tensor) -> tf.Tensor:
        scores = tf.math.divide_no_nan(numbers - mean, deviation)
        exact = tf.math.divide_no_nan(tf.cast(numbers, tf.float64) - mean64, deviation64)
        scores = tf.where(large, tf.cast(exact, tf.float32), scores)
        scores = tf.clip_by_value(scores, -MAX_SCORE, MAX_SCORE)
        return tf.where(vary & ~tf.math.is_nan(numbers), scores, 0.0)

    return apply


def _moments(numbers: tf.Tensor, name: str) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and standard deviation of each component, [width], in the dtype of the numbers."""
    mean = tft.mean(numbers, reduce_instance_dims=False, name=f"{name}_mean")
    variance = tft.var(numbers, reduce_instance_dims=False, name=f"{name}_var")
    return mean, tf.sqrt(variance)


def learn_ranks(numbers: tf.Tensor, bounds: Bounds, name: str) -> Apply:
    """Normal score of the rank of each component; a missing number is in the middle, hence 0.

    Args: as of `learn_z_scores`.
    """
    some, vary = bounds.some, bounds.vary
    # TFT cannot make quantiles of a component without any number.
    quantiles = tft.quantiles(
        tf.where(some, numbers, 0.0),
        QUANTILES,
        epsilon=0.5 / QUANTILES,
        reduce_instance_dims=False,
        name=f"{name}_quantiles",
    )

    def apply(numbers: tf.Tensor) -> tf.Tensor:
        missing = tf.math.is_nan(numbers)
        scores = quantile_normalize(tf.where(missing, 0.0, numbers), quantiles)
        return tf.where(vary & ~missing, scores, 0.0)

    return apply


Learn = Callable[[tf.Tensor, Bounds, str], Apply]
"""`learn_z_scores` or `learn_ranks`."""
