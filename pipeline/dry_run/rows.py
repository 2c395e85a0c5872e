"""The first rows of each table, read by the readers of a run and compared with the schema."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2

from components.entity_gen.reading import LEFT_OUT, Rejected, read_rows
from pipeline.stages.file_patterns import Pattern, Patterns
from relation.core.errors import DataError, Faults, did_you_mean
from relation.data import RowReading
from relation.files.globs import literal_folder, matching_files
from relation.load import LoadedRecipe

_KINDS = {"bytes_list": "BYTES", "int64_list": "INT", "float_list": "FLOAT"}
MORE_ENTITIES = 10


class FirstRows(NamedTuple):
    """The first rows of a table.

    rows: of each split that has files of its own; under None where a hash decides.
    left_out: counts of the other records, by reason.
    complete: whether these are all rows of the table.
    files: number of files that the table has.
    """

    rows: Mapping[str | None, tuple[tf.train.Example, ...]]
    left_out: Counter[str]
    complete: bool
    files: int

    def __len__(self) -> int:
        return sum(map(len, self.rows.values()))


def first_rows(loaded: LoadedRecipe, patterns: Patterns, limit: int) -> dict[str, FirstRows]:
    """Read the first rows of each table, at most `limit` of each of its patterns.

    Of entities `MORE_ENTITIES` times as many are read where edges name them, since the first edges
    may name any.

    Raises:
      DataError: a line for each table without files, damaged file, or column that does not fit.
    """
    faults, tables = Faults(), {}
    for name in loaded.recipe.data.tables:
        try:
            named = name in loaded.recipe.data.entities and bool(loaded.recipe.data.edges)
            most = limit * MORE_ENTITIES if named else limit
            tables[name] = _table(loaded, name, patterns[name], most)
        except DataError as error:
            faults.add(error)
            continue
        for line in _schema_faults(tables[name], loaded.schemas[name]):
            faults.add(DataError(f"rows of {name}: {line}; see {loaded.schema_paths[name]}"))
    if faults.lines:
        raise DataError("\n".join(faults.lines))
    return tables


def _table(loaded: LoadedRecipe, name: str, pattern: Pattern, limit: int) -> FirstRows:
    by_split = {None: pattern} if isinstance(pattern, str) else dict(pattern)
    reading = loaded.row_reading(name)
    left_out: Counter[str] = Counter()
    rows, complete, count = {}, True, 0
    for split, glob in by_split.items():
        files = matching_files(glob)
        records = _records(files, reading, literal_folder(glob), left_out)
        rows[split] = tuple(islice(records, limit))
        complete &= next(records, None) is None
        count += len(files)
    return FirstRows(rows, left_out, complete, count)


def _records(
    files: list[str], reading: RowReading, folder: str, left_out: Counter[str]
) -> Iterator[tf.train.Example]:
    """Yield usable rows, and count the others.

    Raises:
      DataError: a file is damaged, or of another format.
    """
    for file in files:
        for _, row in read_rows(file, reading, folder, {}):
            if isinstance(row, Rejected):
                left_out[row.reason if row.kind == LEFT_OUT else f"a row {row.reason}"] += 1
            else:
                yield row


def _schema_faults(table: FirstRows, schema: schema_pb2.Schema) -> list[str]:
    """Compare the types of values, and the names of columns, with the schema."""
    types = {feature.name: schema_pb2.FeatureType.Name(feature.type) for feature in schema.feature}
    kinds: dict[str, Counter[str]] = {}
    for rows in table.rows.values():
        for row in rows:
            for name, feature in row.features.feature.items():
                if kind := feature.WhichOneof("kind"):
                    kinds.setdefault(name, Counter())[_KINDS[kind]] += 1
    kinds = dict(sorted(kinds.items()))
    faults = [
        f"column {name!r}: got values of type {kind} in {count} rows; expected {types[name]}"
        for name, counts in kinds.items()
        for kind, count in counts.items()
        if name in types and kind != types[name]
    ]
    faults += [
        f"column {name!r}: the schema does not name it; expected one of {', '.join(types)}"
        + did_you_mean(name, types)
        for name in kinds
        if name not in types
    ]
    required = [f.name for f in schema.feature if f.presence.min_fraction == 1]
    for name in required if len(table) else ():
        if name not in kinds:
            listed = ", ".join(kinds) or "none"
            meant = did_you_mean(name, kinds)
            faults.append(f"no row has the column {name!r}; there are {listed}{meant}")
    return faults
