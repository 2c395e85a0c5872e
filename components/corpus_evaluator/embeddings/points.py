"""Entities as points: ids, vectors, and the keys that tell which of them belong together."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

U64: TypeAlias = npt.NDArray[np.uint64]
Places: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Keys:
    """Of each of n entities a set of 64-bit keys.

    A reference is relevant to a query when they share a key: that of a label, or the reference's
    own id, which queries have that are linked to it.

    Attributes:
      starts: [n + 1], where the keys of each entity start among the values.
      values: the keys; those of one entity are distinct.
    """

    starts: Places
    values: U64

    @classmethod
    def single(cls, values: U64) -> "Keys":
        """One key an entity."""
        return cls(np.arange(len(values) + 1), values)

    @classmethod
    def of(cls, sets: list[U64]) -> "Keys":
        """The distinct keys of each entity."""
        distinct = [np.unique(values) for values in sets]
        starts = np.cumsum([0, *map(len, distinct)])
        return cls(starts, np.concatenate([np.zeros(0, np.uint64), *distinct]))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def owners(self, start: int, stop: int) -> tuple[Places, U64]:
        """Of the keys of some entities the owner of each, from 0 on, and the key."""
        counts = np.diff(self.starts[start : stop + 1])
        owners = np.repeat(np.arange(stop - start), counts)
        return owners, self.values[self.starts[start] : self.starts[stop]]

    def take(self, places: Places) -> "Keys":
        """Those of some entities."""
        counts = self.starts[places + 1] - self.starts[places]
        starts = np.concatenate([[0], np.cumsum(counts)])
        inside = np.arange(starts[-1]) - np.repeat(starts[:-1], counts)
        return Keys(starts, self.values[np.repeat(self.starts[places], counts) + inside])


@dataclass(frozen=True, eq=False)
class Points:
    """n entities, ordered by id.

    Attributes:
      ids: hashes of the ids, ascending: [n].
      keys: of each.
      vectors: finite floats [n, d].
    """

    ids: U64
    keys: Keys
    vectors: Floats

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, places: Places) -> "Points":
        """Some of them, in order."""
        return Points(self.ids[places], self.keys.take(places), self.vectors[places])
