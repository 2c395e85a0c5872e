"""Shuffle keys; sort orders and parts of rows, as pure functions of their keys."""

import struct
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

import apache_beam as beam
import numpy as np

from components.common import columns
from components.common.hashing import I64, U64, Ints, Purpose
from components.common.shuffle_store import BatchRef, Writer
from relation.core.splitmix import multiply_shift, random_bits

RUN = 64
"""Longest run of tuples of one anchor: they share its bytes, so they compress well. Runs are in the
order of a hash, so that neighbouring runs are unrelated."""


class ShuffleKey(NamedTuple):
    """The key that a shuffle groups its elements by.

    Attributes:
      entity: type of the entities; "" for tuples.
      split: split, or output; "*": every split; "": not known yet.
      number: of a partition, an index shard, or an output shard.
    """

    entity: str
    split: str
    number: int


class ShuffleKeyCoder(beam.coders.Coder):
    """Encodes a `ShuffleKey`: number and length of the entity type, then both names.

    >>> coder = ShuffleKeyCoder()
    >>> coder.decode(coder.encode(ShuffleKey("item", "train", 3)))
    ShuffleKey(entity='item', split='train', number=3)
    """

    _HEAD = struct.Struct(">II")

    def encode(self, value: ShuffleKey) -> bytes:
        entity = value.entity.encode()
        return self._HEAD.pack(value.number, len(entity)) + entity + value.split.encode()

    def decode(self, encoded: bytes) -> ShuffleKey:
        number, length = self._HEAD.unpack_from(encoded)
        names = encoded[self._HEAD.size :]
        return ShuffleKey(names[:length].decode(), names[length:].decode(), number)

    def is_deterministic(self) -> bool:
        return True

    def to_type_hint(self) -> Any:
        return ShuffleKey


beam.coders.registry.register_coder(ShuffleKey, ShuffleKeyCoder)

Element = tuple[ShuffleKey, BatchRef]
"""An element that a step emits."""
Gathered = tuple[ShuffleKey, Iterable[BatchRef]]
"""An element that the next step takes."""
P = TypeVar("P")


def part_of(key: U64, parts: int) -> I64:
    """The part of each 64-bit key, [n], in [0, parts): parts are ranges of keys, in order.

    >>> part_of(np.uint64([0, 2**63 - 1, 2**63, 2**64 - 1]), 2).tolist()
    [0, 0, 1, 1]
    """
    return multiply_shift(key, parts).astype(np.int64)


def sort_priority(key: U64, seed: int) -> U64:
    """The sort key of entities within their group of the index, uint64 [n]."""
    return random_bits(seed, Purpose.ORDER, key, np.zeros(1, dtype=np.uint64))


def shuffle_priority(anchor: U64, slot: Ints) -> U64:
    """The sort key of runs of tuples in an output shard, uint64 [t]."""
    return random_bits(0, 0, anchor, slot.astype(np.uint64) // np.uint64(RUN))


def output_shard_of(anchor: U64, slot: Ints, output_shards: int) -> I64:
    """The output shard of each tuple, int64 [t]."""
    return part_of(shuffle_priority(anchor, slot), output_shards)


def split(batch: P, index: I64, parts: int) -> Iterator[tuple[int, P]]:
    """Splits a batch by part: yields each part that occurs, with its rows in order.

    One gather puts rows in the order of their parts; each part is then a slice, without a copy.

    Args:
      index: part of each row, [n], in [0, parts).
    """
    order = np.argsort(index, kind="stable")
    bounds = np.searchsorted(index[order], np.arange(parts + 1))
    occurring = np.flatnonzero(np.diff(bounds)).tolist()
    ordered = columns.take(batch, order)
    for part in occurring:
        yield part, columns.cut(ordered, int(bounds[part]), int(bounds[part + 1]))


def routed(out: Writer, batch: Any, index: I64, entity: str, home: str = "") -> Iterator[Element]:
    """Writes the rows of a batch to the store, one batch for each part.

    Args:
      index: the part of each row, [n].
      entity, home: entity type and split of the parts.
    """
    if len(index):
        for number, rows in split(batch, index, int(index.max()) + 1):
            yield ShuffleKey(entity, home, number), out.add(rows)
