"""TFRecord files of tf.Example, plain or gzip, by TensorFlow's C++ reader.

That reader stops silently at a truncated gzip stream or at a few trailing bytes. So the bytes of
the records are summed and compared with the unpacked size of the file.
"""

import gzip
import zlib
from collections.abc import Iterator

import tensorflow as tf
from google.protobuf.message import DecodeError

from components.entity_gen.records import ReadOptions
from relation.core.errors import DataError

GZIP_MAGIC = b"\x1f\x8b"
FRAME = 16
"""Bytes around a record: its length (8) and two checksums (4 each)."""
BATCH = 512
CHUNK = 1 << 20


def read(path: str, _: ReadOptions | None = None) -> Iterator[tf.train.Example | str]:
    """Yield each row of a file, or a text where a record is no tf.Example.

    Raises:
      DataError: a truncated or damaged gzip stream, or no TFRecord file. It names file and record
        (from 1).
    """
    compressed, size = _measure(path)
    read_bytes = 0
    for record in _records(path, "GZIP" if compressed else ""):
        read_bytes += FRAME + len(record)
        try:
            yield tf.train.Example.FromString(record)
        except DecodeError:
            yield "is no tf.Example"
    if read_bytes != size:
        raise DataError(
            f"{path}: not a TFRecord file, or a truncated one: its records end after {read_bytes} "
            f"of {size} bytes"
        )


def _records(path: str, compression: str) -> Iterator[bytes]:
    """Yield records in batches (20 times faster), or singly where a batch fails, to find which."""
    dataset = tf.data.TFRecordDataset(path, compression_type=compression)
    done = 0
    try:
        for batch in dataset.batch(BATCH).as_numpy_iterator():
            yield from batch
            done += len(batch)
        return
    except tf.errors.DataLossError:
        pass
    try:
        for record in dataset.skip(done).as_numpy_iterator():
            done += 1
            yield record
    except tf.errors.DataLossError as error:
        detail = "truncated" if "truncated" in str(error) else "corrupted"
        raise DataError(f"{path}: record {done + 1}: {detail}; is it a TFRecord file?") from None


def _measure(path: str) -> tuple[bool, int]:
    """Return whether a file is gzip, and its unpacked size in bytes."""
    with tf.io.gfile.GFile(path, "rb") as file:
        compressed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        if not compressed:
            return False, file.size()
        file.seek(0)
        size = 0
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                while chunk := unpacked.read(CHUNK):
                    size += len(chunk)
        except EOFError:
            raise DataError(
                f"{path}: truncated gzip: it ends after {size} unpacked bytes"
            ) from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{path}: damaged gzip after {size} unpacked bytes: {error}") from None
        return True, size
