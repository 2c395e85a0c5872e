"""Extracts ids and times from serialized rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from tensorflow_metadata.proto.v0 import schema_pb2

from components.common.hashing import U64, hash_values
from components.common.rows.example_decoder import ExampleDecoder
from components.split_gen.by_time import timeline
from components.split_gen.request import Column
from relation.core.splitmix import mix

NONE = 0
"""The key that stands for a missing entity."""
_TYPES = {"bytes": schema_pb2.BYTES, "int": schema_pb2.INT, "float": schema_pb2.FLOAT}


class Values(NamedTuple):
    """The values of a column, in the rows that have exactly one of the column's type.

    Attributes:
      present: whether a row has one, bool [n].
      value: the values of those rows alone, [m].
    """

    present: npt.NDArray[np.bool_]
    value: list[Any]


@dataclass
class ColumnDecoder:
    """Extracts columns from batches of rows."""

    columns: Sequence[Column]

    def __post_init__(self) -> None:
        schema = schema_pb2.Schema()
        for name, type_ in sorted({column.name: column.type for column in self.columns}.items()):
            schema.feature.add(name=name, type=_TYPES[type_])
        self._decode = ExampleDecoder(schema.SerializeToString(deterministic=True))

    def __call__(self, records: list[bytes]) -> list[Values]:
        """The values of each column in n serialized rows.

        Raises:
          NotAnExample: a record cannot be parsed as tf.Example.
        """
        batch = self._decode(records).batch
        return [
            _of_arrow(batch.column(batch.schema.get_field_index(column.name)))
            for column in self.columns
        ]


def _of_arrow(array: Any) -> Values:
    offsets = np.asarray(array.offsets)
    present = np.diff(offsets) == 1
    values = array.values
    if not present.all():
        values = values.take(offsets[:-1][present])
    return Values(present, values.to_pylist())


def keys_of(values: Values, entity: str, *, integers: bool) -> U64:
    """Hashes ids to the keys of entities.

    Args:
      values: ids of n rows, bytes or integers.
      entity: their type; equal ids of two types have different keys.
      integers: whether the ids are integers.

    Returns:
      uint64 [n]; NONE where a row has no id, or an empty one.
    """
    ids = [b"%d" % value for value in values.value] if integers else values.value
    of_type = hash_values([entity.encode()], integers=False)
    hashed = np.maximum(mix(hash_values(ids, integers=integers) ^ of_type), np.uint64(NONE + 1))
    empty = np.fromiter((not value for value in ids), dtype=bool, count=len(ids))
    key = np.full(len(values.present), NONE, dtype=np.uint64)
    key[values.present] = np.where(empty, np.uint64(NONE), hashed)
    return key


def times_of(values: Values, *, integers: bool) -> tuple[U64, npt.NDArray[np.bool_]]:
    """Encodes times as integers of the same order (`timeline`).

    Returns:
      Codes, uint64 [n], 0 where a row has no finite time; and whether it has one, bool [n].
    """
    code = np.zeros(len(values.present), dtype=np.uint64)
    valid = values.present.copy()
    if integers:
        code[valid] = timeline.int_codes(np.array(values.value, dtype=np.int64))
        return code, valid
    times = np.array(values.value, dtype=np.float64)
    finite = np.isfinite(times)
    valid[valid] = finite
    code[valid] = timeline.float_codes(times[finite])
    return code, valid
