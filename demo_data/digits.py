"""Handwritten digits of scikit-learn, as PNG images in tf.Examples.

1,797 images of 8 x 8 pixels (UCI "Optical Recognition of Handwritten Digits", test part).
"""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image
from sklearn.datasets import load_digits

SHARDS = 4
INK = 16
"""Largest pixel value of the original; it becomes 255."""


def write(folder: str | os.PathLike[str]) -> None:
    """Write `digits-00000-of-00004.tfrecord.gz` and so on; the same bytes every time.

    Every record is a tf.Example with `id` (bytes, b"digit-0000" to b"digit-1796", the row of the
    original), `image` (bytes, a PNG of 8 x 8 grey pixels of 8 bits) and `label` (int64, 0 to 9).

    Args:
      folder: an existing folder.
    """
    digits = load_digits()
    rows = list(zip(digits.images, digits.target, strict=True))
    for shard in range(SHARDS):
        path = Path(folder) / f"digits-{shard:05d}-of-{SHARDS:05d}.tfrecord.gz"
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for row in range(shard, len(rows), SHARDS):
                writer.write(_example(row, *rows[row]).SerializeToString(deterministic=True))


def encode(image: "np.ndarray[Any, Any]") -> bytes:
    """Encode an image with values 0 to 16, [8, 8], as PNG; `round(pixel * 16 / 255)` inverts it."""
    grey = np.rint(image * (255 / INK)).astype(np.uint8)
    png = io.BytesIO()
    Image.fromarray(grey).save(png, format="PNG")
    return png.getvalue()


def _example(row: int, image: "np.ndarray[Any, Any]", label: int) -> tf.train.Example:
    example = tf.train.Example()
    feature = example.features.feature
    feature["id"].bytes_list.value.append(b"digit-%04d" % row)
    feature["image"].bytes_list.value.append(encode(image))
    feature["label"].int64_list.value.append(int(label))
    return example
