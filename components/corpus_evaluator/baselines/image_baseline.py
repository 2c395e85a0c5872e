"""Label images without training: what training labels are on average at a place, or a brightness.

By place it is the mean label image. By brightness a pixel of the label is told from the input's
pixel there, which is as good as any threshold of the input, or better. Both are means of groups of
pixels, of which three sums tell all: whole numbers, so that no order of tuples changes them.
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

from components.common.tfrecord_reader import read_batches
from components.corpus_evaluator.baselines.tuple_baseline import Trivial

Pixels: TypeAlias = npt.NDArray[np.uint8]
Sums: TypeAlias = npt.NDArray[np.int64]
"""Of groups of pixels their number, sum, and sum of squares: [3, groups]."""

LEVELS = 256
PLACE, BRIGHTNESS = "the mean label image", "brightness of the input"


def by_place(label: Pixels) -> Sums:
    """Each value of a label, [height, width, channels], is a group."""
    values = label.astype(np.int64).ravel()
    return np.stack([np.ones_like(values), values, values**2])


def by_brightness(label: Pixels, image: Pixels) -> Sums:
    """A level of the input, [height, width, 1], and a channel of the label are a group."""
    channels = label.shape[2]
    groups = (image.astype(np.int64) * channels + np.arange(channels)).ravel()
    values = label.astype(np.float64).ravel()
    sums = [np.bincount(groups, values**power, LEVELS * channels) for power in range(3)]
    return np.stack(sums).astype(np.int64)


def squared_error(train: Sums, held_out: Sums) -> float:
    """Mean squared error of pixels in [0, 1] that are said to be the mean of their training group.

    A pixel of a group that training has not is said to be the mean of all; NaN: there is no pixel.
    """
    total, overall = train[0].sum(), train[1].sum() / max(train[0].sum(), 1)
    if not total or not held_out[0].sum():
        return float("nan")
    mean = np.divide(train[1], train[0], out=np.full(train.shape[1], overall), where=train[0] > 0)
    count, values, squares = held_out
    errors = squares - 2 * mean * values + mean**2 * count
    return float(errors.sum() / count.sum() / (LEVELS - 1) ** 2)


def of_images(train: dict[str, Sums], held_out: dict[str, Sums]) -> Trivial | None:
    """The better of the two, by the sums of each; None: there are no images."""
    found = {name: squared_error(sums, held_out[name]) for name, sums in train.items()}
    known = {name: value for name, value in found.items() if not np.isnan(value)}
    if not known:
        return None
    by = min(known, key=lambda name: known[name])
    return Trivial("mse", known[by], by, "below")


class ReadImages(beam.DoFn):
    """A file of tuples → how many have a label; their sums are written to `folder`."""

    def __init__(self, folder: str, label: str, image: str | None, shape: tuple[int, ...]) -> None:
        """Reads the features `label` and `image`, images of which the label has a shape."""
        self._folder, self._label, self._image, self._shape = folder, label, image, shape

    def process(self, path: str) -> Iterator[int]:
        """Adds up a file."""
        height, width, channels = self._shape
        sums = nothing(self._shape)
        for records in read_batches(path):
            for record in records:
                example = tf.train.Example.FromString(record)
                label = decoded(example, self._label, height, width, channels)
                if label is None:
                    continue
                sums[PLACE] += by_place(label)
                image = decoded(example, self._image, height, width, 1) if self._image else None
                if image is not None:
                    sums[BRIGHTNESS] += by_brightness(label, image)
        tf.io.gfile.makedirs(self._folder)
        name = hashlib.sha256(path.encode()).hexdigest()[:16]
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **{str(n): part for n, part in enumerate(sums.values())})
        with tf.io.gfile.GFile(os.path.join(self._folder, name), "wb") as file:
            file.write(buffer.getvalue())
        yield int(sums[PLACE][0, 0])


def read(folder: str, shape: tuple[int, ...]) -> dict[str, Sums]:
    """All that `ReadImages` has written to a folder."""
    sums = nothing(shape)
    for path in tf.io.gfile.glob(os.path.join(folder, "*")):
        with tf.io.gfile.GFile(path, "rb") as file, np.load(io.BytesIO(file.read())) as parts:
            for number, total in enumerate(sums.values()):
                total += parts[str(number)]
    return sums


def nothing(shape: tuple[int, ...]) -> dict[str, Sums]:
    """The sums of no image."""
    height, width, channels = shape
    groups = {PLACE: height * width * channels, BRIGHTNESS: LEVELS * channels}
    return {name: np.zeros((3, count), dtype=np.int64) for name, count in groups.items()}


def decoded(example: Any, name: str, height: int, width: int, channels: int) -> Pixels | None:
    """An image as towers see it, but for rounding to 1/255; None: there is none that decodes."""
    values = example.features.feature[name].bytes_list.value
    if not values:
        return None
    try:
        pixels = tf.io.decode_image(values[0], channels=channels, expand_animations=False)
        if tuple(pixels.shape[:2]) != (height, width):
            pixels = tf.image.resize(pixels, (height, width), antialias=True)
    except tf.errors.InvalidArgumentError:
        return None
    return np.clip(np.rint(pixels.numpy()), 0, LEVELS - 1).astype(np.uint8)
