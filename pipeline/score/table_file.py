"""Write a table in parts, as CSV or Parquet, to a file that appears when it is whole."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from relation.core.errors import UserError
from relation.files.whole_file import whole_file

FORMATS = (".csv", ".parquet")


def check_format(path: str) -> None:
    """Check that a table can be written to a path.

    Raises:
      UserError: another extension, or a folder that does not exist.
    """
    if Path(path).suffix not in FORMATS:
        raise UserError(f"--output: got {path!r}; expected a name that ends in .csv or .parquet")
    if not Path(path).absolute().parent.is_dir():
        raise UserError(f"--output: {path}: there is no folder {Path(path).absolute().parent}")


def write(tables: Iterable[pa.Table], path: str | None) -> int:
    """Write tables of equal columns one after the other.

    Args:
      path: of a file (.csv or .parquet), which is replaced at the end; None: CSV to stdout.

    Returns:
      The number of rows.
    """
    if path is None:
        return _write(tables, sys.stdout.buffer, is_csv=True)
    with whole_file(Path(path)) as scratch, open(scratch, "wb") as file:
        return _write(tables, file, is_csv=Path(path).suffix == ".csv")


def _write(tables: Iterable[pa.Table], file: Any, is_csv: bool) -> int:
    rows, writer = 0, None
    try:
        for table in tables:
            shown = _flat(table) if is_csv else table
            if writer is None:
                kind = pa.csv.CSVWriter if is_csv else pa.parquet.ParquetWriter
                writer = kind(file, shown.schema)
            writer.write_table(shown)
            rows += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows


def _flat(table: pa.Table) -> pa.Table:
    """A table with a column `<name>_<n>` for each number of a list, which CSV cannot hold."""
    columns: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_fixed_size_list(column.type):
            lists = column.combine_chunks()
            for n in range(column.type.list_size):
                columns[f"{name}_{n}"] = pa.compute.list_element(lists, n)
        else:
            columns[name] = column
    return pa.table(columns)
