"""Finds which groups of the index share a label, for several labels a row or bounded negatives.

A group is a distinct set of labels (within one negatives' group, where negatives are drawn inside
or outside of the anchor's). There are far fewer groups than rows, so a table of all pairs of groups
is small; data with too many groups is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse

from components.common.hashing import I64, U64
from components.relation_gen.sampling.ranges import Union
from relation.core.errors import DataError

MAX_LABEL_SETS = 50_000
MAX_RANGES = 20_000_000
COMPARED_AT_A_TIME = 2**22
"""Number of pairs of groups that are compared at a time."""


@dataclass(frozen=True)
class LabelSet:
    """A group: its hash and that of its negatives' group, labels, position and weight."""

    group: int
    negatives_group: int
    labels: tuple[bytes, ...]
    start: int
    rows: int
    weight_start: int
    weight: int


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


def make_table(groups: Sequence[LabelSet], where: str, weighted: bool, field: str) -> LabelSetTable:
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
    groups = sorted(groups, key=lambda label_set: label_set.start)
    start, rows, weight_start, weight = (
        np.array([getattr(label_set, name) for label_set in groups], dtype=np.int64)
        for name in ("start", "rows", "weight_start", "weight")
    )
    negatives_group = np.array([label_set.negatives_group for label_set in groups], dtype=np.uint64)
    hashes = np.array([label_set.group for label_set in groups], dtype=np.uint64)
    has = _labels(groups)
    order = np.argsort(hashes)
    related, allowed = _Ranges(start, rows), _Ranges(weight_start if weighted else start, weight)
    for begin in range(0, len(order), step := max(COMPARED_AT_A_TIME // len(order), 1)):
        some = order[begin : begin + step]
        shares = (has[some] @ has.T).toarray() > 0
        free = ~shares
        if where != "anywhere":
            same = negatives_group[some, None] == negatives_group[None, :]
            free &= same if where == "within" else ~same
        related.add(shares)
        allowed.add(free)
    return LabelSetTable(hashes[order], related.union(), allowed.union())


def _labels(groups: Sequence[LabelSet]) -> scipy.sparse.csr_matrix:
    """Which labels each group has, int32 [groups, labels]."""
    labels = sorted({label for label_set in groups for label in label_set.labels})
    number = {label: i for i, label in enumerate(labels)}
    row = [i for i, label_set in enumerate(groups) for _ in label_set.labels]
    column = [number[label] for label_set in groups for label in label_set.labels]
    shape = (len(groups), len(labels))
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
