"""Label pairs by a user's function of decoded features, in batches."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from tensorflow_metadata.proto.v0 import schema_pb2

from components.common.example_wire import example, float_entries
from components.common.rows.example_decoder import ExampleDecoder
from components.relation_gen.context import Context
from relation.core.errors import DataError, named
from relation.core.plugins import imported
from relation.names import RELATION, prefixed
from relation.validation.number_ranges import MAX_LABEL

BATCH = 4096

Columns = dict[str, npt.NDArray[Any]]
"""Features by name, [n, values]; rows with fewer values are padded with NaN, 0 or b""."""


class Scorer:
    """Adds the label to pairs."""

    def __init__(self, context: Context) -> None:
        """Imports the function.

        Raises:
          DataError: the function cannot be imported.
        """
        relation = context.relation
        assert relation.function is not None
        self._name, self._width = relation.function, relation.label.width
        self._function = _function(self._name)
        rows = context.entities[relation.anchor].rows
        self._features = rows.names
        self._left, self._right = context.roles
        schema = schema_pb2.Schema.FromString(rows.schema)
        pairs = schema_pb2.Schema()
        for role in context.roles:
            for feature in schema.feature:
                pairs.feature.add(name=prefixed(role, feature.name), type=feature.type)
        self._decode = ExampleDecoder(pairs.SerializeToString())

    def __call__(self, pairs: Iterable[list[bytes]]) -> Iterator[list[bytes]]:
        """Yields the serialized features of pairs, with the label added."""
        batch: list[list[bytes]] = []
        for pair in pairs:
            batch.append(pair)
            if len(batch) == BATCH:
                yield from self._labelled(batch)
                batch = []
        if batch:
            yield from self._labelled(batch)

    def _labelled(self, batch: Sequence[list[bytes]]) -> Iterator[list[bytes]]:
        decoded = self._decode([example(*pair) for pair in batch]).batch
        sides = []
        for role in (self._left, self._right):
            names = {
                name: decoded.schema.get_field_index(prefixed(role, name))
                for name in self._features
            }
            sides.append({name: _dense(decoded.column(at)) for name, at in names.items()})
        label = self._value(sides[0], sides[1], len(batch))
        for pair, entry in zip(batch, float_entries(RELATION, label), strict=True):
            yield [*pair, entry]

    def _value(self, left: Columns, right: Columns, n: int) -> npt.NDArray[np.float32]:
        """Calls the function and checks its labels, [n, width]."""
        where = f"relation.source.function {self._name}"
        try:
            value = np.asarray(self._function(left, right))
        except Exception as error:
            raise DataError(f"{where}: raised {named(error)}") from error
        expected = f"[{n}]" if self._width == 1 else f"[{n}, {self._width}]"
        shapes = [(n, self._width)] + ([(n,)] if self._width == 1 else [])
        if value.shape not in shapes or value.dtype.kind not in "fiub":
            raise DataError(
                f"{where}: returned an array of shape {list(value.shape)} and type {value.dtype}; "
                f"expected numbers {expected}"
            )
        label = value.astype(np.float64).reshape(n, self._width)
        wrong = np.flatnonzero(~(np.abs(label) <= MAX_LABEL).all(axis=1))
        if len(wrong):
            raise DataError(
                f"{where}: returned {label[wrong[0]].tolist()} for {len(wrong)} of {n} pairs; "
                f"expected finite numbers, within ±{MAX_LABEL:g}"
            )
        return label.astype(np.float32)


def _function(dotted: str) -> Any:
    """Imports the function at a dotted path.

    Raises:
      DataError: it cannot be imported, or cannot be called.
    """
    try:
        function = imported(dotted)
    except (Exception, SystemExit) as error:  # The module may raise anything.
        raise DataError(
            f"relation.source.function: got {dotted!r}, which cannot be imported: {named(error)}"
        ) from None
    if not callable(function):
        raise DataError(f"relation.source.function: got {dotted!r}, which is not a function")
    return function


def _dense(array: Any) -> npt.NDArray[Any]:
    """Pads a column of lists to [n, values]."""
    offsets = np.asarray(array.offsets)
    count = np.diff(offsets)
    flat = array.values.to_numpy(zero_copy_only=False)
    width = int(count.max(initial=0))
    if (count == width).all():
        return flat[offsets[0] : offsets[-1]].reshape(len(count), width)
    none: Any = np.nan if flat.dtype.kind == "f" else b"" if flat.dtype.kind == "O" else 0
    padded = np.append(flat, np.array([none], dtype=flat.dtype))
    column = np.arange(width)
    index = np.where(column < count[:, None], offsets[:-1, None] + column, len(flat))
    return padded[index]
