"""What a reader is given, and what it yields."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import tensorflow as tf


@dataclass(frozen=True)
class Layout:
    """What a reader may need to know beside the path of a file.

    Fields:
      features: the schema's features by name, each "bytes", "int" or "float". Formats that say the
        types themselves need none.
      folder: the folder before the first wildcard of the pattern.
    """

    features: Mapping[str, str] = field(default_factory=dict)
    folder: str = "."


class Fault(NamedTuple):
    """Why a record is no row.

    Fields:
      reason: what faults are counted by; it holds no value, so that there are few of them.
      shown: the same about this record: "line 3, column 'price': got 'x'; expected a number".
    """

    reason: str
    shown: str


class LeftOut(NamedTuple):
    """A record that was never meant to be a row: left out and counted, whatever `bad_rows` says."""

    reason: str


Record: TypeAlias = tf.train.Example | str | Fault | LeftOut
"""A row, or why the record at its place is none (a text: the predicate of "record 3 …")."""

Reader: TypeAlias = Callable[[str, Layout], Iterator[Record]]
"""Yields one item a record, in the file's order; raises DataError where the file is broken."""
