"""Rows with labels of users' files, as TFRecord files of one split."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import tensorflow as tf

from components.common.input_files import InputFile
from pipeline.score.rows import Rejections, member_types, table_rows
from relation.compiled import (
    NO_GRADE,
    NO_GROUP,
    NO_ID,
    NO_LABEL,
    NO_LEFT_ID,
    NO_RIGHT_ID,
    NO_VALUE,
    NO_WEIGHT,
    CompiledRelation,
)
from relation.core.errors import DataError, UserError, did_you_mean
from relation.names import EVAL
from trainer_module.model.interface import ServedInterface

_PURPOSES: Mapping[str | None, str] = {
    None: "it holds the labels",
    NO_LABEL: "it holds the labels",
    NO_VALUE: "it holds the labels",
    NO_GRADE: "it holds the grades",
    NO_GROUP: "it says which rows belong together",
    NO_WEIGHT: "it holds the weights",
    **dict.fromkeys((NO_ID, NO_LEFT_ID, NO_RIGHT_ID), "it holds ids"),
}
"""What a column is for, by the reason to skip a row without it; None: a row may lack its labels."""


@dataclass(frozen=True)
class TableRows:
    """The rows of a table.

    Fields:
      file: TFRecord file of its usable rows.
      pattern: where they come from.
      rows: number of usable rows.
    """

    file: InputFile
    pattern: str
    rows: int


def tables_of(interface: ServedInterface, compiled: CompiledRelation) -> tuple[str, ...]:
    """Names of the tables that tuples are made of, as in training."""
    relating = (*compiled.entities, *compiled.tables)
    return tuple(name for name in interface.readings if name in relating)


def write_rows(
    interface: ServedInterface,
    compiled: CompiledRelation,
    patterns: Mapping[str, str],
    folder: str,
    numbered: bool,
    rejections: Rejections,
) -> list[TableRows]:
    """Read the rows of every table, and write them to a file each.

    Args:
      interface: of the model.
      compiled: the relation.
      patterns: path or glob of each table of `tables_of`.
      folder: where the files are written.
      numbered: whether rows of entities have no ids, so that their numbers are.
      rejections: takes the records that are not used.

    Raises:
      UserError: a table has no pattern, a file cannot be read, no row has a value in a column that
        is needed, or a row cannot be used.
    """
    written = []
    for table in tables_of(interface, compiled):
        if table not in patterns:
            what = "edges" if table in compiled.tables else "rows"
            raise UserError(f"expected the {what} {table!r}, too: {table}=GLOB")
        rows = _rows(interface, table, patterns[table], numbered, rejections)
        path = os.path.join(folder, f"{table}.gz")
        columns: set[str] = set()
        count = 0
        with tf.io.TFRecordWriter(path, "GZIP") as writer:
            for row in rows:
                writer.write(row.SerializeToString(deterministic=True))
                columns.update(n for n, f in row.features.feature.items() if f.WhichOneof("kind"))
                count += 1
        if not count:
            raise DataError(f"{patterns[table]}: holds no usable row{_listed(rejections)}")
        _check_columns(patterns[table], columns, _needed(compiled, table))
        file = InputFile(table, path, EVAL, os.path.getsize(path))
        written.append(TableRows(file, patterns[table], count))
    return written


def _rows(
    interface: ServedInterface,
    table: str,
    pattern: str,
    numbered: bool,
    rejections: Rejections,
) -> Iterator[tf.train.Example]:
    """Yield the rows of a table; `numbered`: with their numbers as ids, if it is of entities."""
    columns, key = interface.columns(table), interface.ids.get(table)
    numbered = numbered and key is not None
    types = member_types(interface, table)
    keys = {key: "id feature"} if key is not None and not numbered else {}
    rows = table_rows(pattern, interface, table, types, keys, rejections, others=True)
    for number, row in enumerate(rows, start=1):
        if numbered:
            assert key is not None
            feature = row.features.feature[key]
            feature.Clear()
            if columns[key].dtype == "int":
                feature.int64_list.value.append(number)
            else:
                feature.bytes_list.value.append(b"%d" % number)
        yield row


def _needed(compiled: CompiledRelation, table: str) -> dict[str, str]:
    """What each column is for that says how rows are related."""
    required = compiled.rows[table]
    absent = {key.name: key.absent for key in required.keys}
    absent |= {number.name: number.absent for number in required.numbers}
    return {name: _PURPOSES.get(why, "it says what is related") for name, why in absent.items()}


def _check_columns(pattern: str, columns: set[str], needed: Mapping[str, str]) -> None:
    """Check that each column has a value in some row.

    Raises:
      DataError: one has none, with what it is for.
    """
    for name, purpose in needed.items():
        if name not in columns:
            raise DataError(
                f"{pattern}: no row has a value in column {name!r}, which evaluation needs: "
                f"{purpose}; there are {', '.join(sorted(columns)) or 'none'}"
                f"{did_you_mean(name, columns)}"
            )


def _listed(rejections: Rejections) -> str:
    return "".join(f"; {n:,} left out: {why}" for why, n in sorted(rejections.counts.items()))
