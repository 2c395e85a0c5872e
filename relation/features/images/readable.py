"""Which encoded images of a batch can be decoded, as far as their bytes tell, in a graph.

A TensorFlow decoder that fails takes the whole batch with it, so these are sorted out before.
"""

import base64

import tensorflow as tf

from relation.features.images.header import JPEG, JPEG_END, MOST_PIXELS, PNG, PNG_END

BLANK = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
"""A PNG of one black pixel."""
_SHORTEST = 24
"""Bytes up to the size of a PNG; no image has fewer."""


def readable(encoded: tf.Tensor) -> tf.Tensor:
    """Whether images are whole PNG or JPEG, and PNG of a size that memory can hold.

    What has no `header_fault` is readable. So is some of what has one: damage within the pixels,
    or the size of a JPEG, is not looked for.

    Args:
      encoded: string [batch].

    Returns:
      bool [batch].
    """
    is_long = tf.strings.length(encoded) >= _SHORTEST
    encoded = tf.where(is_long, encoded, BLANK)
    is_png = tf.strings.substr(encoded, 0, len(PNG)) == PNG
    is_jpeg = tf.strings.substr(encoded, 0, len(JPEG)) == JPEG
    # Width and height; 2³¹ and more is negative.
    ends = tf.io.decode_raw(tf.strings.substr(encoded, 16, 8), tf.int32, little_endian=False)
    fits = tf.reduce_all(ends > 0, axis=1)
    fits &= tf.reduce_prod(tf.cast(ends, tf.int64), axis=1) <= MOST_PIXELS
    return is_long & tf.where(is_png, fits, is_jpeg) & _is_whole(encoded, is_png)


def _is_whole(encoded: tf.Tensor, is_png: tf.Tensor) -> tf.Tensor:
    """Whether PNG and JPEG images have an end, as a rule their last bytes: bool [batch]."""

    def ends_with(end: bytes) -> tf.Tensor:
        return tf.strings.substr(encoded, -len(end), len(end)) == end

    def has(end: bytes) -> tf.Tensor:
        return tf.strings.split(encoded, end).row_lengths() > 1

    ends = tf.where(is_png, ends_with(PNG_END), ends_with(JPEG_END))
    return tf.cond(
        tf.reduce_all(ends),
        lambda: ends,
        lambda: tf.where(is_png, has(PNG_END), has(JPEG_END)),
    )
