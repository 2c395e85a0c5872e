"""Parquet files, read in batches of rows to bound memory.

A list is a feature with several values. A null or an empty list is a missing value. Columns that
the schema does not name are not read.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

import pyarrow as pa
from pyarrow import compute, parquet, types

from components.entity_gen.records import ColumnTypes, ReadOptions, Record
from components.entity_gen.values import EXPECTED, check_columns, row
from relation.core.errors import DataError
from relation.files.binary_files import open_binary

BATCH = 512
_PRECISIONS = {pa.float16(): 11, pa.float32(): 24}
"""Bits of the significand of floats that are narrower than Python's."""


def read(path: str, options: ReadOptions) -> Iterator[Record]:
    """Yield each row of a file, or the `Fault` of a row that does not fit the schema.

    Raises:
      DataError: the file is damaged, or not a Parquet file, a column is missing or repeated, or its
        type cannot become the schema's. Then the message says how to convert it.
    """
    names = list(options.features)
    number = 0
    with open_binary(path) as file:
        table = _opened(path, file)
        check_columns(path, table.schema_arrow.names, names)
        kinds = {name: table.schema_arrow.field(name).type for name in names}
        _check_types(path, kinds, options.features)
        precisions = {
            name: _PRECISIONS[value]
            for name, kind in kinds.items()
            if (value := _value_type(kind)) in _PRECISIONS
        }
        for columns in _batches(path, table, kinds):
            for cells in zip(*columns, strict=True):
                number += 1
                named = zip(names, cells, strict=True)
                yield row(named, options.features, f"record {number}", precisions)


def columns(path: str) -> ColumnTypes:
    """The columns of a file: integers where all values of the type are, numbers, or text.

    Raises:
      DataError: the file is damaged, or not a Parquet file.
    """
    with open_binary(path) as file:
        schema = _opened(path, file).schema_arrow
    usable, unreadable = {}, {}
    for field in schema:
        kind = _value_type(field.type)
        dtype = next((one for one in ("int", "float", "bytes") if _holds(kind, one)), None)
        if dtype is None or not _fits(kind, dtype):
            unreadable[field.name] = f"it has the type {field.type}: {_remedy(kind, 'bytes')}"
        else:
            usable[field.name] = dtype
    return ColumnTypes(usable, unreadable)


def _holds(kind: Any, dtype: str) -> bool:
    """Whether every value of an Arrow type is of a type of the schema."""
    if dtype == "int":
        return bool(types.is_integer(kind) or types.is_boolean(kind))
    if dtype == "float":
        return bool(types.is_floating(kind) or types.is_decimal(kind))
    return _is_text(kind) or bool(types.is_null(kind))


def _opened(path: str, file: io.BufferedReader) -> Any:
    try:
        return parquet.ParquetFile(file)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: {_damaged(error)}") from None


def _batches(
    path: str, table: Any, kinds: Mapping[str, Any]
) -> Iterator[list[list[Sequence[object]]]]:
    """Yield the columns of each batch; a cell is the sequence of its values."""
    try:
        for batch in table.iter_batches(BATCH, columns=list(kinds)):
            yield [_cells(batch.column(batch.schema.get_field_index(name))) for name in kinds]
    except (pa.ArrowException, OSError) as error:
        fixed = [name for name, kind in kinds.items() if types.is_fixed_size_list(kind)]
        if not fixed or "lists to be of size" not in str(error):
            raise DataError(f"{path}: {_damaged(error)}") from None
        raise DataError(
            f"{path}: column {' or '.join(map(repr, fixed))}: a null in a fixed_size_list, which "
            "Arrow cannot read from Parquet; write the column as a list"
        ) from None


def _damaged(error: Exception) -> str:
    return f"not a Parquet file, or a damaged one: {' '.join(str(error).split())}"


def _check_types(path: str, kinds: Mapping[str, Any], features: Mapping[str, str]) -> None:
    """Check that the type of each column can become the schema's.

    Raises:
      DataError: it cannot; the message says how to convert the column.
    """
    for name, kind in kinds.items():
        if not _fits(_value_type(kind), features[name]):
            raise DataError(
                f"{path}: column {name!r}: got {kind}; expected {EXPECTED[features[name]]}: "
                f"{_remedy(_value_type(kind), features[name])}"
            )


def _value_type(kind: Any) -> Any:
    """The type of a column's values, of a list that of its elements."""
    if _is_list(kind):
        kind = kind.value_type
    return kind.value_type if types.is_dictionary(kind) else kind


def _is_list(kind: Any) -> bool:
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _is_text(kind: Any) -> bool:
    text = types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind)
    return bool(text or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))


def _fits(kind: Any, dtype: str) -> bool:
    """Whether values of an Arrow type can be of a type of the schema."""
    if types.is_boolean(kind) or types.is_floating(kind):
        return dtype != "bytes"
    exact = types.is_integer(kind) or types.is_decimal(kind)
    return bool(exact or _is_text(kind) or types.is_null(kind))


def _remedy(kind: Any, dtype: str) -> str:
    """How to convert values of a type that does not fit."""
    if types.is_struct(kind):
        return "make a column of each field, for example by pyarrow's `table.flatten()`"
    if types.is_nested(kind):
        return "write plain values, or one list a row"
    width = "int32" if types.is_date32(kind) or types.is_time32(kind) else "int64"
    whole = types.is_temporal(kind) and dtype != "bytes"
    return f"convert it, for example by pyarrow's `column.cast('{width if whole else 'string'}')`"


def _cells(column: Any) -> list[Sequence[object]]:
    if not _is_list(column.type):
        return [[] if value is None else [value] for value in _values(column)]
    values = _values(column.flatten())
    lengths = compute.fill_null(compute.list_value_length(column), 0).to_pylist()
    return [values[start:end] for start, end in pairwise(accumulate(lengths, initial=0))]


def _values(column: Any) -> list[object]:
    """The values of an array without lists; text as bytes, for it need not be valid UTF-8."""
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if types.is_string(column.type):
        column = column.cast(pa.binary())
    elif types.is_large_string(column.type):
        column = column.cast(pa.large_binary())
    elif types.is_float16(column.type):
        column = column.cast(pa.float32())
    return list(column.to_pylist())
