"""Finds which groups of the index share a label, for several labels a row or bounded negatives.

A group is a distinct set of labels (within one negatives' group, where negatives are drawn inside
or outside of the anchor's). There are far fewer groups than rows, so a table of all pairs of groups
is small; data with too many groups is refused.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy.sparse

from components.common.columns import Batch, Strings, take
from components.common.example_wire import split_joined
from components.common.hashing import I64, U64
from components.relation_gen.sampling.ranges import Union
from relation.core.errors import DataError

MAX_LABEL_SETS = 50_000
MAX_RANGES = 20_000_000
COMPARED_AT_A_TIME = 2**22
"""Number of pairs of groups that are compared at a time."""


@dataclass(frozen=True)
class LabelSets(Batch):
    """g groups.

    Attributes:
      group, negatives_group: their hashes, uint64 [g].
      labels: the labels of each, each behind its length, [g].
      start, rows: their positions, int64 [g].
      weight_start, weight: their stretch of the cumulative-weight axis, int64 [g].
    """

    group: U64
    negatives_group: U64
    labels: Strings
    start: I64
    rows: I64
    weight_start: I64
    weight: I64

    @classmethod
    def empty(cls) -> "LabelSets":
        """No groups."""
        hashes, numbers = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
        return cls(hashes, hashes, Strings.of([]), numbers, numbers, numbers, numbers)

    def __len__(self) -> int:
        return len(self.group)

    def shifted(self, position: int, weight_offset: int) -> "LabelSets":
        """The same groups, further on in the index."""
        return replace(
            self, start=self.start + position, weight_start=self.weight_start + weight_offset
        )


@dataclass(frozen=True)
class LabelSetTable:
    """Ranges related to, and allowed for, each of b groups.

    `group`: hashes in ascending order, uint64 [b]. `related`: ranges of positions that share a
    label with it. `allowed`: ranges that its negatives are drawn from: of positions, or of weight
    offsets.
    """

    group: U64
    related: Union
    allowed: Union

    def number(self, group: U64) -> I64:
        """The row of each group, int64 [n]."""
        return np.searchsorted(self.group, group)


def make_table(groups: LabelSets, where: str, weighted: bool, field: str) -> LabelSetTable:
    """Relates all groups of a population to each other.

    Raises:
      DataError: there are too many.
    """
    if len(groups) > MAX_LABEL_SETS:
        raise DataError(
            f"{field}: got {len(groups):,} different sets of labels (within a group); expected at "
            f"most {MAX_LABEL_SETS:,}: use labels with fewer values, or state the relationships as "
            "edges"
        )
    groups = take(groups, np.argsort(groups.start, kind="stable"))
    has = _labels(groups.labels)
    order = np.argsort(groups.group)
    related = _Ranges(groups.start, groups.rows)
    allowed = _Ranges(groups.weight_start if weighted else groups.start, groups.weight)
    for begin in range(0, len(order), step := max(COMPARED_AT_A_TIME // len(order), 1)):
        some = order[begin : begin + step]
        shares = (has[some] @ has.T).toarray() > 0
        free = ~shares
        if where != "anywhere":
            same = groups.negatives_group[some, None] == groups.negatives_group[None, :]
            free &= same if where == "within" else ~same
        related.add(shares)
        allowed.add(free)
    return LabelSetTable(groups.group[order], related.union(), allowed.union())


def _labels(sets: Iterable[bytes]) -> scipy.sparse.csr_matrix:
    """Which labels each set has, int32 [sets, labels]."""
    labels = list(map(split_joined, sets))
    names = sorted(set(itertools.chain.from_iterable(labels)))
    number = {label: i for i, label in enumerate(names)}
    row = np.repeat(np.arange(len(labels)), list(map(len, labels)))
    column = [number[label] for label in itertools.chain.from_iterable(labels)]
    shape = (len(labels), len(names))
    return scipy.sparse.csr_matrix((np.ones(len(row), dtype=np.int32), (row, column)), shape=shape)


class _Ranges:
    """Collects the chosen groups of each row as ranges, joining adjacent ones."""

    def __init__(self, start: I64, size: I64) -> None:
        self._start, self._end = start, start + size
        self._parts: list[tuple[I64, I64, I64]] = []
        self._count = 0

    def add(self, chosen: npt.NDArray[np.bool_]) -> None:
        """Adds rows, bool [rows, groups]."""
        padded = np.zeros((len(chosen), chosen.shape[1] + 2), dtype=np.int8)
        padded[:, 1:-1] = chosen
        step = np.diff(padded, axis=1)
        row, first = np.nonzero(step == 1)
        _, last = np.nonzero(step == -1)
        self._count += len(row)
        if self._count > MAX_RANGES:
            raise DataError(
                f"the sets of labels form more than {MAX_RANGES:,} ranges of related rows: use "
                "labels with fewer values, or state the relationships as edges"
            )
        count = np.bincount(row, minlength=len(chosen))
        self._parts.append((self._start[first], self._end[last - 1], count))

    def union(self) -> Union:
        """All rows."""
        start, end, count = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        return Union(start, end, np.concatenate([[0], np.cumsum(count)]))
