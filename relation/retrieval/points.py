"""Entities as points: ids, vectors, and keys that define which are relevant to each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from relation.core.splitmix import mix

U64: TypeAlias = npt.NDArray[np.uint64]
Positions: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.floating[Any]]
R = TypeVar("R", bound="Ragged")


@dataclass(frozen=True, eq=False)
class Ragged:
    """64-bit values of n entities, any number of each.

    Attributes:
      starts: index of the first value of each entity, int64 [n + 1].
      values: the values of all entities, uint64 [starts[n]].
    """

    starts: Positions
    values: U64

    @classmethod
    def empty(cls: type[R], n: int) -> R:
        """No value of n entities."""
        return cls(np.zeros(n + 1, np.int64), np.zeros(0, np.uint64))

    @classmethod
    def joined(cls: type[R], parts: Sequence["Ragged"]) -> R:
        """Concatenates the entities of parts."""
        counts = [np.zeros(1, np.int64), *(np.diff(part.starts) for part in parts)]
        values = [np.zeros(0, np.uint64), *(part.values for part in parts)]
        return cls(np.cumsum(np.concatenate(counts)), np.concatenate(values))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def owners(self, start: int, stop: int) -> tuple[Positions, U64]:
        """The values of the entities from `start` to `stop`.

        Returns:
          The owner of each value, counted from `start`, int64 [k]; and the value, uint64 [k].
        """
        counts = np.diff(self.starts[start : stop + 1])
        owners = np.repeat(np.arange(stop - start), counts)
        return owners, self.values[self.starts[start] : self.starts[stop]]

    def take(self: R, positions: Positions) -> R:
        """The values of the entities at some positions, int64 [m]."""
        counts = self.starts[positions + 1] - self.starts[positions]
        starts = np.concatenate([[0], np.cumsum(counts)])
        inside = np.arange(starts[-1]) - np.repeat(starts[:-1], counts)
        values = self.values[np.repeat(self.starts[positions], counts) + inside]
        return type(self)(starts, values)


class Keys(Ragged):
    """A set of 64-bit keys for each of n entities; those of one entity are distinct.

    A reference is relevant to a query if they share a key. A key is the hash of a label, or the id
    of a reference: queries have the ids of the references that are related to them.
    """

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

    @classmethod
    def of_pairs(cls, owners: Positions, values: U64, n: int) -> "Keys":
        """Keys of n entities, from the owner and the value of each; repeated keys count once.

        >>> keys = Keys.of_pairs(np.array([2, 0, 2]), np.uint64([5, 7, 3]), 3)
        >>> keys.starts.tolist(), keys.values.tolist()
        ([0, 1, 1, 3], [7, 3, 5])

        Args:
          owners: from 0 to n − 1, int64 [k].
          values: uint64 [k].
          n: number of entities.
        """
        order = np.lexsort([values, owners])
        owners, values = owners[order], values[order]
        new = np.ones(len(owners), dtype=bool)
        new[1:] = (owners[1:] != owners[:-1]) | (values[1:] != values[:-1])
        return cls(np.searchsorted(owners[new], np.arange(n + 1)), values[new])


@dataclass(frozen=True, eq=False)
class Points:
    """n entities in ascending order of ids.

    Attributes:
      ids: hashes of the ids, ascending, uint64 [n].
      keys: the keys of each entity.
      vectors: finite floats, [n, d].
      hidden: of queries, the keys of references that are left out of their rankings; None: none.
    """

    ids: U64
    keys: Keys
    vectors: Floats
    hidden: Keys | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, positions: Positions) -> "Points":
        """The points at ascending positions, int64 [m]."""
        hidden = None if self.hidden is None else self.hidden.take(positions)
        keys, vectors = self.keys.take(positions), self.vectors[positions]
        return Points(self.ids[positions], keys, vectors, hidden)


def chosen_ids(ids: U64, count: int) -> Positions:
    """Up to `count` positions, chosen by a hash of the ids, ascending: uint64 [n] → int64 [m]."""
    return np.sort(np.argsort(mix(ids), kind="stable")[:count])
