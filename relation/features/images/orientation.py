"""How a camera was held: the EXIF orientation of encoded images, read and undone in a graph.

JPEG keeps EXIF in a segment APP1, PNG in a chunk eXIf; both hold TIFF (CIPA DC-008, "Exif 2.3",
section 4). The orientation says how stored pixels are turned for display:

| orientation | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 |
|---|---|---|---|---|---|---|---|---|
| transposed first | | | | | × | × | × | × |
| then mirrored left to right | | × | × | | | × | × | |
| then mirrored upside down | | | × | × | | | × | × |
"""

from collections.abc import Callable
from typing import TypeAlias

import tensorflow as tf

from relation.features.images.header import PNG

_EXIF_NAMES = r"Exif\x00\x00", "eXIf"
"""What a JPEG and a PNG with EXIF hold, as patterns; searched for one by one, which is faster."""
_TAG = 0x0112
_ENTRY = 12
"""Bytes of an entry of TIFF: tag 2, type 2, count 4, value 4."""
_MOST_PARTS = 10_000
"""Segments or chunks that are searched at most, so hostile bytes cannot hold a server."""
_PADDING = 32
"""Zeros behind the bytes, so that fields beyond the end can be read."""


def orientations(encoded: tf.Tensor) -> tf.Tensor:
    """The EXIF orientation of encoded images.

    Args:
      encoded: PNG or JPEG, string [batch].

    Returns:
      int32 [batch] in 1 … 8; 1 where there is none.
    """
    tagged = tf.zeros(tf.shape(encoded), tf.bool)
    for name in _EXIF_NAMES:
        tagged |= tf.strings.regex_replace(encoded, name, "", replace_global=False) != encoded
    upright = tf.ones(tf.shape(encoded), tf.int32)

    def read() -> tf.Tensor:
        rows = tf.where(tagged)
        values = tf.map_fn(_orientation, tf.gather_nd(encoded, rows), fn_output_signature=tf.int32)
        return tf.tensor_scatter_nd_update(upright, rows, values)

    return tf.cond(tf.reduce_any(tagged), read, lambda: upright)


def turned(pixels: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turns stored pixels for display.

    Args:
      pixels: [height, width, channels] of any dtype.
      orientation: int32 scalar in 1 … 8.

    Returns:
      The same; [width, height, channels] for orientations of 5 and more.
    """
    pixels = tf.cond(orientation >= 5, lambda: tf.transpose(pixels, (1, 0, 2)), lambda: pixels)
    for axis, flipped in ((1, (2, 3, 6, 7)), (0, (3, 4, 7, 8))):
        chosen = tf.reduce_any(orientation == flipped)
        pixels = tf.cond(chosen, lambda p=pixels, a=axis: tf.reverse(p, [a]), lambda p=pixels: p)
    return pixels


def _orientation(encoded: tf.Tensor) -> tf.Tensor:
    """The orientation of one image that names EXIF somewhere: string scalar -> int32 scalar."""
    data = tf.pad(tf.cast(tf.io.decode_raw(encoded, tf.uint8), tf.int64), [[0, _PADDING]])
    is_png = tf.reduce_all(data[: len(PNG)] == list(PNG))
    start = tf.cond(is_png, lambda: _in_png(data), lambda: _in_jpeg(data))
    return tf.cond(start > 0, lambda: _in_tiff(data[start:]), lambda: 1)


def _in_jpeg(data: tf.Tensor) -> tf.Tensor:
    """Where EXIF begins in a padded JPEG, int64 scalar; 0: nowhere before the pixels."""

    def is_segment(at: tf.Tensor) -> tf.Tensor:
        return (data[at] == 0xFF) & (data[at + 1] != 0xDA) & (data[at + 1] != 0xD9)

    def is_exif(at: tf.Tensor) -> tf.Tensor:
        return (data[at + 1] == 0xE1) & tf.reduce_all(data[at + 4 : at + 10] == list(b"Exif\0\0"))

    def following(at: tf.Tensor) -> tf.Tensor:
        is_fill = data[at + 1] == 0xFF
        return tf.where(is_fill, at + 1, at + 2 + _number(data[at + 2 : at + 4], 2))

    return _exif_start(data, 2, is_segment, is_exif, following, 10)


def _in_png(data: tf.Tensor) -> tf.Tensor:
    """Where EXIF begins in a padded PNG, int64 scalar; 0: nowhere."""
    return _exif_start(
        data,
        len(PNG),
        lambda at: tf.constant(True),
        lambda at: tf.reduce_all(data[at + 4 : at + 8] == list(b"eXIf")),
        lambda at: at + 12 + _number(data[at : at + 4], 4),
        8,
    )


Question: TypeAlias = Callable[[tf.Tensor], tf.Tensor]


def _exif_start(
    data: tf.Tensor,
    first: int,
    is_part: Question,
    is_exif: Question,
    following: Question,
    header: int,
) -> tf.Tensor:
    """Walks the parts of a file to the one that holds EXIF.

    Args:
      data: the padded bytes, int64 [n].
      first: where the first part begins.
      is_part: whether a part begins at a position.
      is_exif: whether it holds EXIF.
      following: where the next part begins.
      header: bytes of a part before EXIF.

    Returns:
      Where EXIF begins, int64 scalar; 0: nowhere.
    """
    end = tf.size(data, tf.int64) - _PADDING

    def goes_on(at: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
        return (start == 0) & (at < end) & is_part(tf.minimum(at, end))

    def step(at: tf.Tensor, start: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return following(at), tf.where(is_exif(at), at + header, start)

    begin = tf.constant(first, tf.int64), tf.constant(0, tf.int64)
    return tf.while_loop(goes_on, step, begin, maximum_iterations=_MOST_PARTS)[1]


def _in_tiff(data: tf.Tensor) -> tf.Tensor:
    """The orientation in the first directory of padded TIFF, int32 scalar; 1: none there."""
    little = data[0] == ord("I")
    directory = tf.minimum(_number(data[4:8], 4, little), tf.size(data, tf.int64) - 2)
    first = directory + 2
    entries = data[first : first + _ENTRY * _number(data[directory:first], 2, little)]
    rows = tf.reshape(entries[: tf.size(entries) // _ENTRY * _ENTRY], (-1, _ENTRY))
    tags, values = _number(rows[:, :2], 2, little), _number(rows[:, 8:10], 2, little)
    values = tf.boolean_mask(values, tags == _TAG)
    value = tf.cast(tf.concat([values, [1]], axis=0)[0], tf.int32)
    return tf.where((value >= 1) & (value <= 8), value, 1)


def _number(digits: tf.Tensor, size: int, little: tf.Tensor | bool = False) -> tf.Tensor:
    """`size` bytes as an unsigned number, big-endian or little: int64 [..., size] -> [...]."""
    powers = tf.constant([256**power for power in range(size)], tf.int64)
    return tf.reduce_sum(digits * tf.where(little, powers, powers[::-1]), axis=-1)
