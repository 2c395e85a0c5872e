"""The layers of towers: a module of its own, since towers are checked without Keras."""

import math

import keras
import numpy as np
from keras import ops

from trainer_module.ops import Tensor, l2_normalize

WAVES = 16
"""Sinusoids of a number."""
SLOWEST, FASTEST = 0.5, 16.0
"""Their frequencies, in radians a standard deviation."""


class L2Normalize(keras.layers.Layer):
    """[..., d] -> the same, of unit length."""

    def call(self, x: Tensor) -> Tensor:
        return l2_normalize(x)


class InInference(keras.layers.Layer):
    """Keeps a network in inference mode: no updates of batch statistics, no dropout.

    A plain `training=False` in a functional model gives way to the `training` of the whole model.
    """

    def __init__(self, network: keras.Model):
        super().__init__(name="frozen", trainable=False)
        self.network = network

    def call(self, x: Tensor) -> Tensor:
        return self.network(x, training=False)


class PiecewiseLinearEncoding(keras.layers.Layer):
    """Piecewise-linear encoding of numbers, [batch, n] -> [batch, n · bins], each in [-1, 1].

    Bins hold equal shares of a normal distribution, of z-scores or normal scores of ranks. Bins
    below the number are 1, those above it -1, and its own bin says how far the number fills it
    (piecewise linear encoding of Gorishniy, Rubachev, Babenko, "On Embeddings for Numerical
    Features in Tabular Deep Learning", NeurIPS 2022).
    """

    def __init__(self, bins: int):
        super().__init__(dtype="float32")
        self.bins = bins

    def call(self, numbers: Tensor) -> Tensor:
        below = 0.5 + 0.5 * ops.erf(numbers * 0.5**0.5)
        filled = ops.clip(
            self.bins * below[..., None] - ops.arange(self.bins, dtype="float32"), 0, 1
        )
        return ops.reshape(2.0 * filled - 1.0, (-1, numbers.shape[1] * self.bins))


class RandomlyMasked(keras.layers.Layer):
    """Indices of any shape, each 0 (missing) with a probability while training."""

    def __init__(self, share: float):
        super().__init__(dtype="int64")
        self.share = share
        self.seed = keras.random.SeedGenerator()

    def call(self, indices: Tensor, training: bool = False) -> Tensor:
        if not training:
            return indices
        kept = keras.random.uniform(ops.shape(indices), dtype="float32", seed=self.seed)
        return ops.where(kept >= self.share, indices, 0)


class MaskedMean(keras.layers.Layer):
    """Mean over the second axis of the kept values: [batch, n, d], [batch, n] -> [batch, d].

    0 where it keeps nothing.
    """

    def call(self, values: Tensor, kept: Tensor) -> Tensor:
        weights = ops.cast(kept, values.dtype)[..., None]
        count = ops.maximum(ops.sum(weights, axis=1), 1.0)
        return ops.sum(values * weights, axis=1) / count


class Place(keras.layers.Layer):
    """√d · words, plus the sinusoids of their positions, plus a learnt mark of their text.

    [batch, words, d] -> the same. Sinusoids and scale are those of Vaswani et al. 2017, section
    3.5, with all sines before all cosines.
    """

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.mark = self.add_weight(shape=(shape[-1],), initializer="random_normal", name="mark")

    def call(self, words: Tensor) -> Tensor:
        width = words.shape[-1]
        frequencies = 10_000.0 ** (-np.arange(0, width, 2, dtype="float32") / width)
        angles = ops.arange(ops.shape(words)[1], dtype="float32")[:, None] * frequencies
        encoding = ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)
        return width**0.5 * words + ops.cast(encoding, words.dtype) + self.mark


class Stacked(keras.layers.Layer):
    """Indices [batch, n] of each text, of any n -> [batch, texts, largest n], padded with 0."""

    def __init__(self) -> None:
        super().__init__(dtype="int64")

    def call(self, texts: list[Tensor]) -> Tensor:
        sizes = [ops.shape(text)[1] for text in texts]
        most = ops.max(ops.stack(sizes))
        padded = [
            ops.pad(text, [[0, 0], [0, most - size]])
            for text, size in zip(texts, sizes, strict=True)
        ]
        return ops.stack(padded, axis=1)


class WordVectors(keras.layers.Layer):
    """Indices of a vocabulary, any shape -> float32 [..., width]; 0 of index 0."""

    def __init__(self, size: int, width: int):
        super().__init__(dtype="float32")
        self.size = size
        normal = keras.initializers.RandomNormal(stddev=width**-0.5)
        self.directions = keras.layers.Embedding(
            size, width, embeddings_initializer=normal, trainable=False
        )
        self.scales = keras.layers.Embedding(size, 1, embeddings_initializer="zeros")

    def call(self, indices: Tensor) -> Tensor:
        rarity = ops.log1p(ops.cast(indices, "float32")) / math.log1p(self.size)
        lengths = rarity[..., None] * ops.exp(self.scales(indices))
        return lengths * l2_normalize(self.directions(indices))


class WithNumbers(keras.layers.Layer):
    """Words [batch, texts, n, d], then numbers [batch, k], with Σk = s -> both as words.

    float32 [batch, texts + s, n, d + s·2·WAVES]; a number is the one word of a feature of its own.
    """

    def __init__(self) -> None:
        super().__init__(dtype="float32")
        self.frequencies = np.geomspace(SLOWEST, FASTEST, WAVES, dtype="float32")

    def call(self, tensors: list[Tensor]) -> Tensor:
        words, *numbers = tensors
        values = ops.concatenate(numbers, axis=-1)
        angles = values[..., None] * self.frequencies
        waves = ops.concatenate([ops.cos(angles), ops.sin(angles)], axis=-1) / WAVES**0.5
        count, width = values.shape[1], words.shape[3]
        own = ops.eye(count)[:, :, None] * waves[:, :, None, :]
        own = ops.reshape(own, (-1, count, 1, count * 2 * WAVES))
        own = ops.pad(own, [[0, 0], [0, 0], [0, ops.shape(words)[2] - 1], [width, 0]])
        words = ops.pad(words, [[0, 0], [0, 0], [0, 0], [0, count * 2 * WAVES]])
        return ops.concatenate([words, own], axis=1)
