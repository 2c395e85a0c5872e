"""The interface of readers: their options, and the records that they yield."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import tensorflow as tf


@dataclass(frozen=True)
class ReadOptions:
    """Options of a reader, beside the path of a file.

    Fields:
      features: "bytes", "int" or "float" by name of feature. Formats with types of their own need
        none.
      folder: folder before the first wildcard of the patterns. What is above it says nothing about
        a file.
      missing: texts of cells that stand for a missing value.
      images: features that hold images, where files hold the paths of images instead.
    """

    features: Mapping[str, str] = field(default_factory=dict)
    folder: str = "."
    images: Sequence[str] = ()
    missing: Sequence[str] = ()


class Fault(NamedTuple):
    """Why a record is not a usable row.

    Fields:
      reason: key by which faults are counted; without values, so that there are few.
      shown: message about this record: "line 3, column 'price': got 'x'; expected a number".
    """

    reason: str
    shown: str


class LeftOut(NamedTuple):
    """A record that is not meant to be a row: left out and counted, whatever `bad_rows` is."""

    reason: str


class ColumnTypes(NamedTuple):
    """The columns of a file whose format has columns.

    Fields:
      types: "bytes", "int" or "float" by name of each column that can be read; the type that fits
        its values best.
      unreadable: why a column cannot be read, and how to convert it, by its name.
    """

    types: dict[str, str]
    unreadable: dict[str, str]


Record: TypeAlias = tf.train.Example | str | Fault | LeftOut
"""A row, or the reason why the record is not one (a text completes "record 3 …")."""

Reader: TypeAlias = Callable[[str, ReadOptions], Iterator[Record]]
"""Yields one item for each record, in file order; raises DataError where the file is damaged."""
