"""CSV files with a header row, in UTF-8, plain or gzip, read line by line.

A cell is one value of its column's type in the schema. An empty cell is a missing value, and so is
one that holds a text which the recipe names (`missing`). Columns
that the schema does not name are left out.
"""

import csv
import io
from collections.abc import Iterator

from components.entity_gen.records import ColumnTypes, Fault, ReadOptions, Record
from components.entity_gen.text_lines import LIMIT, text_lines
from components.entity_gen.values import check_columns, row
from relation.core.errors import DataError
from relation.files.binary_files import open_binary

NO_HEADER = "empty; expected a header row that names the columns"


def read(path: str, options: ReadOptions) -> Iterator[Record]:
    """Yield each row of a file, or the `Fault` of a row that does not fit the schema.

    Raises:
      DataError: no header, a missing or repeated column, invalid UTF-8, a misplaced quote, or a
        truncated or damaged gzip stream. It names file and line (from 1).
    """
    for _, record in read_located(path, options):
        yield record


def read_located(path: str, options: ReadOptions) -> Iterator[tuple[str, Record]]:
    """Yield the same beside where each row begins: "line 3"."""
    with open_binary(path) as file:
        rows = _rows(path, file)
        line, header = next(rows, (1, []))
        if not header:
            raise DataError(f"{path}: line 1: {NO_HEADER}")
        check_columns(f"{path}: line {line}", header, options.features)
        empty = {"", *options.missing}
        columns = [(name, header.index(name)) for name in options.features]
        for line, cells in rows:
            where = f"line {line}"
            if len(cells) != len(header):
                wrong = f"{len(cells)} cells; expected {len(header)}, as in the header"
                yield where, Fault("has more or fewer cells than the header", f"{where}: {wrong}")
                continue
            named = ((name, [] if cells[at] in empty else [cells[at]]) for name, at in columns)
            yield where, row(named, options.features, where)


def columns(path: str) -> ColumnTypes:
    """The columns that the header names; their cells are text.

    Raises:
      DataError: no header, or a repeated column.
    """
    with open_binary(path) as file:
        line, header = next(_rows(path, file), (1, []))
    if not header:
        raise DataError(f"{path}: line 1: {NO_HEADER}")
    check_columns(f"{path}: line {line}", header, header)
    return ColumnTypes(dict.fromkeys(header, "bytes"), {})


def _rows(path: str, file: io.BufferedReader) -> Iterator[tuple[int, list[str]]]:
    """Yield the first line number and the cells of each row; skip empty lines."""
    csv.field_size_limit(LIMIT)
    reader = csv.reader(text_lines(path, file, "a CSV file"), strict=True)
    while True:
        begin = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = f"not CSV: {error}"
            if "new-line character" in str(error):
                reason = "a line that ends in CR alone; expected LF or CRLF"
            raise DataError(f"{path}: line {begin}: {reason}") from None
        if cells or begin == 1:
            yield begin, cells
