"""What crosses a shuffle: packed columns, one element a few thousand rows.

Beam's cost in Python is one an element; an array or a joined byte string pickles as one copy. No
column is an object array or a list, which would be pickled item by item.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.relation_gen.keys import U64

I32 = npt.NDArray[np.int32]
U32 = npt.NDArray[np.uint32]
F32 = npt.NDArray[np.float32]


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


@dataclass(frozen=True)
class Entities:
    """Entities: key, hash of their label, payload (see `wire`), [n]."""

    key: U64
    label: U64
    payload: Strings


@dataclass(frozen=True)
class Labelled:
    """Keys and label hashes of entities, [n]; and the labels that occur: hash and value, [u]."""

    key: U64
    label: U64
    known: U64
    value: Strings


@dataclass(frozen=True)
class Cell:
    """A stretch of the dense index: the keys at its positions, [n]."""

    key: U64


@dataclass(frozen=True)
class Wanted:
    """Members of tuples (anchor, slot), [m], that are known by position or by entity key.

    `role`: index of the role. `entity`: position in a cell, or key of the entity.
    """

    anchor: U64
    slot: U32
    role: npt.NDArray[np.uint8]
    entity: U64

    def take(self, index: npt.NDArray[np.intp]) -> "Wanted":
        """The members at `index`."""
        return Wanted(self.anchor[index], self.slot[index], self.role[index], self.entity[index])


@dataclass(frozen=True)
class Heads:
    """Tuples (anchor, slot) and their own features, [t]; NaN where a tuple has none."""

    anchor: U64
    slot: U32
    relation: F32
    probability: F32

    @classmethod
    def none(cls) -> "Heads":
        """No tuples."""
        nothing = np.zeros(0, dtype=np.float32)
        return cls(nothing.astype(np.uint64), nothing.astype(np.uint32), nothing, nothing)


@dataclass(frozen=True)
class Members:
    """Members of tuples, [m]: `piece` is an index into `pieces`, map entries of their entities."""

    anchor: U64
    slot: U32
    role: npt.NDArray[np.uint8]
    piece: I32
    pieces: Strings
