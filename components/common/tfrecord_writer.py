"""Writes TFRecord files, compressed by isal, which is several times as fast as zlib.

The frame of a record: its length (uint64), the length's checksum, the data, the data's checksum,
little-endian (tensorflow/core/lib/io/record_writer.cc).
"""

import os
import struct
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from types import TracebackType

import google_crc32c
import numpy as np
import tensorflow as tf
from isal import isal_zlib

from components.common.hashing import I64
from relation.files.checksums import masked

CHUNK = 2**20
"""Approximate number of bytes compressed at once."""
LEVEL = 1
_GZIP = 31
"""zlib's window bits for a gzip header and trailer."""
_LENGTH = struct.Struct("<Q")


def _packed(crc: I64) -> bytes:
    """Masked checksums, int64 [n], as 4 bytes each."""
    return masked(crc).astype("<u4").tobytes()  # type: ignore[no-any-return]


def framed(records: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """Frames records; yields (bytes, number of records), many at a time."""
    data: list[bytes] = []
    checksums: list[int] = []
    size, checksum = 0, google_crc32c.value
    for record in records:
        data.append(record)
        checksums.append(checksum(record))
        size += len(record)
        if size >= CHUNK:
            yield _frames(data, checksums), len(data)
            data, checksums, size = [], [], 0
    if data:
        yield _frames(data, checksums), len(data)


def _frames(data: list[bytes], checksums: list[int]) -> bytes:
    """Frames each record with its length, the length's checksum, and its own checksum."""
    lengths = {length: _LENGTH.pack(length) for length in set(map(len, data))}
    heads = {
        length: packed + _packed(np.array([google_crc32c.value(packed)]))
        for length, packed in lengths.items()
    }
    footers = _packed(np.array(checksums, dtype=np.int64))
    parts: list[bytes] = []
    for i, record in enumerate(data):
        parts += (heads[len(record)], record, footers[4 * i : 4 * i + 4])
    return b"".join(parts)


def shard_name(shard: int, shards: int) -> str:
    """The name of a shard's file, as TFX names it."""
    return f"data_tfrecord-{shard:05d}-of-{shards:05d}.gz"


class RecordWriter(AbstractContextManager["RecordWriter"]):
    """Writes records to a gzip TFRecord file, which appears whole, by a rename after the last one.

    A thread compresses and writes while this one assembles the next records.
    """

    def __init__(self, path: str) -> None:
        """Opens a file, in a folder that need not exist yet."""
        folder, name = os.path.split(path)
        tf.io.gfile.makedirs(folder)
        self._path = path
        self._temporary = os.path.join(folder, f".{name}.{uuid.uuid4().hex}")
        self._file = tf.io.gfile.GFile(self._temporary, "wb")
        self._compress = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, _GZIP)
        self._worker = ThreadPoolExecutor(1)
        self._pending: Future[None] | None = None
        self.records = 0

    def extend(self, records: Iterable[bytes]) -> None:
        """Writes records, after those before."""
        for data, count in framed(records):
            self._wait()
            self._pending = self._worker.submit(self._put, data)
            self.records += count

    def _put(self, data: bytes) -> None:
        self._file.write(self._compress.compress(data))

    def _wait(self) -> None:
        if self._pending is not None:
            self._pending.result()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._file, self._worker:
            if kind is None:
                self._wait()
                self._file.write(self._compress.flush())
        if kind is None:
            tf.io.gfile.rename(self._temporary, self._path, overwrite=True)


def write(path: str, records: Iterable[bytes]) -> int:
    """Writes records to a gzip TFRecord file, see `RecordWriter`; returns their number."""
    with RecordWriter(path) as writer:
        writer.extend(records)
    return writer.records
