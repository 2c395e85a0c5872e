"""Read rows of users' files, in any format that a recipe takes, as in training."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias, TypeVar, cast

import tensorflow as tf

from components.entity_gen.readers import COLUMNS
from components.entity_gen.readers.file_format import format_of, require_format
from components.entity_gen.reading import UNUSABLE, Rejected, read_rows
from relation.core.errors import DataError
from relation.data import Format, RowReading
from relation.files.feature_values import Value, values_of
from relation.files.globs import literal_folder, visible_files
from relation.names import prefixed
from relation.schema import FeatureKind
from trainer_module.model.interface import ServedInterface

T = TypeVar("T")
Types: TypeAlias = dict[str, Literal["bytes", "int", "float"]]
"""The type of each column that is read."""

BATCH = 256
"""Rows that the model answers at a time."""
ID, LEFT, RIGHT = "id", "left", "right"
"""Columns of answers; LEFT and RIGHT are those of a file of pairs, too."""


class EntityRow(NamedTuple):
    """An entity: its id as text, and its features as a serialized tf.Example."""

    id: str
    example: bytes


@dataclass
class Rejections:
    """Records that are not used.

    Fields:
      skip_bad_rows: whether unusable rows are counted; else the first one is an error.
      counts: number of records by reason.
    """

    skip_bad_rows: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, path: str, number: int, rejected: Rejected) -> None:
        """Count a record.

        Raises:
          DataError: the record is an unusable row, and such rows are errors.
        """
        if rejected.kind == UNUSABLE and not self.skip_bad_rows:
            raise DataError(f"{path}: {rejected.message(number)}")
        self.counts[rejected.reason] += 1

    def unknown_id(self, pattern: str, name: str, entity: str) -> None:
        """Count a pair with an id that no row has.

        Raises:
          DataError: such pairs are errors.
        """
        if not self.skip_bad_rows:
            raise DataError(f"{pattern}: got the id {name!r}, which no row of {entity} has")
        self.counts["names an id that no row has"] += 1


def entity_rows(
    pattern: str,
    interface: ServedInterface,
    entity: str,
    numbered: bool,
    rejections: Rejections,
    group: str | None = None,
) -> Iterator[EntityRow]:
    """Yield the entities of all files of a pattern, read as in training.

    Args:
      pattern: path or glob.
      interface: of the model.
      entity: their entity type.
      numbered: whether ids are numbers of rows, from 1, since rows have none.
      rejections: takes the records that are not used.
      group: a further column to read; None: none.

    Raises:
      DataError: no file matches, a file is damaged or lacks a column, or a record cannot be used.
        It names file and record.
    """
    key = interface.ids[entity]
    types = member_types(interface, entity)
    if group is not None:
        types[group] = interface.columns(entity)[group].dtype
    if not numbered:
        column = interface.columns(entity).get(key)
        types = {key: "bytes" if column is None else column.dtype, **types}
    keys = {} if numbered else {key: "id feature"}
    rows = table_rows(pattern, interface, entity, types, keys, rejections)
    for number, example in enumerate(rows, start=1):
        name = str(number) if numbered else id_of(example.features.feature, key)
        yield EntityRow(name, example.SerializeToString())


def member_types(interface: ServedInterface, table: str) -> Types:
    """The columns that the model takes, of an entity or of the members of inline tuples."""
    types: Types = {feature.name: feature.dtype for feature in interface.features.get(table, ())}
    compiled = interface.compiled
    if compiled and compiled.tuple_table and table == compiled.tuple_table.name:
        for role in compiled.tuples.roles:
            for feature in interface.features[role.entity]:
                types[prefixed(role.name, feature.name)] = feature.dtype
    return types


def pair_ids(
    pattern: str, interface: ServedInterface, rejections: Rejections
) -> Iterator[tuple[str, str]]:
    """Yield the ids of the pairs of all files of a pattern.

    They are in the columns `left` and `right`, or else in those of the edge list in training.

    Raises:
      DataError: see `entity_rows`.
    """
    edges = interface.compiled.edge_table if interface.compiled is not None else None
    choices = [(LEFT, RIGHT)] + ([] if edges is None else [(edges.left.id, edges.right.id)])
    own = None if edges is None else interface.readings.get(edges.name)
    paths, folder = _paths(pattern), literal_folder(pattern)
    for path in paths:
        file_format = _format(path, paths, own)
        present = set(_pair_columns(path, file_format, folder))
        left, right = next((pair for pair in choices if {*pair} <= present), choices[0])
        reading = RowReading(format=file_format, types={left: "bytes", right: "bytes"})
        for row in _usable(path, reading, folder, dict.fromkeys((left, right), "id"), rejections):
            yield id_of(row.features.feature, left), id_of(row.features.feature, right)


def table_rows(
    pattern: str,
    interface: ServedInterface,
    table: str,
    types: Types,
    keys: Mapping[str, str],
    rejections: Rejections,
    others: bool = False,
) -> Iterator[tf.train.Example]:
    """Yield the rows of all files of a pattern, read as those of a table in training.

    Args:
      pattern: path or glob.
      interface: of the model.
      table: name of an entity type or edge list.
      types: of the columns that files must have.
      keys: purpose of each feature that a row must have exactly once.
      rejections: takes the records that are not used.
      others: whether further columns of the schema are read where a file has them. For derived
        ids, which depend on all columns, they are read anyway.

    Raises:
      DataError: see `entity_rows`.
    """
    paths, columns, own = _paths(pattern), interface.columns(table), interface.readings.get(table)
    derived_id = own.derived_id if own is not None and own.derived_id in keys else None
    for path in paths:
        file_format = _format(path, paths, own)
        wanted = dict(types)
        if others or derived_id is not None:
            present = _header(path, file_format)
            wanted |= {n: f.dtype for n, f in columns.items() if present is None or n in present}
        if derived_id is not None:
            wanted.pop(derived_id, None)
        images = tuple(n for n in wanted if n in columns and columns[n].kind is FeatureKind.IMAGE)
        if file_format == "csv" and images:
            file_format = "image_manifest"  # No cell holds an image itself.
        reading = RowReading(
            format=file_format,
            types=wanted,
            images=images if file_format == "image_manifest" else (),
            missing=own.missing if own is not None else (),
            derived_id=derived_id,
        )
        yield from _usable(path, reading, literal_folder(pattern), keys, rejections)


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield items in lists of `BATCH`; the last may be shorter."""
    remaining = iter(items)
    while batch := list(itertools.islice(remaining, BATCH)):
        yield batch


