"""Parquet files, read in batches of rows to bound memory.

A list is a feature with several values. A null or an empty list is a missing value. Columns that
the schema does not name are not read.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from components.entity_gen.readers.files import open_binary
from components.entity_gen.records import ReadOptions, Record
from components.entity_gen.values import check_columns, row
from relation.core.errors import DataError

BATCH = 512


def read(path: str, options: ReadOptions) -> Iterator[Record]:
    """Yield each row of a file, or the `Fault` of a row that does not fit the schema.

    Raises:
      DataError: the file is damaged or no Parquet file, or a column is missing or repeated.
    """
    names = list(options.features)
    number = 0
    for columns in _batches(path, names):
        for cells in zip(*columns, strict=True):
            number += 1
            yield row(zip(names, cells, strict=True), options.features, f"record {number}")


def _batches(path: str, names: list[str]) -> Iterator[list[list[Sequence[object]]]]:
    """Yield the columns of each batch; a cell is the sequence of its values."""
    with open_binary(path) as file:
        try:
            table = parquet.ParquetFile(file)
            check_columns(path, table.schema_arrow.names, names)
            for batch in table.iter_batches(BATCH, columns=names):
                yield [_cells(batch.column(batch.schema.get_field_index(name))) for name in names]
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path}: not a Parquet file, or a damaged one: {error}") from None


def _cells(column: Any) -> list[Sequence[object]]:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    listed = pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
    listed = listed or pa.types.is_fixed_size_list(column.type)
    column = _text_as_bytes(column)
    if listed:
        return [values or [] for values in column.to_pylist()]
    return [[] if value is None else [value] for value in column.to_pylist()]


def _text_as_bytes(column: Any) -> Any:
    """Cast text to bytes, because files may declare text that is no valid UTF-8."""
    if pa.types.is_string(column.type):
        return column.cast(pa.binary())
    if pa.types.is_large_string(column.type):
        return column.cast(pa.large_binary())
    if pa.types.is_list(column.type) and pa.types.is_string(column.type.value_type):
        return column.cast(pa.list_(pa.binary()))
    return column
