"""Baselines of label images: the mean training label at a pixel, or at a brightness of the input.

The first is the mean label image. The second predicts a pixel of the label from the pixel of the
input at the same position, at least as well as any threshold of the input does. Both are means of
groups of pixels, and follow from three integer sums, which do not depend on the order of tuples.
"""

import hashlib
import io
import os
from collections.abc import Iterator
from typing import Any, TypeAlias

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.corpus_evaluator.baselines.choice import Candidate
from components.corpus_evaluator.baselines.tuple_baseline import TupleBaseline
from relation.features.images.decode import decode_image
from relation.files.tfrecord_reader import read_batches

Pixels: TypeAlias = npt.NDArray[np.uint8]
Sums: TypeAlias = npt.NDArray[np.int64]
"""Count, sum and sum of squares of each group of pixels, int64 [3, groups]."""

LEVELS = 256
PIXEL, BRIGHTNESS = "the mean label image", "brightness of the input"


def by_pixel(label: Pixels) -> Sums:
    """Sums of a label, uint8 [height, width, channels]; each of its values is a group."""
    values = label.astype(np.int64).ravel()
    return np.stack([np.ones_like(values), values, values**2])


def by_brightness(label: Pixels, image: Pixels) -> Sums:
    """Sums of a label, by level of the input and channel of the label.

    Args:
      label: uint8 [height, width, channels].
      image: the input, uint8 [height, width, 1].
    """
    channels = label.shape[2]
    groups = (image.astype(np.int64) * channels + np.arange(channels)).ravel()
    values = label.astype(np.float64).ravel()
    sums = [np.bincount(groups, values**power, LEVELS * channels) for power in range(3)]
    return np.stack(sums).astype(np.int64)


def squared_error(train: Sums, held_out: Sums) -> float:
    """Mean squared error of predicting each pixel as the training mean of its group.

    A group without training pixels is predicted as the mean of all. Pixels are in [0, 1].

    Returns:
      The error; NaN if there are no pixels.
    """
    total, overall = train[0].sum(), train[1].sum() / max(train[0].sum(), 1)
    if not total or not held_out[0].sum():
        return float("nan")
    mean = np.divide(train[1], train[0], out=np.full(train.shape[1], overall), where=train[0] > 0)
    count, values, squares = held_out
    errors = squares - 2 * mean * values + mean**2 * count
    return float(errors.sum() / count.sum() / (LEVELS - 1) ** 2)


def of_images(train: dict[str, Sums], held_out: dict[str, Sums]) -> TupleBaseline | None:
    """The baseline that predicts training labels better, by their sums [3, groups].

    Returns:
      The baseline; None if there are no images.
    """
    rules = [
        Candidate(name, squared_error(sums, sums), squared_error(sums, held_out[name]))
        for name, sums in train.items()
    ]
    rules = [rule for rule in rules if not (np.isnan(rule.value) or np.isnan(rule.train))]
    if not rules:
        return None
    rules.sort(key=lambda rule: rule.train)
    return TupleBaseline("mse", rules[0].value, rules[0].by, "below", rules)


class ReadImages(beam.DoFn):
    """Writes the sums of a file of tuples to a folder: path → number of labels."""

    def __init__(self, folder: str, label: str, image: str | None, shape: tuple[int, ...]) -> None:
        """Reads the features `label`, of a shape, and `image`, the input, if there is one."""
        self._folder, self._label, self._image, self._shape = folder, label, image, shape

    def process(self, path: str) -> Iterator[int]:
        """Writes the sums of a file."""
        height, width, channels = self._shape
        sums = no_sums(self._shape)
        for records in read_batches(path):
            for record in records:
                example = tf.train.Example.FromString(record)
                label = decoded(example, self._label, height, width, channels)
                if label is None:
                    continue
                sums[PIXEL] += by_pixel(label)
                image = decoded(example, self._image, height, width, 1) if self._image else None
                if image is not None:
                    sums[BRIGHTNESS] += by_brightness(label, image)
        tf.io.gfile.makedirs(self._folder)
        name = hashlib.sha256(path.encode()).hexdigest()[:16]
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **{str(n): part for n, part in enumerate(sums.values())})
        with tf.io.gfile.GFile(os.path.join(self._folder, name), "wb") as file:
            file.write(buffer.getvalue())
        yield int(sums[PIXEL][0, 0])


def read(folder: str, shape: tuple[int, ...]) -> dict[str, Sums]:
    """Adds all sums that `ReadImages` has written to a folder, [3, groups] each."""
    sums = no_sums(shape)
    for path in tf.io.gfile.glob(os.path.join(folder, "*")):
        with tf.io.gfile.GFile(path, "rb") as file, np.load(io.BytesIO(file.read())) as parts:
            for number, total in enumerate(sums.values()):
                total += parts[str(number)]
    return sums


def no_sums(shape: tuple[int, ...]) -> dict[str, Sums]:
    """The sums of no image: zeros, [3, groups] each, for labels of a shape."""
    height, width, channels = shape
    groups = {PIXEL: height * width * channels, BRIGHTNESS: LEVELS * channels}
    return {name: np.zeros((3, count), dtype=np.int64) for name, count in groups.items()}


def decoded(example: Any, name: str, height: int, width: int, channels: int) -> Pixels | None:
    """Decodes an image as towers do, rounded to uint8 [height, width, channels].

    Returns:
      The image; None if the feature is missing or is not an image.
    """
    values = example.features.feature[name].bytes_list.value
    try:
        return decode_image(values[0], channels, (height, width)) if values else None
    except ValueError:
        return None