def _usable(
    path: str,
    reading: RowReading,
    folder: str,
    keys: Mapping[str, str],
    rejections: Rejections,
) -> Iterator[tf.train.Example]:
    for number, row in read_rows(path, reading, folder, keys):
        if isinstance(row, Rejected):
            rejections.add(path, number, row)
        else:
            yield row


def _paths(pattern: str) -> list[str]:
    paths = visible_files(pattern)
    if not paths:
        raise DataError(f"{pattern}: all files are hidden, so none is read")
    return paths


def _format(path: str, paths: Sequence[str], own: RowReading | None) -> Format:
    """The format of one of the files of a pattern: that of training, or what its name says."""
    named = {format_of(each) for each in paths}
    if own is not None and (own.format in named or named == {None}):
        return own.format
    return cast(Format, require_format(path))


def _header(path: str, file_format: str) -> list[str] | None:
    """The columns that a file has; None for formats whose rows may differ in theirs."""
    header = "csv" if file_format == "image_manifest" else file_format
    if header not in ("csv", "parquet"):
        return None
    columns = COLUMNS[header](path)
    return [*columns.types, *columns.unreadable]


def _pair_columns(path: str, file_format: Format, folder: str) -> Iterable[str]:
    """The columns of a file of pairs, of TFRecords those of the first row."""
    if file_format in COLUMNS:
        return COLUMNS[file_format](path).types
    rows = read_rows(path, RowReading(format=file_format), folder, {})
    first = next((row for _, row in rows if isinstance(row, tf.train.Example)), None)
    return [] if first is None else list(first.features.feature)


def id_of(features: Mapping[str, tf.train.Feature], name: str) -> str:
    """The first value of a feature as text."""
    value: Value = values_of(features[name])[0]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
