"""Entities as points: ids, vectors, and the keys that tell which are relevant to each other."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

U64: TypeAlias = npt.NDArray[np.uint64]
Positions: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Keys:
    """A set of 64-bit keys for each of n entities.

    A reference is relevant to a query if they share a key. A key is the hash of a label, or the id
    of a reference: queries have the ids of the references that are related to them.

    Attributes:
      starts: index of the first key of each entity, int64 [n + 1].
      values: the keys of all entities, uint64 [starts[n]]; those of one entity are distinct.
    """

    starts: Positions
    values: U64

    @classmethod
    def single(cls, values: U64) -> "Keys":
        """Keys of n entities that have one key each, uint64 [n]."""
        return cls(np.arange(len(values) + 1), values)

    @classmethod
    def of(cls, sets: list[U64]) -> "Keys":
        """Keys of n entities, from one array [k] each; repeated keys count once.

        >>> keys = Keys.of([np.uint64([7, 7]), np.uint64([]), np.uint64([3, 5])])
        >>> keys.starts.tolist(), keys.values.tolist()
        ([0, 1, 1, 3], [7, 3, 5])
        """
        distinct = [np.unique(values) for values in sets]
        starts = np.cumsum([0, *map(len, distinct)])
        return cls(starts, np.concatenate([np.zeros(0, np.uint64), *distinct]))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def owners(self, start: int, stop: int) -> tuple[Positions, U64]:
        """The keys of the entities from `start` to `stop`.

        Returns:
          The owner of each key, counted from `start`, int64 [k]; and the key, uint64 [k].
        """
        counts = np.diff(self.starts[start : stop + 1])
        owners = np.repeat(np.arange(stop - start), counts)
        return owners, self.values[self.starts[start] : self.starts[stop]]

    def take(self, positions: Positions) -> "Keys":
        """The keys of the entities at some positions, int64 [m]."""
        counts = self.starts[positions + 1] - self.starts[positions]
        starts = np.concatenate([[0], np.cumsum(counts)])
        inside = np.arange(starts[-1]) - np.repeat(starts[:-1], counts)
        return Keys(starts, self.values[np.repeat(self.starts[positions], counts) + inside])


@dataclass(frozen=True, eq=False)
class Points:
    """n entities in ascending order of ids.

    Attributes:
      ids: hashes of the ids, ascending, uint64 [n].
      keys: the keys of each entity.
      vectors: finite floats, [n, d].
    """

    ids: U64
    keys: Keys
    vectors: Floats

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, positions: Positions) -> "Points":
        """The points at ascending positions, int64 [m]."""
        return Points(self.ids[positions], self.keys.take(positions), self.vectors[positions])
