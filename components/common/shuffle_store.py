"""Packed columns in files: what crosses a shuffle is a reference, not the bytes.

A step writes all that it hands on to one file under the building folder and emits references
(path, offset, size); the next step reads its parts one after the other. So the runner holds
references only, whatever it keeps in memory, and nothing but arrays and byte strings is read back.

A part is a dataclass of `columns.py`: the number of its type, then for each field its length and
its raw bytes, filled up to whole words; arrays in their declared dtype, little-endian, in C order.
"""

import dataclasses
import io
import os
import struct
import uuid
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, get_args

import numpy as np
import tensorflow as tf

from components.relation_gen.batches import TYPES, Endpoints, Strings, TupleRows

_NUMBER = struct.Struct("<q")
_WORD = _NUMBER.size


TUPLE_ROWS, ENDPOINTS = TYPES.index(TupleRows), TYPES.index(Endpoints)


class Ref(NamedTuple):
    """Where a part lies, and the number of its type."""

    kind: int
    path: str
    offset: int
    size: int


class Writer:
    """Writes parts to one new file in a folder; a context manager."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._path = os.path.join(folder, uuid.uuid4().hex)
        self._file: Any = None
        self._at = 0

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, part: Any) -> Ref:
        """Writes a part; it can be read once the writer is closed."""
        if self._file is None:  # Many steps have nothing to hand on.
            tf.io.gfile.makedirs(self._folder)
            self._file = tf.io.gfile.GFile(self._path, "wb")
        data = dumps(part)
        self._file.write(data)
        ref = Ref(TYPES.index(type(part)), self._path, self._at, len(data))
        self._at += len(data)
        return ref


def read(refs: Iterable[Ref]) -> Iterator[Any]:
    """Reads parts one after the other, in the order of their types, then of their places."""
    opened: tuple[str, Any] | None = None
    try:
        for ref in sorted(refs):
            if opened is None or opened[0] != ref.path:
                if opened is not None:
                    opened[1].close()
                opened = ref.path, tf.io.gfile.GFile(ref.path, "rb")
            opened[1].seek(ref.offset)
            yield loads(opened[1].read(ref.size))
    finally:
        if opened is not None:
            opened[1].close()


def dumps(part: Any) -> bytes:
    """A part as bytes.

    Raises:
      TypeError: a column would lose something in its declared dtype.
    """
    out = io.BytesIO()
    out.write(_NUMBER.pack(TYPES.index(type(part))))
    _write(out, part)
    return out.getvalue()


def _write(out: io.BytesIO, part: Any) -> None:
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        if isinstance(value, Strings):
            _write(out, value)
            continue
        if field.type is not bytes:
            typed = value.astype(_dtype(field.type), casting="safe", copy=False)
            value = np.ascontiguousarray(typed).data
        out.write(_NUMBER.pack(memoryview(value).nbytes))
        out.write(value)
        out.write(bytes(-out.tell() % _WORD))


def loads(data: bytes) -> Any:
    """The part that bytes hold; its arrays share their memory and cannot be written to."""
    (number,) = _NUMBER.unpack_from(data)
    part, _ = _read(TYPES[number], memoryview(data), _WORD)
    return part


def _dtype(array: Any) -> Any:
    """The dtype of an annotation `NDArray[dtype]`."""
    return np.dtype(get_args(get_args(array)[1])[0])


def _read(cls: Any, data: memoryview, at: int) -> tuple[Any, int]:
    values = []
    for field in dataclasses.fields(cls):
        if field.type is Strings:
            value, at = _read(Strings, data, at)
        else:
            (size,) = _NUMBER.unpack_from(data, at)
            at += _WORD
            raw = data[at : at + size]
            at += size + -size % _WORD
            value = bytes(raw) if field.type is bytes else np.frombuffer(raw, _dtype(field.type))
        values.append(value)
    return cls(*values), at
