"""Numbers of an entity type: learnt from training entities, then applied to any number.

What was learnt decides: a component that no training entity has, or that all have the same value
of, says nothing and becomes 0, whatever is served. A number that is missing or infinite becomes 0,
too. The rest is within ±`MAX_SCORE`, so that no number that is served makes an embedding NaN.

All numeric features are analyzed side by side: an analyzer costs a second at any width.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

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

    def parts(self, widths: Sequence[int]) -> list["Bounds"]:
        """The bounds of each of several features that were analyzed side by side."""
        return [
            Bounds(least, greatest)
            for least, greatest in zip(
                tf.split(self.least, widths), tf.split(self.greatest, widths), strict=True
            )
        ]

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


class Numbers(NamedTuple):
    """Numbers of training entities side by side, and what is known of each component.

    Attributes:
      values: float32 [batch, width], an offset taken off; NaN where there is none.
      some: whether an entity has a number, bool [width].
      vary: whether numbers differ by more than rounding, bool [width].
      large: whether float32 cannot hold the sums of their squares, bool [width].
    """

    values: tf.Tensor
    some: tf.Tensor
    vary: tf.Tensor
    large: tf.Tensor

    @classmethod
    def of(cls, values: tf.Tensor, bounds: Bounds) -> "Numbers":
        """The numbers of one feature, whose bounds are those before an offset was taken off."""
        return cls(values, bounds.some, bounds.vary, bounds.size >= LARGE)

    @classmethod
    def beside(cls, parts: Sequence["Numbers"]) -> "Numbers":
        """The numbers of several features, side by side."""
        return cls(*(tf.concat(columns, axis=-1) for columns in zip(*parts, strict=True)))


class ZScores(NamedTuple):
    """Means and standard deviations, [width], in float32 and in float64."""

    mean: tf.Tensor
    deviation: tf.Tensor
    mean64: tf.Tensor
    deviation64: tf.Tensor
    large: tf.Tensor
    vary: tf.Tensor

    @classmethod
    def learn(cls, numbers: Numbers) -> "ZScores":
        """Analyze the moments of numbers of training entities."""
        return cls(
            *_moments(numbers.values, "numbers"),
            *_moments(tf.cast(numbers.values, tf.float64), "numbers_float64"),
            numbers.large,
            numbers.vary,
        )

    def apply(self, numbers: tf.Tensor) -> tf.Tensor:
        """z-score of each component; a missing number is the mean, hence 0.

        Args:
          numbers: float32 [batch, width]; NaN where there is none.

        Returns:
          float32 [batch, width], within ±`MAX_SCORE`.
        """
        scores = tf.math.divide_no_nan(numbers - self.mean, self.deviation)
        exact = tf.cast(numbers, tf.float64) - self.mean64
        exact = tf.cast(tf.math.divide_no_nan(exact, self.deviation64), tf.float32)
        scores = tf.where(self.large, exact, scores)
        scores = tf.clip_by_value(scores, -MAX_SCORE, MAX_SCORE)
        return tf.where(self.vary & ~tf.math.is_nan(numbers), scores, 0.0)


def _moments(numbers: tf.Tensor, name: str) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and standard deviation of each component, [width], in the dtype of the numbers."""
    mean = tft.mean(numbers, reduce_instance_dims=False, name=f"{name}_mean")
    variance = tft.var(numbers, reduce_instance_dims=False, name=f"{name}_var")
    width = numbers.shape[1:]  # TFT's are scalars where no entity has a number.
    return tf.broadcast_to(mean, width), tf.sqrt(tf.broadcast_to(variance, width))


class Ranks(NamedTuple):
    """Quantiles of each component, float32 [width, quantiles]."""

    quantiles: tf.Tensor
    vary: tf.Tensor

    @classmethod
    def learn(cls, numbers: Numbers) -> "Ranks":
        """Analyze the quantiles of numbers of training entities."""
        # TFT cannot make quantiles of a component without any number.
        quantiles = tft.quantiles(
            tf.where(numbers.some, numbers.values, 0.0),
            QUANTILES,
            epsilon=0.5 / QUANTILES,
            reduce_instance_dims=False,
            name="numbers_quantiles",
        )
        return cls(quantiles, numbers.vary)

    def apply(self, numbers: tf.Tensor) -> tf.Tensor:
        """Normal score of the rank of each component; a missing number is in the middle, hence 0.

        Args and result are those of `ZScores.apply`.
        """
        missing = tf.math.is_nan(numbers)
        scores = quantile_normalize(tf.where(missing, 0.0, numbers), self.quantiles)
        return tf.where(self.vary & ~missing, scores, 0.0)


Scores: TypeAlias = ZScores | Ranks
SCORES: dict[str, type[ZScores] | type[Ranks]] = {"z_scores": ZScores, "ranks": Ranks}
"""By the value of the recipe's `model.numbers`."""


def parts_of(scores: Scores, widths: Sequence[int]) -> list[Scores]:
    """Take what was learnt of several features apart again."""
    ends = list(itertools.accumulate(widths))
    return [
        type(scores)(*(learnt[end - width : end] for learnt in scores))
        for width, end in zip(widths, ends, strict=True)
    ]
