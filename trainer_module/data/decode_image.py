"""Encoded images to pixels, in a TensorFlow graph."""

import math

import tensorflow as tf


def decode_images(encoded: tf.Tensor, height: int, width: int, channels: int) -> tf.Tensor:
    """Decodes a batch of PNG or JPEG images, and brings them to one size.

    Args:
      encoded: string [batch] or [batch, 1].
      height, width: size of the result in pixels; images of another size are resampled (bilinear,
        antialiased).
      channels: 1 (grey), 3 (RGB) or 4 (RGBA).

    Returns:
      float32 [batch, height, width, channels] in [0, 1].
    """

    def decode(image: tf.Tensor) -> tf.Tensor:
        pixels = tf.io.decode_image(image, channels=channels, expand_animations=False)
        return tf.cond(
            tf.reduce_all(tf.shape(pixels)[:2] == (height, width)),
            lambda: tf.cast(pixels, tf.float32),
            lambda: tf.image.resize(pixels, (height, width), antialias=True),
        )

    pixels = tf.map_fn(
        decode,
        tf.reshape(encoded, [-1]),
        fn_output_signature=tf.TensorSpec([None, None, channels], tf.float32),
    )
    return tf.ensure_shape(pixels, [None, height, width, channels]) / 255.0


class RememberedImages:
    """Decodes images like `decode_images`, but caches them, since batches of a training repeat
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
