"""Read the rows of one file, for the pipeline and for all commands on users' files."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import tensorflow as tf

from components.entity_gen import readers, row_keys
from components.entity_gen.records import Fault, LeftOut, ReadOptions
from relation.core.errors import DataError
from relation.data import RowReading
from relation.files.globs import is_stray

STRAY = "hidden_or_system_file"
"""Reason to leave out a file that a person did not put there."""
UNUSABLE: Literal["unusable"] = "unusable"
LEFT_OUT: Literal["left_out"] = "left_out"


class Rejected(NamedTuple):
    """A record that is not a usable row.

    Fields:
      kind: `UNUSABLE`, or `LEFT_OUT` for what is not meant to be a row.
      reason: key by which such records are counted.
      shown: message about this record; "" where "record 3", followed by the reason, says all.
    """

    kind: Literal["unusable", "left_out"]
    reason: str
    shown: str = ""

    def message(self, number: int) -> str:
        """What is wrong with the record of this number."""
        return self.shown or f"record {number} {self.reason}"


def read_rows(
    path: str, reading: RowReading, folder: str, keys: Mapping[str, str]
) -> Iterator[tuple[int, tf.train.Example | Rejected]]:
    """Yield the number (from 1) of each record of a file, and the row or why it is not one.

    Args:
      path: the file.
      reading: how it is read.
      folder: folder before the first wildcard of the patterns that it matches.
      keys: purpose of each feature that every row must have exactly once.

    Raises:
      DataError: the file is damaged or of another format.
    """
    if is_stray(path, folder):
        yield 1, Rejected(LEFT_OUT, STRAY)
        return
    read = readers.reader(reading.format)
    options = ReadOptions(reading.types, folder, reading.images, reading.missing)
    try:
        for number, record in enumerate(read(path, options), start=1):
            if isinstance(record, LeftOut):
                yield number, Rejected(LEFT_OUT, record.reason)
            elif isinstance(record, Fault):
                yield number, Rejected(UNUSABLE, record.reason, record.shown)
            elif isinstance(record, str):
                yield number, Rejected(UNUSABLE, record)
            else:
                if reading.derived_id is not None:
                    row_keys.derive_id(record, reading.derived_id)
                fault = _fault(record, keys)
                yield number, Rejected(UNUSABLE, fault) if fault else record
    except tf.errors.OpError as error:
        raise DataError(f"{path}: cannot be read: {error.message}") from None


def _fault(example: tf.train.Example, keys: Mapping[str, str]) -> str | None:
    faults = (row_keys.key_fault(example, name, purpose) for name, purpose in keys.items())
    return next((fault for fault in faults if fault), None)
