"""What rules see of tuples: members, features that need no training, and the label as numbers."""

import dataclasses
from typing import Protocol

import numpy as np
import numpy.typing as npt

from relation.retrieval.points import U64, Floats, Positions

F64 = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


class RawFeatures(Protocol):
    """The features of entities before any training, of the training split or the held-out one.

    `own` are all features of an entity type, `shared` those that two types have in common. Both
    splits have the same columns.
    """

    def own(self, entity: str, train: bool, ids: U64) -> Floats | None:
        """Scaled features of some ids: uint64 [n] → float32 [n, d], 0 for a missing id.

        None if the type has no feature.
        """

    def shared(self, entity: str, train: bool, ids: U64) -> Floats | None:
        """As `own`, of the features that all types have in common; None if there is none."""

    def codes(self, entity: str, train: bool, ids: U64) -> Codes | None:
        """The number of each category of some ids, int64 [n, c]; None without categories."""

    def columns(self, entity: str) -> tuple[str, ...]:
        """Names of the columns of `own`, [d]."""

    def categories(self, entity: str) -> tuple[str, ...]:
        """Names of the columns of `codes`, [c]."""

    def parts(self) -> dict[str, slice]:
        """The columns of `shared` by kind: numbers, pixels, words; only kinds that are there."""


@dataclasses.dataclass(frozen=True, eq=False)
class Samples:
    """n samples: one or more members each, and the numbers that a rule predicts from them.

    A tuple is a sample, except where it orders several members: each of those is one.

    Attributes:
      members: ids of the members, uint64 [n, m].
      roles: name and entity type of each column of `members`.
      target: what to predict, float64 [n, w].
      weights: float64 [n].
      owner: the tuple of each sample, int64 [n], ascending.
      slot: the column of the tuple's predictions, int64 [n].
      train: whether members are of the training split.
      features: the features of the members.
      recurring: whether the held-out tuples have the training tuples' members, for each role.
    """

    members: U64
    roles: tuple[tuple[str, str], ...]
    target: F64
    weights: F64
    owner: Positions
    slot: Positions
    train: bool
    features: RawFeatures
    recurring: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.members)

    def take(self, rows: slice) -> "Samples":
        """Some consecutive samples."""
        return dataclasses.replace(
            self,
            members=self.members[rows],
            target=self.target[rows],
            weights=self.weights[rows],
            owner=self.owner[rows],
            slot=self.slot[rows],
        )

    def first(self, count: int) -> "Samples":
        """The first samples, at most `count`; tuples lie in the order of a hash."""
        return self if len(self) <= count else self.take(slice(0, count))

    def own(self, index: int) -> Floats | None:
        """All features of the members of a role, float32 [n, d]."""
        return self.features.own(self.roles[index][1], self.train, self.members[:, index])

    def codes(self, index: int) -> Codes | None:
        """The categories of the members of a role, int64 [n, c]."""
        return self.features.codes(self.roles[index][1], self.train, self.members[:, index])

    def compared(self) -> tuple[Floats, Floats] | None:
        """The shared features of the first two members, float32 [n, d] each; None without them."""
        if len(self.roles) < 2:
            return None
        both = [
            self.features.shared(self.roles[index][1], self.train, self.members[:, index])
            for index in (0, 1)
        ]
        return None if both[0] is None or both[1] is None else (both[0], both[1])

    @property
    def mean(self) -> F64:
        """The weighted mean of the target, float64 [w]."""
        return np.average(self.target, axis=0, weights=self.weights)
