"""A CSV file whose columns of images hold the paths of image files.

A path is relative to the folder of the CSV file, or absolute. The features that the schema says
are images hold the bytes of those files; all other columns are as in CSV.
"""

import posixpath
from collections.abc import Iterator

import tensorflow as tf

from components.entity_gen.readers import csv_file
from components.entity_gen.readers.image_files import read_image
from components.entity_gen.records import Fault, ReadOptions, Record


def read(path: str, options: ReadOptions) -> Iterator[Record]:
    """Yield each row with its images, or the `Fault` of a row that lacks a file.

    Raises:
      DataError: see `csv_file.read`.
    """
    folder = posixpath.dirname(path)
    for where, record in csv_file.read_located(path, options):
        if isinstance(record, tf.train.Example):
            yield _with_images(record, folder, where, options)
        else:
            yield record


def _with_images(
    row: tf.train.Example, folder: str, where: str, options: ReadOptions
) -> tf.train.Example | Fault:
    """Put files in the place of their paths, in the row itself."""
    features = row.features.feature
    for name in options.images:
        if name not in features:
            continue
        values = features[name].bytes_list.value
        for at, value in enumerate(values):
            file = posixpath.join(folder, value.decode())
            image = read_image(file, f"{where}, column {name!r}: ")
            if isinstance(image, Fault):
                return image
            values[at] = image
    return row
