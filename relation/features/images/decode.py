"""The one decoder of images: pixels as training, serving, baselines and reports see them.

TensorFlow decodes a PNG or JPEG to 8 bits for each channel; of 16 bits it keeps the upper 8. The
pixels are then converted to the channels that are asked for, and turned for display.
"""

import functools
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from relation.features.images.header import UNDECODABLE, Fault, header_fault
from relation.features.images.orientation import orientations, turned
from relation.features.images.readable import BLANK

Pixels: TypeAlias = npt.NDArray[np.uint8]

_LUMA = 19595, 38470, 7471
"""Weights of red, green and blue in grey, of 2¹⁶ (ITU-R BT.601)."""
APART = {"_noinline": True}
"""Attributes of a function that stays one in a graph."""
_HAS_TRANSPARENT_COLOUR = r"(?s)\CPNG\C*tRNS\C*"


def decode_images(encoded: tf.Tensor, height: int, width: int, channels: int) -> tf.Tensor:
    """Decodes a batch of PNG or JPEG images, and brings them to one size.

    Args:
      encoded: string [batch] or [batch, 1]; "" is black, as of a member that a tuple lacks.
      height, width: size of the result in pixels; images of another size are resampled (bilinear,
        antialiased).
      channels: 1 (grey), 3 (RGB) or 4 (RGBA).

    Returns:
      float32 [batch, height, width, channels] in [0, 1].

    Raises:
      InvalidArgumentError: an image cannot be decoded.
    """
    return _batch_decoder(height, width, channels)(tf.reshape(encoded, [-1]))


@functools.cache
def _batch_decoder(height: int, width: int, channels: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """The function of `decode_images`: string [batch] -> float32 [batch, height, width, channels].

    It is traced once for all roles and datasets, and not inlined, so that a graph holds it once.
    """
    size = height, width, channels
    answer = tf.TensorSpec(size, tf.float32)

    def decode(image: tf.Tensor, orientation: tf.Tensor | None = None) -> tf.Tensor:
        pixels = _stored(image, channels)
        fits = tf.reduce_all(tf.shape(pixels) == size)
        if orientation is None:
            orientation = tf.constant(1)
        else:
            fits &= orientation == 1
        result = tf.cond(
            fits,
            lambda: tf.cast(pixels, tf.float32),
            lambda: _bring_to(*size)(pixels, orientation),
        )
        result.set_shape(size)
        return result

    def decode_batch(encoded: tf.Tensor) -> tf.Tensor:
        encoded = tf.where(encoded == "", BLANK, encoded)
        orientation = orientations(encoded)
        pixels = tf.cond(
            tf.reduce_all(orientation == 1),
            lambda: tf.map_fn(decode, encoded, fn_output_signature=answer),
            lambda: tf.map_fn(
                lambda both: decode(*both), (encoded, orientation), fn_output_signature=answer
            ),
        )
        return pixels / 255.0

    signature = [tf.TensorSpec([None], tf.string)]
    return tf.function(decode_batch, signature, autograph=False, experimental_attributes=APART)


def decode_image(encoded: bytes, channels: int, size: tuple[int, int] | None = None) -> Pixels:
    """Decodes one PNG or JPEG.

    Args:
      encoded: the bytes of the image.
      channels: 1 (grey), 3 (RGB) or 4 (RGBA).
      size: height and width of the result, see `decode_images`; None: those of the image.

    Returns:
      uint8 [height, width, channels].

    Raises:
      ValueError: it cannot be decoded; the message is the `image_fault`.
    """
    if fault := header_fault(encoded):
        raise ValueError(fault)
    try:
        return _decoder(channels, size)(tf.constant(encoded)).numpy()
    except tf.errors.InvalidArgumentError:
        raise ValueError(UNDECODABLE) from None


@functools.cache
def _decoder(channels: int, size: tuple[int, int] | None) -> Callable[[tf.Tensor], tf.Tensor]:
    """The traced function of `decode_image`: string scalar -> uint8 [height, width, channels]."""

    def decode(encoded: tf.Tensor) -> tf.Tensor:
        pixels = _converted(_stored(encoded, channels), channels)
        pixels = turned(pixels, orientations(encoded[None])[0])
        if size is not None:
            pixels = tf.cast(tf.round(_resampled(pixels, *size)), tf.uint8)
        return pixels

    return tf.function(decode, [tf.TensorSpec([], tf.string)], autograph=False)


def image_fault(encoded: bytes) -> Fault | None:
    """Says why an image cannot be used; None: it decodes to its last pixel."""
    if fault := header_fault(encoded):
        return fault
    try:
        _native(tf.constant(encoded))
    except tf.errors.InvalidArgumentError:
        return UNDECODABLE
    return None


def _native(encoded: tf.Tensor) -> tf.Tensor:
    """Pixels with the channels that are stored: string scalar -> uint8 [height, width, 1 … 4]."""
    return tf.io.decode_image(encoded, channels=0, expand_animations=False)


def _stored(encoded: tf.Tensor, channels: int) -> tf.Tensor:
    """The same; where alpha is wanted, a colour that a PNG declares transparent becomes alpha.

    Other images get their alpha in `_converted`: TensorFlow's is wrong at less than 8 bits.
    """
    if channels < 4:
        return _native(encoded)
    return tf.cond(
        tf.strings.regex_full_match(encoded, _HAS_TRANSPARENT_COLOUR),
        lambda: tf.io.decode_image(encoded, channels=4, expand_animations=False),
        lambda: _native(encoded),
    )


def _converted(pixels: tf.Tensor, channels: int) -> tf.Tensor:
    """Grey, grey with alpha, RGB or RGBA in the channels that are asked for, uint8 [h, w, c]."""
    stored = tf.shape(pixels)[2]
    if channels == 1:
        return tf.cond(stored < 3, lambda: pixels[..., :1], lambda: _grey(pixels[..., :3]))
    colour = tf.cond(
        stored < 3, lambda: tf.repeat(pixels[..., :1], 3, axis=2), lambda: pixels[..., :3]
    )
    if channels == 3:
        return colour
    opaque = tf.fill(tf.shape(pixels[..., :1]), tf.constant(255, tf.uint8))
    alpha = tf.cond(stored % 2 == 0, lambda: pixels[..., -1:], lambda: opaque)
    return tf.concat([colour, alpha], axis=2)


def _grey(colour: tf.Tensor) -> tf.Tensor:
    """The rounded luma: uint8 [height, width, 3] -> uint8 [height, width, 1]."""
    sums = tf.reduce_sum(tf.cast(colour, tf.int32) * _LUMA, axis=2, keepdims=True)
    return tf.cast((sums + 2**15) // 2**16, tf.uint8)


@functools.cache
def _bring_to(
    height: int, width: int, channels: int
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The function of stored pixels uint8 [h, w, 1 … 4] and an orientation that few images need.

    It gives float32 [height, width, channels] in [0, 255]. It is not inlined: TensorFlow spends
    time on each operation of a branch that is not taken, for each image.
    """

    def brought(pixels: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
        return _resampled(turned(_converted(pixels, channels), orientation), height, width)

    signature = [tf.TensorSpec([None, None, None], tf.uint8), tf.TensorSpec([], tf.int32)]
    return tf.function(brought, signature, autograph=False, experimental_attributes=APART)


def _resampled(pixels: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """uint8 [h, w, channels] -> float32 [height, width, channels] in [0, 255]."""
    return tf.cond(
        tf.reduce_all(tf.shape(pixels)[:2] == (height, width)),
        lambda: tf.cast(pixels, tf.float32),
        lambda: tf.image.resize(pixels, (height, width), antialias=True),
    )
