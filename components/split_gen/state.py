"""State between passes: packed rows in files, each sorted by the part that will read them.

A task of one pass writes files; a task of the next reads its part of each of them. So a shuffle
holds in memory what one task holds, on any runner, and what Beam carries are the tasks' numbers.
A file begins with a table of its parts; each part is an Arrow stream.
"""

import itertools
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf

from components.common import shuffle_store
from components.common.hashing import Ints

Packed = npt.NDArray[Any]
"""Rows of named fields: a structured array, [n]."""


def pack(dtype: np.dtype[Any], **fields: npt.ArrayLike) -> Packed:
    """A structured array of fields, each [n]; one of them must not be a scalar."""
    size = max(np.size(field) for field in fields.values())
    sizes = {np.size(field) for field in fields.values() if np.ndim(field)}
    packed = np.empty(sizes.pop() if sizes else size, dtype=dtype)
    for name, field in fields.items():
        packed[name] = field
    return packed


@dataclass(frozen=True)
class Store:
    """Rows of one kind, in a folder, in `parts` parts; at most about `limit` in memory at once."""

    folder: str
    dtype: np.dtype[Any]
    parts: int
    limit: int

    def writer(self, task: str) -> "Writer":
        """Writes the rows of one task; its name is not that of another one's."""
        return Writer(self, task)

    def read(self, part: int) -> Iterator[Packed]:
        """The rows of a part, in pieces of about `limit` rows; the order depends on tasks alone."""
        pieces: list[Packed] = []
        rows = 0
        for name in self._files():
            piece = self._read(name, part)
            pieces.append(piece)
            rows += len(piece)
            if rows >= self.limit:
                yield np.concatenate(pieces)
                pieces, rows = [], 0
        if rows:
            yield np.concatenate(pieces)

    def rows(self, part: int) -> int:
        """The number of rows of a part."""
        return sum(int(span[1, 0] - span[0, 0]) for span in self._spans(part))

    def remove(self) -> None:
        """Removes all rows."""
        if tf.io.gfile.isdir(self.folder):
            tf.io.gfile.rmtree(self.folder)

    def _files(self) -> list[str]:
        if not tf.io.gfile.isdir(self.folder):
            return []
        return sorted(name for name in tf.io.gfile.listdir(self.folder) if name[0] != ".")

    def _spans(self, part: int) -> Iterator[npt.NDArray[np.int64]]:
        for name in self._files():
            with tf.io.gfile.GFile(os.path.join(self.folder, name), "rb") as file:
                yield _span(file, part)

    def _read(self, name: str, part: int) -> Packed:
        with tf.io.gfile.GFile(os.path.join(self.folder, name), "rb") as file:
            (first, start), (last, end) = _span(file, part).tolist()
            packed = np.empty(last - first, dtype=self.dtype)
            if not len(packed):
                return packed
            file.seek(_SPAN * (self.parts + 1) + start)
            columns = shuffle_store.from_bytes(file.read(end - start))
        for column in columns.schema.names:
            packed[column] = columns.column(column).to_numpy()
        return packed


_SPAN = 16
"""Bytes of a part's entry in the table that a file begins with: its first row, its first byte."""


def _span(file: Any, part: int) -> npt.NDArray[np.int64]:
    """The first row and byte of a part, and of the next one: int64 [2, 2]."""
    file.seek(_SPAN * part)
    return np.frombuffer(file.read(2 * _SPAN), dtype=np.int64).reshape(2, 2)


def _to_arrow(rows: Packed) -> pa.RecordBatch:
    names = list(rows.dtype.names or ())
    arrays = [pa.array(np.ascontiguousarray(rows[name])) for name in names]
    return pa.RecordBatch.from_arrays(arrays, names=names)


class Writer:
    """Writes the rows that one task has for each part; a task that runs again writes the same."""

    def __init__(self, store: Store, task: str) -> None:
        self._store = store
        self._task = task
        self._held: list[tuple[npt.NDArray[np.uint32], Packed]] = []
        self._rows = self._files = 0

    def add(self, part: Ints | int, rows: Packed) -> None:
        """Adds rows, [n], for parts, [n] or one for all."""
        parts = np.broadcast_to(np.asarray(part, dtype=np.uint32), len(rows))
        self._held.append((parts, rows))
        self._rows += len(rows)
        if self._rows >= self._store.limit:
            self.flush()

    def flush(self) -> None:
        """Writes what is held."""
        if not self._rows:
            return
        store = self._store
        part = np.concatenate([parts for parts, _ in self._held])
        rows = np.concatenate([rows for _, rows in self._held])
        order = np.argsort(part, kind="stable")
        starts = np.searchsorted(part[order], np.arange(store.parts + 1)).astype(np.int64)
        batch = _to_arrow(rows[order])
        streams = [
            shuffle_store.to_bytes(batch.slice(first, last - first)) if last > first else b""
            for first, last in itertools.pairwise(starts.tolist())
        ]
        bytes_before = np.cumsum([0, *map(len, streams)])
        name = f"{self._task}-{self._files:06d}"
        tf.io.gfile.makedirs(store.folder)
        temporary = os.path.join(store.folder, f".{name}.{uuid.uuid4().hex}")
        with tf.io.gfile.GFile(temporary, "wb") as file:
            file.write(np.column_stack([starts, bytes_before]).astype(np.int64).tobytes())
            file.write(b"".join(streams))
        tf.io.gfile.rename(temporary, os.path.join(store.folder, name), overwrite=True)
        self._held, self._rows = [], 0
        self._files += 1

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.flush()
