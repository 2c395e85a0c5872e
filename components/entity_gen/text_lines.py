"""Lines of a text file in UTF-8, plain or gzip."""

import gzip
import io
import zlib
from collections.abc import Iterator

from relation.core.errors import DataError
from relation.files.binary_files import BUFFER_BYTES, is_gzip

BOM = "\ufeff"
LIMIT = 1 << 26
"""Bytes of the longest line. It bounds memory where a line or a quote never ends."""


def text_lines(path: str, file: io.BufferedReader, what: str) -> Iterator[str]:
    """Yield lines as text with their line ends, without a byte order mark.

    Args:
      path: the file's name in messages.
      file: the file, read from its current position.
      what: what the file should be, as messages ask: "a CSV file".

    Raises:
      DataError: a line that is too long, a NUL byte, invalid UTF-8, or a truncated or damaged gzip
        stream. It names file and line (from 1).
    """
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
            raise DataError(f"{path}: line {number}: longer than {LIMIT} bytes; is it {what}?")
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
