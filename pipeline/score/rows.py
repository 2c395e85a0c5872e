"""Read rows of users' files, in any format that a recipe takes, as serialized tf.Examples."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

import tensorflow as tf

from components.entity_gen import readers
from components.entity_gen.readers.file_format import require_format
from components.entity_gen.records import Fault, ReadOptions
from relation.core.errors import DataError
from relation.files.feature_values import values_of
from relation.files.globs import literal_folder, visible_files
from trainer_module.model.interface import ServedInterface

T = TypeVar("T")

BATCH = 256
"""Rows that the model answers at a time."""
ID, LEFT, RIGHT = "id", "left", "right"
"""Columns of answers; LEFT and RIGHT are those of a file of pairs, too."""


class EntityRow(NamedTuple):
    """An entity: its id as text, and its features as a serialized tf.Example."""

    id: str
    example: bytes


Skipped: TypeAlias = Counter[str]
"""Number of records that were left out, by reason."""


def entity_rows(
    pattern: str,
    interface: ServedInterface,
    entity: str,
    numbered: bool,
    skipped: Skipped | None,
) -> Iterator[EntityRow]:
    """Yield the entities of all files of a pattern.

    Args:
      pattern: path or glob.
      interface: of the model.
      entity: their entity type.
      numbered: whether ids are numbers of rows, from 1, since rows have none.
      skipped: counts records that cannot be used; None: such a record is an error.

    Raises:
      DataError: no file matches, a file is damaged or lacks a column, or a record cannot be used.
        It names file and record.
    """
    key = interface.ids[entity]
    types = {feature.name: feature.dtype for feature in interface.features[entity]}
    if numbered:
        for number, (_, example) in enumerate(_examples(pattern, types, skipped), start=1):
            yield EntityRow(str(number), example.SerializeToString())
        return
    for place, example in _examples(pattern, {key: "bytes", **types}, skipped):
        values = values_of(example.features.feature[key])
        if len(values) == 1:
            yield EntityRow(_text(values[0]), example.SerializeToString())
        else:
            _reject(Fault("has no id, or several", _expected_one(key, values)), place, skipped)


def pair_ids(pattern: str, skipped: Skipped | None) -> Iterator[tuple[str, str]]:
    """Yield the ids of the pairs in the columns `left` and `right` of all files of a pattern.

    Raises:
      DataError: see `entity_rows`.
    """
    for place, example in _examples(pattern, {LEFT: "bytes", RIGHT: "bytes"}, skipped):
        left, right = (values_of(example.features.feature[name]) for name in (LEFT, RIGHT))
        if len(left) == len(right) == 1:
            yield _text(left[0]), _text(right[0])
        else:
            name, values = (LEFT, left) if len(left) != 1 else (RIGHT, right)
            _reject(Fault("has no id, or several", _expected_one(name, values)), place, skipped)


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield items in lists of `BATCH`; the last may be shorter."""
    remaining = iter(items)
    while batch := list(itertools.islice(remaining, BATCH)):
        yield batch


def _examples(
    pattern: str, types: Mapping[str, str], skipped: Skipped | None
) -> Iterator[tuple[str, tf.train.Example]]:
    """Yield the place and the features of each usable record."""
    options = ReadOptions(types, literal_folder(pattern))
    paths = visible_files(pattern)
    if not paths:
        raise DataError(f"{pattern}: all files are hidden, so none is read")
    for path in paths:
        read = readers.reader(require_format(path))
        for number, record in enumerate(read(path, options), start=1):
            place = f"{path}: record {number}"
            if isinstance(record, tf.train.Example):
                yield place, record
            elif isinstance(record, str):
                _reject(Fault(record, record), place, skipped)
            elif isinstance(record, Fault):
                _reject(record, place, skipped)


def _reject(fault: Fault, place: str, skipped: Skipped | None) -> None:
    if skipped is None:
        raise DataError(f"{place}: {fault.shown}")
    skipped[fault.reason] += 1


def _expected_one(name: str, values: Sequence[object]) -> str:
    return f"column {name!r}: got {len(values)} values; expected one, the id"


def _text(value: bytes | int | float) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
