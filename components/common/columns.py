"""Batches of rows as named columns: NumPy arrays and byte strings, exchanged as Arrow batches.

A kind of batch is a frozen dataclass: its fields and their types are its schema. The first field
has one value for each row; other arrays have w values for each row, row after row, or none.

>>> @dataclass(frozen=True)
... class Points(Batch):
...     key: npt.NDArray[np.uint64]
...     position: npt.NDArray[np.float64]  # [n * 2]
...     name: Strings
>>> points = Points(
...     np.uint64([7, 8, 9]), np.arange(6.0), Strings.of([b"a", b"bc", b""])
... )
>>> some = take(points, np.array([2, 0]))
>>> some.key.tolist(), some.position.tolist(), list(some.name)
([9, 7], [4.0, 5.0, 0.0, 1.0], [b'', b'a'])
>>> some.to_arrow().schema.names
['key', 'position', 'name']
>>> Points.from_arrow(some.to_arrow()).key.tolist()
[9, 7]
"""

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Index = npt.NDArray[np.intp]
P = TypeVar("P")


@dataclass(frozen=True)
class Strings:
    """n byte strings, as an Arrow array of type `large_binary`."""

    array: pa.LargeBinaryArray

    @classmethod
    def of(cls, values: Sequence[bytes]) -> "Strings":
        """Packs byte strings."""
        return cls(pa.array(values, type=pa.large_binary()))

    @property
    def size(self) -> int:
        """Total bytes of all strings."""
        if not len(self):
            return 0
        offsets = np.frombuffer(self.array.buffers()[1], dtype=np.int64)[self.array.offset :]
        return int(offsets[len(self)] - offsets[0])

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.array.to_numpy(zero_copy_only=False).tolist())

    def take(self, index: Index) -> "Strings":
        """The strings at `index`, [m]."""
        return Strings(self.array.take(pa.array(index)))


@dataclass(frozen=True)
class Dictionary:
    """n byte strings, many of them equal: string i is `values[index[i]]`.

    `index`: int32 [n]; empty where a batch has no such strings.
    """

    index: npt.NDArray[np.int32]
    values: Strings

    @classmethod
    def empty(cls) -> "Dictionary":
        """No strings."""
        return cls(np.zeros(0, dtype=np.int32), Strings.of([]))

    def __len__(self) -> int:
        return len(self.index)

    def take(self, index: npt.NDArray[np.integer[Any]]) -> "Dictionary":
        """The strings at `index`, [m]; no strings stay none."""
        return Dictionary(self.index[index], self.values) if len(self.index) else self

    def compacted(self) -> "Dictionary":
        """The same strings, without unused values."""
        used, index = np.unique(self.index, return_inverse=True)
        if len(used) == len(self.values):
            return self
        return Dictionary(index.astype(np.int32), self.values.take(used))


class Batch:
    """A kind of batch: a frozen dataclass of columns."""

    def to_arrow(self) -> pa.RecordBatch:
        """The batch as an Arrow batch.

        Columns with w values for each row become lists of w; a column without values is left out.

        Raises:
          TypeError: a column does not fit its declared dtype without loss.
        """
        n = rows(self)
        names, arrays = [], []
        for field in _fields(type(self)):
            value = getattr(self, field.name)
            size = value.size if isinstance(value, np.ndarray) else len(value)
            if size or not n:
                names.append(field.name)
                arrays.append(_to_array(value, field.type, n))
        return pa.RecordBatch.from_arrays(arrays, names=names)

    @classmethod
    def from_arrow(cls: type[P], batch: pa.RecordBatch) -> P:
        """The batch that an Arrow batch holds; arrays are flat, read-only views."""
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        return cls(*(_from_array(columns.get(field.name), field.type) for field in _fields(cls)))


def take(batch: P, index: Index) -> P:
    """The rows of a batch at `index`, [m]."""
    n = rows(batch)

    def chosen(value: Any) -> Any:
        if isinstance(value, Strings):
            return value.take(index) if len(value) else value
        if isinstance(value, Dictionary):
            return Dictionary(value.index[index], value.values) if len(value) else value
        width = len(value) // n if n else 1
        if width <= 1:
            return value[index] if width else value
        return value.reshape(n, width)[index].reshape(-1)

    return _map(batch, chosen)


def cut(batch: P, begin: int, end: int) -> P:
    """The rows [begin, end) of a batch, as views of it."""
    n = rows(batch)

    def part(value: Any) -> Any:
        if isinstance(value, Strings):
            return Strings(value.array[begin:end]) if len(value) else value
        if isinstance(value, Dictionary):
            return Dictionary(value.index[begin:end], value.values) if len(value) else value
        width = len(value) // n if n else 0
        return value[begin * width : end * width] if width else value

    return _map(batch, part)


def join(batches: Sequence[P]) -> P:
    """Concatenates batches of one kind."""
    if len(batches) == 1:
        return batches[0]
    columns = {}
    for field in _fields(type(batches[0])):
        values = [getattr(batch, field.name) for batch in batches]
        columns[field.name] = _joined(values)
    return type(batches[0])(**columns)


def _joined(values: Sequence[Any]) -> Any:
    if isinstance(values[0], Strings):
        return Strings(pa.concat_arrays([value.array for value in values]))
    if isinstance(values[0], Dictionary):
        before = np.cumsum([0, *(len(value.values) for value in values[:-1])])
        index = [value.index + at for value, at in zip(values, before.tolist(), strict=True)]
        return Dictionary(
            np.concatenate(index).astype(np.int32), _joined([value.values for value in values])
        )
    return np.concatenate(values)


def rows(batch: Any) -> int:
    """The number of rows of a batch."""
    return len(getattr(batch, _fields(type(batch))[0].name))


def _map(batch: P, function: Any) -> P:
    kind: Any = type(batch)
    return kind(*(function(getattr(batch, field.name)) for field in _fields(kind)))  # type: ignore[no-any-return]


_fields: Any = functools.cache(dataclasses.fields)


@functools.cache
def _dtype(annotation: Any) -> Any:
    """The dtype of an annotation `NDArray[dtype]`."""
    return np.dtype(get_args(get_args(annotation)[1])[0])


def _to_array(value: Any, annotation: Any, n: int) -> pa.Array:
    if isinstance(value, Strings):
        return value.array
    if isinstance(value, Dictionary):
        used = value.compacted()
        return pa.DictionaryArray.from_arrays(pa.array(used.index), used.values.array)
    typed = value.astype(_dtype(annotation), casting="safe", copy=False)
    array = pa.array(np.ascontiguousarray(typed).reshape(-1))
    if len(array) == n:
        return array
    return pa.FixedSizeListArray.from_arrays(array, len(array) // n)


def _from_array(array: pa.Array | None, annotation: Any) -> Any:
    if annotation is Strings:
        return Strings.of([]) if array is None else Strings(array)
    if annotation is Dictionary:
        if array is None:
            return Dictionary.empty()
        return Dictionary(array.indices.to_numpy(), Strings(array.dictionary))
    if array is None:
        return np.zeros(0, dtype=_dtype(annotation))
    if isinstance(array, pa.FixedSizeListArray):
        array = array.flatten()
    return array.to_numpy()
