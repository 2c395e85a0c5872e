"""Reads TFRecord files in batches of serialized records, plain or gzip, and misses nothing.

TensorFlow's reader takes a gzip file that ends too early for the end of the file; so what was read
is compared with the length that gzip writes last.
"""

import gzip
import zlib
from collections.abc import Iterator

import tensorflow as tf

from relation.core.errors import DataError

BATCH_ROWS = 8192
BATCH_BYTES = 32 * 2**20
_FRAME = 16
"""Bytes that TFRecord adds to a record: length, and two checksums."""


def read_batches(path: str) -> Iterator[list[bytes]]:
    """Yields the records of a file in batches of at most about BATCH_ROWS rows or BATCH_BYTES.

    Raises:
      DataError: the file cannot be read to its end, or is no TFRecord.
    """
    compressed = _is_gzip(path)
    dataset = tf.data.TFRecordDataset(path, compression_type="GZIP" if compressed else "")
    rows: list[bytes] = []
    size = total = 0
    try:
        for chunk in dataset.batch(256).as_numpy_iterator():
            rows.extend(chunk.tolist())
            size += sum(map(len, rows[-len(chunk) :]))
            total += _FRAME * len(chunk)
            if len(rows) >= BATCH_ROWS or size >= BATCH_BYTES:
                yield rows
                total += size
                rows, size = [], 0
    except tf.errors.OpError as error:
        raise DataError(f"{path}: cannot be read as TFRecord: {_cause(error)}") from None
    if compressed:
        _check_length(path, total + size)
    if rows:
        yield rows


def _is_gzip(path: str) -> bool:
    with tf.io.gfile.GFile(path, "rb") as file:
        return bool(file.read(2) == b"\x1f\x8b")


def _check_length(path: str, length: int) -> None:
    """Checks that `length` is all that a gzip file holds."""
    with tf.io.gfile.GFile(path, "rb") as file:
        size = file.size()
        file.seek(max(size - 4, 0))
        last = int.from_bytes(file.read(4), "little")
        if length and last == length % 2**32:  # Zeros may as well be part of a header.
            return
        # Cut off, empty, or of several members: only reading it again can tell.
        file.seek(0)
        held = 0
        try:
            with gzip.GzipFile(fileobj=file) as stream:
                while chunk := stream.read(2**20):
                    held += len(chunk)
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(f"{path}: the gzip file is cut off or damaged: {error}") from None
    if held != length:
        raise DataError(f"{path}: only {length} of {held} bytes could be read as TFRecord")


def _cause(error: tf.errors.OpError) -> str:
    text = str(error.message).split("}}")[-1].strip()
    return text.split(" [Op:")[0].replace("\n", " ")
