"""TFRecord files of tf.Example, plain or gzip."""

from collections.abc import Iterator

import tensorflow as tf
from google.protobuf.message import DecodeError

from components.entity_gen.records import ReadOptions
from relation.files.tfrecord_reader import read_batches


def read(path: str, _: ReadOptions | None = None) -> Iterator[tf.train.Example | str]:
    """Yield each row of a file, or a text where a record is not a tf.Example.

    Raises:
      DataError: a truncated or damaged gzip stream, or not a TFRecord file. It names file and
        record (from 1).
    """
    for records in read_batches(path):
        for record in records:
            try:
                yield tf.train.Example.FromString(record)
            except DecodeError:
                yield "is not a tf.Example"
