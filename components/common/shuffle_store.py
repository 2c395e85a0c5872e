"""Batches of columns that cross a shuffle, kept in a store, and references to them.

A step writes its batches to a store and emits references; the next step reads its batches one after
the other. A store decides where the bytes wait. With files (`FileStore`) the runner holds
references only, so memory stays bounded on an in-memory runner. On an engine with a shuffle of its
own another store can put the bytes into the references themselves.
"""

import abc
import os
import struct
import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

import apache_beam as beam
import pyarrow as pa
import tensorflow as tf

from components.common.columns import Batch

B = TypeVar("B", bound=Batch)


class BatchRef(NamedTuple):
    """A batch in a store.

    Attributes:
      kind: number of the batch's type among the store's kinds.
      data: the location; the store defines its meaning.
    """

    kind: int
    data: bytes = b""


NO_BATCH = BatchRef(255)
"""A reference to no batch, which readers skip: it keeps a key that may have no batch."""


class BatchRefCoder(beam.coders.Coder):
    """Encodes a `BatchRef`: a byte for its kind, then its data."""

    def encode(self, value: BatchRef) -> bytes:
        return bytes((value.kind,)) + value.data

    def decode(self, encoded: bytes) -> BatchRef:
        return BatchRef(encoded[0], encoded[1:])

    def is_deterministic(self) -> bool:
        return True

    def to_type_hint(self) -> Any:
        return BatchRef


beam.coders.registry.register_coder(BatchRef, BatchRefCoder)


class Writer(AbstractContextManager["Writer"]):
    """Writes batches; they can be read after the context exits."""

    @abc.abstractmethod
    def add(self, batch: Batch) -> BatchRef:
        """Writes a batch."""


class ShuffleStore(abc.ABC):
    """Keeps batches of some kinds between two steps."""

    kinds: tuple[type[Batch], ...]

    @abc.abstractmethod
    def writer(self) -> Writer:
        """Opens a writer for the batches of one bundle."""

    @abc.abstractmethod
    def read(self, refs: Iterable[BatchRef]) -> Iterator[Any]:
        """Reads batches one after the other, in the order of their kinds."""

    def read_kind(self, kind: type[B], refs: Iterable[BatchRef]) -> Iterator[B]:
        """Reads the batches of one kind."""
        number = self.kinds.index(kind)
        return self.read(ref for ref in refs if ref.kind == number)


@dataclass(frozen=True)
class FileStore(ShuffleStore):
    """Keeps batches in files of a folder, one file for each writer."""

    folder: str
    kinds: tuple[type[Batch], ...]

    def writer(self) -> Writer:
        return _FileWriter(self)

    def read(self, refs: Iterable[BatchRef]) -> Iterator[Any]:
        located = sorted((ref.kind, *_unpacked(ref.data)) for ref in refs if ref != NO_BATCH)
        opened: tuple[str, Any] | None = None
        try:
            for kind, path, offset, size in located:
                if opened is None or opened[0] != path:
                    if opened is not None:
                        opened[1].close()
                    opened = path, tf.io.gfile.GFile(os.path.join(self.folder, path), "rb")
                opened[1].seek(offset)
                yield loads(self.kinds[kind], opened[1].read(size))
        finally:
            if opened is not None:
                opened[1].close()


_SPAN = struct.Struct(">QQ")


def _packed(path: str, offset: int, size: int) -> bytes:
    return _SPAN.pack(offset, size) + path.encode()


def _unpacked(data: bytes) -> tuple[str, int, int]:
    offset, size = _SPAN.unpack_from(data)
    return data[_SPAN.size :].decode(), offset, size


class _FileWriter(Writer):
    def __init__(self, store: FileStore) -> None:
        self._store = store
        self._name = uuid.uuid4().hex
        self._file: Any = None
        self._offset = 0

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, batch: Batch) -> BatchRef:
        if self._file is None:  # Many bundles emit nothing.
            tf.io.gfile.makedirs(self._store.folder)
            self._file = tf.io.gfile.GFile(os.path.join(self._store.folder, self._name), "wb")
        data = dumps(batch)
        self._file.write(data)
        offset, self._offset = self._offset, self._offset + len(data)
        kind = self._store.kinds.index(type(batch))
        return BatchRef(kind, _packed(self._name, offset, len(data)))


def dumps(batch: Batch) -> bytes:
    """A batch as an Arrow IPC stream.

    Raises:
      TypeError: a column does not fit its declared dtype without loss.
    """
    return to_bytes(batch.to_arrow())


_OPTIONS = pa.ipc.IpcWriteOptions()
"""The defaults; without them each stream would look for them in the environment."""


def to_bytes(batch: pa.RecordBatch) -> bytes:
    """An Arrow batch as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=_OPTIONS) as stream:
        stream.write_batch(batch)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def loads(kind: type[B], data: bytes) -> B:
    """The batch of a kind that an Arrow IPC stream holds; its arrays share the stream's memory."""
    return kind.from_arrow(from_bytes(data))


def from_bytes(data: bytes) -> pa.RecordBatch:
    """The Arrow batch that an Arrow IPC stream holds; it shares the stream's memory."""
    with pa.ipc.open_stream(pa.py_buffer(data)) as stream:
        return stream.read_next_batch()
