"""Positions that rows may draw from, as ranges: their number, and the position at each rank."""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.hashing import I64


@dataclass(frozen=True)
class Gap:
    """For each of n rows, all positions in [low, high) except [start, end).

    low <= start <= end <= high.

    >>> gap = Gap(np.array([0]), np.array([6]), np.array([2]), np.array([4]))
    >>> gap.size().tolist(), gap.position(np.zeros(4, dtype=int), np.arange(4)).tolist()
    ([4], [0, 1, 4, 5])
    """

    low: I64
    high: I64
    start: I64
    end: I64

    def size(self) -> I64:
        """Number of positions of each row, [n]."""
        return self.high - self.low - (self.end - self.start)

    def holds(self, position: int) -> npt.NDArray[np.bool_]:
        """Whether each row holds the position, bool [n]."""
        here = (self.low <= position) & (position < self.high)
        return here & ~((self.start <= position) & (position < self.end))

    def position(self, row: I64, rank: I64) -> I64:
        """The positions at some ranks, counted from 0 in order; all int64 [m]."""
        value = rank + self.low[row]
        return value + np.where(value >= self.start[row], (self.end - self.start)[row], 0)


@dataclass(frozen=True)
class Union:
    """For each of n rows, positions in sorted, disjoint ranges.

    Row i has the ranges start[bounds[i]:bounds[i + 1]], and `end` likewise.
    """

    start: I64
    end: I64
    bounds: I64

    @classmethod
    def outside(cls, start: I64, end: I64, bounds: I64, low: I64, high: I64) -> "Union":
        """All positions in [low, high) except some ranges, which may touch.

        >>> one, five, seven = np.array([1]), np.array([5]), np.array([7])
        >>> beside = Union.outside(one, five, np.array([0, 1]), 0 * one, seven)  # Of one row.
        >>> beside.position(np.zeros(3, dtype=int), np.arange(3)).tolist()
        [0, 5, 6]
        """
        rows = len(bounds) - 1
        count = np.diff(bounds)
        new_bounds = np.concatenate([[0], np.cumsum(count + 1)])
        first = new_bounds[:-1]
        new_start = np.empty(len(start) + rows, dtype=np.int64)
        new_end = np.empty_like(new_start)
        row = np.repeat(np.arange(rows), count)
        own = np.arange(len(start)) + row  # The range before each range; one more for each row.
        new_start[first] = low
        new_start[own + 1] = end
        new_end[own] = start
        new_end[new_bounds[1:] - 1] = high
        return cls(new_start, new_end, new_bounds)

    @functools.cached_property
    def _total(self) -> I64:
        return np.concatenate([[0], np.cumsum(self.end - self.start)])

    @functools.cached_property
    def _step(self) -> np.int64:
        return np.int64(self.end.max(initial=0) + 1)

    @functools.cached_property
    def _axis(self) -> I64:
        """Start of each range on an axis that concatenates all rows, int64 [ranges]."""
        owner = np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))
        return owner * self._step + self.start

    def size(self) -> I64:
        """Number of positions of each row, [n]."""
        return self._total[self.bounds[1:]] - self._total[self.bounds[:-1]]

    @functools.cached_property
    def _held(self) -> dict[int, npt.NDArray[np.bool_]]:
        return {}

    def holds(self, position: int) -> npt.NDArray[np.bool_]:
        """Whether each row holds the position, bool [n]."""
        if position not in self._held:
            here = np.concatenate(
                [[0], np.cumsum((self.start <= position) & (position < self.end))]
            )
            self._held[position] = here[self.bounds[1:]] > here[self.bounds[:-1]]
        return self._held[position]

    def has(self, row: I64, position: I64) -> npt.NDArray[np.bool_]:
        """Whether each position belongs to a row, bool [m]; `row` and `position` int64 [m]."""
        at = row * self._step + position
        nth = np.maximum(np.searchsorted(self._axis, at, side="right") - 1, 0)
        beyond = at - self._axis[nth]
        return (beyond >= 0) & (beyond < (self.end - self.start)[nth])

    def position(self, row: I64, rank: I64) -> I64:
        """The positions at some ranks, counted from 0 in order; all int64 [m]."""
        at = rank + self._total[self.bounds[:-1]][row]
        nth = np.searchsorted(self._total, at, side="right") - 1
        return self.start[nth] + at - self._total[nth]

    def rank(self, row: I64, position: I64) -> I64:
        """The ranks of some positions of the ranges; all int64 [m]."""
        low, step = self.bounds[:-1][row], self._step
        nth = np.searchsorted(self._axis, row * step + position, side="right") - 1
        return self._total[nth] - self._total[low] + position - self.start[nth]


@dataclass(frozen=True)
class Chosen:
    """For each of n rows, the ranges of row `of` of a union, [n]."""

    union: Union
    of: I64

    def size(self) -> I64:
        """Number of positions of each row, [n]."""
        return self.union.size()[self.of]

    def holds(self, position: int) -> npt.NDArray[np.bool_]:
        """Whether each row holds the position, bool [n]."""
        return self.union.holds(position)[self.of]

    def position(self, row: I64, rank: I64) -> I64:
        """The positions at some ranks, counted from 0 in order; all int64 [m]."""
        return self.union.position(self.of[row], rank)

    def rank(self, position: I64) -> I64:
        """The rank of a position of each row, [n]."""
        return self.union.rank(self.of, position)


Ranges = Gap | Union | Chosen
