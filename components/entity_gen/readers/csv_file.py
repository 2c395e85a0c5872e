"""CSV files with a header row, in UTF-8, plain or gzip, read line by line.

A cell is one value, of the type that the schema gives its column; an empty cell is a missing value.
Columns that the schema does not name are left out.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator

from components.entity_gen.readers.files import BLOCK, open_binary
from components.entity_gen.readers.tfrecord import GZIP_MAGIC
from components.entity_gen.records import Fault, Layout, Record
from components.entity_gen.values import check_columns, row
from relation.core.errors import DataError

BOM = "\ufeff"
LIMIT = 1 << 26
"""Bytes of the longest line, and characters of the longest cell: a quote that is never closed must
not take the whole file into memory."""


def read(path: str, layout: Layout) -> Iterator[Record]:
    """Yields the rows of a file; for one that does not fit the schema, what is wrong with it.

    Raises:
      DataError: no header, a column of the schema absent or twice, bytes that are no UTF-8, a quote
        out of place, a truncated or damaged gzip stream; names file and line (counted from 1).
    """
    with open_binary(path) as file:
        rows = _rows(path, file)
        line, header = next(rows, (1, []))
        if not header:
            raise DataError(f"{path}: line 1: empty; expected a header row that names the columns")
        check_columns(f"{path}: line {line}", header, layout.features)
        columns = [(name, header.index(name)) for name in layout.features]
        for line, cells in rows:
            if len(cells) != len(header):
                wrong = f"{len(cells)} cells; expected {len(header)}, as the header has"
                yield Fault("has more or fewer cells than the header", f"line {line}: {wrong}")
                continue
            named = ((name, [cells[at]] if cells[at] else []) for name, at in columns)
            yield row(named, layout.features, f"line {line}")


def _rows(path: str, file: io.BufferedReader) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row, and the line it begins at. Lines without anything are no rows."""
    csv.field_size_limit(LIMIT)
    reader = csv.reader(_lines(path, file), strict=True)
    while True:
        begin = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{path}: line {begin}: not CSV: {error}") from None
        if cells or begin == 1:
            yield begin, cells


def _lines(path: str, file: io.BufferedReader) -> Iterator[str]:
    """Lines as text, with their ends, which belong to the value where they are quoted."""
    compressed = file.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC)
    unpacked = io.BufferedReader(gzip.GzipFile(fileobj=file), BLOCK) if compressed else file
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
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(
                f"{path}: line {number}: byte 0x{line[error.start]:02x} at {error.start + 1} is no "
                "UTF-8; expected a file in UTF-8"
            ) from None
        yield text.removeprefix(BOM) if number == 1 else text
