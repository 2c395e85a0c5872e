"""Decoded images that a training keeps, since its batches repeat them."""

import math

import tensorflow as tf

from relation.features.images.decode import decode_images


class RememberedImages:
    """Decodes images as `decode_images` does, but caches them, since batches of a training repeat
    images.

    Args:
      height, width, channels: see `decode_images`.
      memory_mb: size of the cache, in MiB of pixels and encoded bytes; images beyond it are decoded
        each time.
    """

    def __init__(self, height: int, width: int, channels: int, memory_mb: int):
        self._shape = height, width, channels
        self._size = math.prod(self._shape)
        self._bound = memory_mb * 2**20
        self._held = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._pixels = tf.lookup.experimental.MutableHashTable(
            tf.string, tf.float32, tf.fill([self._size], -1.0)
        )

    def __call__(self, encoded: tf.Tensor) -> tf.Tensor:
        """string [batch] or [batch, 1] -> float32 [batch, height, width, channels] in [0, 1]."""
        names = tf.reshape(encoded, [-1])
        pixels = self._pixels.lookup(names)
        unknown = tf.where(pixels[:, 0] < 0)
        pixels = tf.cond(
            tf.size(unknown) > 0,
            lambda: tf.tensor_scatter_nd_update(
                pixels, unknown, self._decoded(tf.gather_nd(names, unknown))
            ),
            lambda: pixels,
        )
        return tf.reshape(pixels, (-1, *self._shape))

    def _decoded(self, names: tf.Tensor) -> tf.Tensor:
        pixels = tf.reshape(decode_images(names, *self._shape), (-1, self._size))
        taken = tf.reduce_sum(tf.cast(tf.strings.length(names), tf.int64))
        held = self._held + taken + tf.size(pixels, tf.int64) * tf.float32.size

        def remember() -> tf.Tensor:
            self._pixels.insert(names, pixels)
            return self._held.assign(held)

        tf.cond(held <= self._bound, remember, lambda: self._held)
        return pixels
