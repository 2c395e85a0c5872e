"""Draws without replacement as vectorized, pure functions of pseudo-random words."""

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from components.relation_gen.keys import I64, U64, scale, small_scale, words

_NEVER = np.iinfo(np.int64).max
FEW = 16
"""Up to so many slots are drawn by rank; beyond, whole anchors at once."""


class Drawn(NamedTuple):
    """t draws: the row that each is of (in order), its slot (0, 1, … in a row), its value."""

    row: I64
    slot: I64
    value: I64


def distinct(seed: int, purpose: int, key: U64, count: I64, available: I64) -> Drawn:
    """Draws distinct numbers for each row: as many as asked and there are.

    Each slot alone is uniform over [0, available); no number is drawn twice in a row. What a row
    draws depends on its key, count and number of available values alone.

    Args:
      key, count, available: [n].
    """
    count = np.minimum(count, available)
    if not len(count):
        return _nothing()
    most = int(count.max())
    if most <= FEW and count.min() == most:
        value = by_rank(words(seed, purpose, key, np.arange(most)[:, None]), available)
        row = np.repeat(np.arange(len(key)), most)
        return Drawn(row, np.tile(np.arange(most), len(key)), value.T.reshape(-1))
    parts = []
    few = count <= FEW
    for size in np.unique(count[few]).tolist():
        rows = np.flatnonzero(count == size)
        drawn = by_rank(words(seed, purpose, key[rows], np.arange(size)[:, None]), available[rows])
        slots = np.tile(np.arange(size), len(rows))
        parts.append(Drawn(np.repeat(rows, size), slots, drawn.T.reshape(-1)))
    for row in np.flatnonzero(~few).tolist():
        value = _many(seed, purpose, key[row], int(count[row]), int(available[row]))
        parts.append(Drawn(np.full(len(value), row), np.arange(len(value)), value))
    joined = Drawn(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    order = np.argsort(joined.row, kind="stable")
    return Drawn(*(column[order] for column in joined))


def by_rank(words: U64, available: I64) -> I64:
    """Draws distinct numbers for each row, each slot uniform over [0, available).

    Slot j draws a rank among the numbers that earlier slots left, and is shifted past those that
    they took; so each slot alone is uniform over all, and no draw is repeated or rejected.

    Args:
      words: pseudo-random words, [slots, n].
      available: how many numbers each row has to draw from, [n].

    Returns:
      [slots, n]; -1 in the slots j >= available, for which nothing is left.

    Example: available 5, draws of rank 2, 2, 0 give 2, 3, 0.
    """
    drawn = np.empty(words.shape, dtype=np.int64)
    taken = np.full(words.shape, _NEVER, dtype=np.int64)  # The first j rows are sorted.
    enough = bool((available >= len(words)).all())
    for slot in range(len(words)):
        value = small_scale(
            words[slot], available - slot if enough else np.maximum(available - slot, 1)
        )
        for earlier in taken[:slot]:
            value += value >= earlier
        if not enough:
            value[available <= slot] = -1
        drawn[slot] = value
        if slot == len(words) - 1:
            break
        if not enough:
            value = np.where(value < 0, _NEVER, value)
        for index in range(slot):
            earlier = taken[index]
            taken[index], value = np.minimum(earlier, value), np.maximum(earlier, value)
        taken[slot] = value
    return drawn


def _many(seed: int, purpose: int, key: np.uint64, count: int, available: int) -> I64:
    """`count` distinct numbers in [0, available) for one row; time in proportion to `count`."""
    one = np.array([key], dtype=np.uint64)
    if available <= 4 * count:
        turn = words(seed, purpose, one, np.arange(available))
        return np.argsort(turn, kind="stable")[:count].astype(np.int64)
    size, found = count + count // 2 + 16, np.zeros(0, dtype=np.int64)
    while True:  # At most a quarter is repeated, so that the first turn is nearly always enough.
        value = scale(words(seed, purpose, one, np.arange(size)), available).astype(np.int64)
        _, first = np.unique(value, return_index=True)
        found = value[np.sort(first)]
        if len(found) >= count:
            return found[:count]
        size *= 2


def spaced(seed: int, purpose: int, key: U64, count: I64, length: I64) -> Drawn:
    """Draws points of a line of some length for each row, evenly spaced, from a random start.

    Each slot alone is uniform over [0, length); two slots of a row are at least length // count
    apart, so that no stretch up to that size is hit twice (systematic sampling, Madow 1949).

    Args:
      key, count, length: [n]; count >= 0, and length >= count.
    """
    row = np.repeat(np.arange(len(key)), count)
    slot = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    start = scale(
        words(seed, purpose, key, np.zeros(1, dtype=np.int64)), length.astype(np.uint64)
    ).astype(np.int64)
    step = length // np.maximum(count, 1)
    return Drawn(row, slot, (start[row] + slot * step[row]) % np.maximum(length, 1)[row])


@dataclass(frozen=True)
class Gap:
    """For each of n rows all places in [low, high) but those in [start, end), low <= start <= end
    <= high."""

    low: I64
    high: I64
    start: I64
    end: I64

    def size(self) -> I64:
        """How many places each row has, [n]."""
        return self.high - self.low - (self.end - self.start)

    def place(self, row: I64, rank: I64) -> I64:
        """The places of some ranks, counted from 0 in order."""
        value = rank + self.low[row]
        return value + np.where(value >= self.start[row], (self.end - self.start)[row], 0)


@dataclass(frozen=True)
class Union:
    """For each of n rows the places in sorted, disjoint ranges: those of row i are
    start[bounds[i]:bounds[i + 1]], and `end` likewise."""

    start: I64
    end: I64
    bounds: I64

    @classmethod
    def outside(cls, start: I64, end: I64, bounds: I64, low: I64, high: I64) -> "Union":
        """All places in [low, high) but those in the given ranges, which may touch."""
        rows = len(bounds) - 1
        count = np.diff(bounds)
        new_bounds = np.concatenate([[0], np.cumsum(count + 1)])
        first = new_bounds[:-1]
        new_start = np.empty(len(start) + rows, dtype=np.int64)
        new_end = np.empty_like(new_start)
        row = np.repeat(np.arange(rows), count)
        own = np.arange(len(start)) + row  # The range before each given one; one more a row.
        new_start[first] = low
        new_start[own + 1] = end
        new_end[own] = start
        new_end[new_bounds[1:] - 1] = high
        return cls(new_start, new_end, new_bounds)

    @functools.cached_property
    def _total(self) -> I64:
        return np.concatenate([[0], np.cumsum(self.end - self.start)])

    def size(self) -> I64:
        """How many places each row has, [n]."""
        return self._total[self.bounds[1:]] - self._total[self.bounds[:-1]]

    def place(self, row: I64, rank: I64) -> I64:
        """The places of some ranks, counted from 0 in order."""
        at = rank + self._total[self.bounds[:-1]][row]
        found = np.searchsorted(self._total, at, side="right") - 1
        return self.start[found] + at - self._total[found]

    def rank(self, row: I64, place: I64) -> I64:
        """The ranks of some places of the ranges."""
        # Ranges of one row are sorted, rows follow each other: count those that begin before.
        low = self.bounds[:-1][row]
        step = np.int64(self.end.max(initial=0) + 1)
        owner = np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))
        found = np.searchsorted(owner * step + self.start, row * step + place, side="right") - 1
        return self._total[found] - self._total[low] + place - self.start[found]


@dataclass(frozen=True)
class Chosen:
    """For each of n rows the ranges of one row of a union: `of`, [n]."""

    union: Union
    of: I64

    def size(self) -> I64:
        """How many places each row has, [n]."""
        return self.union.size()[self.of]

    def place(self, row: I64, rank: I64) -> I64:
        """The places of some ranks, counted from 0 in order."""
        return self.union.place(self.of[row], rank)


Ranges = Gap | Union | Chosen


def _nothing() -> Drawn:
    none = np.zeros(0, dtype=np.int64)
    return Drawn(none, none, none)
