"""Readers of file formats. A reader takes the path of one file and yields what is in it."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import tensorflow as tf

from components.entity_gen.readers import tfrecord
from relation.errors import DataError

Record: TypeAlias = tf.train.Example | str
"""A row, or why the record at its place is none."""

Reader: TypeAlias = Callable[[str], Iterator[Record]]
"""Yields one item a record, in the file's order; raises DataError where the file is broken."""

READERS: dict[str, Reader] = {
    "tfrecord": tfrecord.read,
}


def reader(file_format: str) -> Reader:
    """The reader of a format.

    Raises:
      DataError: the format is not known.
    """
    if file_format not in READERS:
        known = ", ".join(sorted(READERS))
        raise DataError(f"file format {file_format!r}: not known; expected one of {known}")
    return READERS[file_format]
