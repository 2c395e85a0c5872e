"""Encoded images to pixels, in a TensorFlow graph."""

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
