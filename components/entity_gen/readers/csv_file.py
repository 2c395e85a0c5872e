"""CSV files with a header row, in UTF-8, plain or gzip, read line by line.

A cell is one value of its column's type in the schema. An empty cell is a missing value. Columns
that the schema does not name are left out.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator

from components.entity_gen.records import ColumnTypes, Fault, ReadOptions, Record
from components.entity_gen.values import check_columns, row
from relation.core.errors import DataError
from relation.files.binary_files import BUFFER_BYTES, is_gzip, open_binary

BOM = "\ufeff"
LIMIT = 1 << 26
"""Bytes of the longest line, and characters of the longest cell. It bounds memory where a quote is
never closed."""


def read(path: str, options: ReadOptions) -> Iterator[Record]:
    """Yield each row of a file, or the `Fault` of a row that does not fit the schema.

    Raises:
      DataError: no header, a missing or repeated column, invalid UTF-8, a misplaced quote, or a
        truncated or damaged gzip stream. It names file and line (from 1).
    """
    with open_binary(path) as file:
        rows = _rows(path, file)
        line, header = next(rows, (1, []))
        if not header:
            raise DataError(f"{path}: line 1: empty; expected a header row that names the columns")
        check_columns(f"{path}: line {line}", header, options.features)
        columns = [(name, header.index(name)) for name in options.features]
        for line, cells in rows:
            if len(cells) != len(header):
                wrong = f"{len(cells)} cells; expected {len(header)}, as in the header"
                yield Fault("has more or fewer cells than the header", f"line {line}: {wrong}")
                continue
            named = ((name, [cells[at]] if cells[at] else []) for name, at in columns)
            yield row(named, options.features, f"line {line}")


def columns(path: str) -> ColumnTypes:
    """The columns that the header names; their cells are text.

    Raises:
      DataError: no header, or a repeated column.
    """
    with open_binary(path) as file:
        line, header = next(_rows(path, file), (1, []))
    if not header:
        raise DataError(f"{path}: line 1: empty; expected a header row that names the columns")
    check_columns(f"{path}: line {line}", header, header)
    return ColumnTypes(dict.fromkeys(header, "bytes"), {})


def _rows(path: str, file: io.BufferedReader) -> Iterator[tuple[int, list[str]]]:
    """Yield the first line number and the cells of each row; skip empty lines."""
    csv.field_size_limit(LIMIT)
    reader = csv.reader(_lines(path, file), strict=True)
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


def _lines(path: str, file: io.BufferedReader) -> Iterator[str]:
    """Yield lines as text with their line ends, which quoted values keep."""
    unpacked = file
    if is_gzip(file):
        unpacked = io.BufferedReader(gzip.GzipFile(fileobj=file), BUFFER_BYTES)
    number = 0
    while True:
        number += 1
        try:
            line = unpacked.readline(LIMIT)
        except EOFError:
            raise DataError(f"{path}: line {number}: truncated gzip") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{path}: line {number}: damaged gzip: {error}") from None
        if not line:
            return
        if len(line) == LIMIT:
            raise DataError(f"{path}: line {number}: longer than {LIMIT} bytes; is it a CSV file?")
        if b"\0" in line:
            at = line.index(b"\0") + 1
            raise DataError(
                f"{path}: line {number}: byte 0x00 at {at}; expected text in UTF-8 (is it UTF-16?)"
            )
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(
                f"{path}: line {number}: byte 0x{line[error.start]:02x} at {error.start + 1} is "
                "not UTF-8; expected a UTF-8 file"
            ) from None
        yield text.removeprefix(BOM) if number == 1 else text
