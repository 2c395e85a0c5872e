"""What crosses a shuffle: packed columns, one part a few thousand rows, written by `shuffle_store`.

No column is an object array or a list, which would be handled item by item.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from components.common.hashing import I64, U64

Bools = npt.NDArray[np.bool_]
U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]
U16 = npt.NDArray[np.uint16]
U32 = npt.NDArray[np.uint32]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

NO_POSITIVE, POSITIVE, CAPPED = 0, 1, 2
"""What an edge is to its anchor; a capped one is known, but serves no tuple."""
STAR = 254
"""In place of a split: of every split, or (an edge) of none that is known yet."""


TAKEN = 2**15
"""Strings that are objects of their own at a time."""


@dataclass(frozen=True)
class Strings:
    """n byte strings, joined."""

    data: bytes
    length: I32

    @classmethod
    def of(cls, values: Sequence[bytes]) -> "Strings":
        """Joins byte strings."""
        sizes = np.fromiter(map(len, values), dtype=np.int32, count=len(values))
        return cls(b"".join(values), sizes)

    def __iter__(self) -> Iterator[bytes]:
        at = 0
        for size in self.length.tolist():
            yield self.data[at : at + size]
            at += size

    def take(self, index: Index) -> "Strings":
        """The strings at `index`."""
        end = np.cumsum(self.length, dtype=np.int64)[index]
        length = self.length[index]
        start, data = end - length, []
        for at in range(0, len(index), TAKEN):
            some = slice(at, at + TAKEN)
            pairs = zip(start[some].tolist(), end[some].tolist(), strict=True)
            data.append(b"".join([self.data[begin:stop] for begin, stop in pairs]))
        return Strings(b"".join(data), length)


@dataclass(frozen=True)
class Entities:
    """Entities, [n]: key, split (index), payload (see `wire`).

    `group`: what they are grouped by in the dense index. `negatives_group`: what negatives are
    grouped by, if that is something else. `numbers`: what plans need of them, [n * count], by row.
    """

    key: U64
    split: U8
    group: U64
    negatives_group: U64
    numbers: F64
    payload: Strings


@dataclass(frozen=True)
class Indexed:
    """Entities without their payload, [n]."""

    key: U64
    group: U64
    negatives_group: U64
    numbers: F64


@dataclass(frozen=True)
class GroupLabels:
    """What a block of the dense index stands for, [b]: its hash and its labels, joined."""

    group: U64
    negatives_group: U64
    labels: Strings


@dataclass(frozen=True)
class Endpoints:
    """What edges must know of the entities that they name, [n]: key, split, block."""

    key: U64
    split: U8
    group: U64


@dataclass(frozen=True)
class Queries:
    """The keys of queries, [n]."""

    key: U64


@dataclass(frozen=True)
class IndexShard:
    """n entities in the order of the dense index, from position 0 on (see `index/shard`).

    `numbers`: as in `Entities`. `start`, `end`: the group of each, [n]. `cumulative_weight`: where
    each begins on the cumulative-weight axis, and the end, [n + 1]; empty where all weigh the same.
    """

    key: U64
    group: U64
    negatives_group: U64
    numbers: F64
    start: I64
    end: I64
    cumulative_weight: I64

    @property
    def position(self) -> I64:
        """Places in the cell, [n]."""
        return np.arange(len(self.key), dtype=np.int64)

    @property
    def rank(self) -> I64:
        """Places in the block, [n]."""
        return self.position - self.start

    def top_weights(self, count: int) -> list[tuple[int, int]]:
        """Weight and point of the heaviest entities, from the heaviest on."""
        size = np.diff(self.cumulative_weight)
        order = np.argsort(-size, kind="stable")[:count]
        return list(zip(size[order].tolist(), self.cumulative_weight[order].tolist(), strict=True))

    @property
    def weight(self) -> int:
        """The weight of all."""
        return int(self.cumulative_weight[-1]) if len(self.cumulative_weight) else len(self.key)

    def number(self, column: int) -> F64:
        """A column of `numbers`, [n]."""
        n = len(self.key)
        return self.numbers.reshape(n, -1)[:, column] if n else self.numbers


@dataclass(frozen=True)
class Edges:
    """Edges, [e]: the keys of both ends, and the split (STAR: not known yet).

    `group`: of the source. `value`: [e * width]. `weight`: [e], or empty. `positive`: whether it
    is a positive, and may serve as one (NO_POSITIVE, POSITIVE, CAPPED). `shard`, `position`,
    `weight_offset`, `destination_weight`: where the destination lies, in its index shard and on the
    cumulative-weight axis, and its weight; empty until they are known. Split, group
    and ids are empty once nothing needs them any more.
    """

    source: U64
    destination: U64
    split: U8
    group: U64
    value: F32
    weight: F32
    positive: U8
    shard: I32
    position: I64
    weight_offset: I64
    destination_weight: I64
    source_id: Strings
    destination_id: Strings


@dataclass(frozen=True)
class ListedNegatives(Edges):
    """Rows of a list of negatives, from anchor to negative: `value` is the probability of each."""


@dataclass(frozen=True)
class Tuples:
    """Tuples that came as rows, [t]: a key of their members, split, members' keys [t * roles] and
    label [t * width]."""

    key: U64
    split: U8
    member: U64
    label: F32


@dataclass(frozen=True)
class MemberRequests:
    """Members of tuples (anchor, slot), [m], that are known by position or by entity key.

    `role`: index of the role. `entity`: a place in the dense index, or the key of the entity.
    `probability`: with which it was drawn; NaN where it was not drawn as a negative. On the
    weighted line one over the line's length, until the weight is known.
    """

    anchor: U64
    slot: U32
    role: U16
    entity: U64
    probability: F32


@dataclass(frozen=True)
class MemberRequestsByWeight(MemberRequests):
    """Members that are known by their place on the weighted line."""


@dataclass(frozen=True)
class TupleRows:
    """Tuples (anchor, slot) and their own features, [t]; NaN where a tuple has none.

    `relation`: [t * width]. `weight`: empty where tuples have none. `more`: index of the further
    map entries of a tuple (`entries`); empty where tuples have none.
    """

    anchor: U64
    slot: U32
    relation: F32
    weight: F32
    more: I32
    entries: Strings


@dataclass(frozen=True)
class GatheredMembers:
    """Members of tuples, [m]: `piece` is an index into `pieces`, map entries of their entities."""

    anchor: U64
    slot: U32
    role: U16
    probability: F32
    piece: I32
    pieces: Strings


TYPES = (
    Entities,
    Indexed,
    GroupLabels,
    Endpoints,
    Queries,
    IndexShard,
    Edges,
    ListedNegatives,
    Tuples,
    MemberRequests,
    MemberRequestsByWeight,
    TupleRows,
    GatheredMembers,
)
"""What `shuffle_store` can write; a type is known by its number here."""

P = TypeVar("P")


def take(part: P, index: Index) -> P:
    """The rows at `index` of a part whose fields all have one row an element (or a multiple)."""
    n = len(getattr(part, dataclasses.fields(part)[0].name))  # type: ignore[arg-type]
    changed: dict[str, Any] = {}
    for field in dataclasses.fields(part):  # type: ignore[arg-type]
        value = getattr(part, field.name)
        if isinstance(value, Strings):
            changed[field.name] = value.take(index) if len(value.length) else value
        else:
            width = len(value) // n if n else 1
            rows = value if width <= 1 else value.reshape(n, width)
            changed[field.name] = rows[index].reshape(-1) if width else value
    return type(part)(**changed)


def cut(part: P, begin: int, end: int) -> P:
    """The rows in [begin, end), as `take` would give them; arrays are views."""
    n = len(getattr(part, dataclasses.fields(part)[0].name))  # type: ignore[arg-type]
    changed: dict[str, Any] = {}
    for field in dataclasses.fields(part):  # type: ignore[arg-type]
        value = getattr(part, field.name)
        if isinstance(value, Strings):
            start, stop = (int(value.length[:at].sum(dtype=np.int64)) for at in (begin, end))
            changed[field.name] = Strings(value.data[start:stop], value.length[begin:end])
        else:
            width = len(value) // n if n else 0
            changed[field.name] = value[begin * width : end * width] if width else value
    return type(part)(**changed)


def join(parts: Sequence[P]) -> P:
    """Parts of one type, one after the other."""
    if len(parts) == 1:
        return parts[0]
    changed: dict[str, Any] = {}
    for field in dataclasses.fields(parts[0]):  # type: ignore[arg-type]
        values = [getattr(part, field.name) for part in parts]
        if isinstance(values[0], Strings):
            data = b"".join(value.data for value in values)
            changed[field.name] = Strings(data, np.concatenate([v.length for v in values]))
        else:
            changed[field.name] = np.concatenate(values)
    return type(parts[0])(**changed)
