"""Reads TFRecord files, plain or gzip, in batches of serialized records, and misses nothing.

The frame of a record: its length (uint64), the length's checksum, the data, the data's checksum,
little-endian (tensorflow/core/lib/io/record_reader.cc). TensorFlow's reader allocates whatever
length a file claims, which can kill the process, and takes a gzip file that ends too early for the
end of the file. So files that users bring are read here.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import google_crc32c
import numpy as np
from isal import igzip, isal_zlib

from relation.core.errors import DataError
from relation.files.binary_files import is_gzip, open_binary
from relation.files.checksums import masked
from relation.numeric.lazy import tf

BATCH_ROWS = 8192
BATCH_BYTES = 32 * 2**20
MAX_RECORD = 2**28
"""Bytes of the longest record: a small gzip file may unpack to a record of any size."""
CHUNK = 2**20
"""About how many bytes are read at once."""
_HEADER, _FOOTER = struct.Struct("<QI"), struct.Struct("<I")
_IsalError: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]  # By its stub an instance.
_STEP = 256
"""Records after which the size of a batch is looked at."""
_CORRUPTED = "corrupted; is it a TFRecord file?"
_CACHED = 1 << 14
"""Headers whose checksum need not be computed again."""


class _Damaged(Exception):
    """Why the next record cannot be read."""


def read_batches(path: str) -> Iterator[list[bytes]]:
    """Yields the records of a file in batches of at most about BATCH_ROWS rows or BATCH_BYTES.

    Raises:
      DataError: the file cannot be read to its end, or is not a TFRecord file. It names file and
        record (from 1).
    """
    rows: list[bytes] = []
    size = done = 0
    try:
        for record in _records(path):
            rows.append(record)
            size += len(record)
            if len(rows) % _STEP == 0 and (len(rows) >= BATCH_ROWS or size >= BATCH_BYTES):
                yield rows
                done += len(rows)
                rows, size = [], 0
    except _Damaged as error:
        number = done + len(rows) + 1
        raise DataError(f"{path}: record {number}: {error}") from None
    if rows:
        yield rows


def _records(path: str) -> Iterator[bytes]:
    stream = _chunks(path)
    headers: set[bytes] = set()
    buffer, size = b"", _HEADER.size
    while True:
        parts, length = [buffer], len(buffer)
        while length < size and (chunk := next(stream, b"")):
            parts.append(chunk)
            length += len(chunk)
        if not length:
            return
        if length < size:
            raise _Damaged("truncated; is it a TFRecord file?")
        buffer = b"".join(parts)
        frames = _split(buffer, headers)
        yield from frames.records
        if frames.fault:
            raise _Damaged(frames.fault)
        buffer, size = buffer[frames.end :], frames.size


class _Frames(NamedTuple):
    """The whole records at the start of a buffer.

    `end`: where the next one begins. `size`: bytes of the next one, or of its header, at least one
    more than there are. `fault`: why the next one cannot be read, "" if it can.
    """

    records: list[bytes]
    end: int
    size: int
    fault: str


def _split(buffer: bytes, headers: set[bytes]) -> _Frames:
    """Takes records off the start of a buffer.

    Args:
      headers: those whose checksum is right.
    """
    records: list[bytes] = []
    checksums: list[int] = []
    footers: list[int] = []
    at, size, fault = 0, _HEADER.size, ""
    while at + size <= len(buffer):
        header = buffer[at : at + _HEADER.size]
        length, checksum = _HEADER.unpack(header)
        if header not in headers:
            if masked(google_crc32c.value(header[:8])) != checksum:
                fault = _CORRUPTED
            elif length > MAX_RECORD:
                fault = f"claims {length} bytes; expected at most {MAX_RECORD}"
            if fault:
                break
            if len(headers) < _CACHED:
                headers.add(header)
        size = _HEADER.size + length + _FOOTER.size
        if at + size > len(buffer):
            break
        record = buffer[at + _HEADER.size : at + _HEADER.size + length]
        records.append(record)
        checksums.append(google_crc32c.value(record))
        footers.append(_FOOTER.unpack_from(buffer, at + size - _FOOTER.size)[0])
        at += size
        size = _HEADER.size
    wrong = np.flatnonzero(masked(np.array(checksums, dtype=np.int64)) != np.array(footers))
    if len(wrong):
        return _Frames(records[: wrong[0]], at, size, _CORRUPTED)
    return _Frames(records, at, size, fault)


def _chunks(path: str) -> Iterator[bytes]:
    """The unpacked bytes of a file.

    Raises:
      DataError: it cannot be read, or is a gzip file that is truncated or damaged.
    """
    size = 0
    try:
        with open_binary(path) as file:
            stream = igzip.IGzipFile(fileobj=file, mode="rb") if is_gzip(file) else file
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                yield chunk
    except EOFError:
        raise DataError(f"{path}: truncated gzip: it ends after {size} unpacked bytes") from None
    except (OSError, zlib.error, _IsalError) as error:
        raise DataError(f"{path}: damaged gzip after {size} unpacked bytes: {error}") from None
    except tf.errors.OpError as error:
        raise DataError(f"{path}: cannot be read: {error.message}") from None
