"""Draws without replacement, vectorized: pure functions of random bits."""

from typing import NamedTuple

import numpy as np

from components.common.hashing import I64, U64
from relation.core.splitmix import multiply_shift, random_bits, small_multiply_shift

_NEVER = np.iinfo(np.int64).max
FEW = 64
"""Largest number of slots drawn by rank; above it, the time is linear in the number."""
DRAWN_AT_A_TIME = 2**20
"""Numbers sorted at a time."""


class Drawn(NamedTuple):
    """t draws: the row of each (in order), its slot (0, 1, … within a row), its value."""

    row: I64
    slot: I64
    value: I64


def distinct(seed: int, purpose: int, key: U64, count: I64, available: I64) -> Drawn:
    """Draws distinct numbers for each row: `count`, or all if there are fewer.

    Each slot alone is uniform over [0, available); no number is drawn twice in a row. A row's draws
    depend only on its key, count and number of available values.

    Args:
      key: uint64 [n].
      count, available: int64 [n].
    """
    count = np.minimum(count, available)
    if not len(count):
        return _nothing()
    most = int(count.max())
    if most <= FEW and count.min() == most:
        value = sample_without_replacement(
            random_bits(seed, purpose, key, np.arange(most)[:, None]), available
        )
        row = np.repeat(np.arange(len(key)), most)
        return Drawn(row, np.tile(np.arange(most), len(key)), value.T.reshape(-1))
    parts = []
    for size in np.unique(count).tolist():
        rows = np.flatnonzero(count == size)
        if size <= FEW:
            bits = random_bits(seed, purpose, key[rows], np.arange(size)[:, None])
            value = sample_without_replacement(bits, available[rows]).T
        else:
            value = _many(seed, purpose, key[rows], size, available[rows])
        slots = np.tile(np.arange(size), len(rows))
        parts.append(Drawn(np.repeat(rows, size), slots, value.reshape(-1)))
    joined = Drawn(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    order = np.argsort(joined.row, kind="stable")
    return Drawn(*(column[order] for column in joined))


def sample_without_replacement(bits: U64, available: I64) -> I64:
    """Draws distinct numbers for each row, each slot uniform over [0, available).

    Slot j draws a rank among the numbers that earlier slots left, and is shifted past those that
    they took; so each slot alone is uniform over all, and no draw is repeated or rejected.

    Args:
      bits: random bits, [slots, n].
      available: how many numbers each row has to draw from, [n].

    Returns:
      [slots, n]; -1 in the slots j >= available, for which nothing is left.

    Example: available 5, draws of rank 2, 2, 0 give 2, 3, 0.
    """
    drawn = np.empty(bits.shape, dtype=np.int64)
    taken = np.full(bits.shape, _NEVER, dtype=np.int64)  # The first j rows are sorted.
    enough = bool((available >= len(bits)).all())
    for slot in range(len(bits)):
        value = small_multiply_shift(
            bits[slot], available - slot if enough else np.maximum(available - slot, 1)
        )
        for earlier in taken[:slot]:
            value += value >= earlier
        if not enough:
            value[available <= slot] = -1
        drawn[slot] = value
        if slot == len(bits) - 1:
            break
        if not enough:
            value = np.where(value < 0, _NEVER, value)
        for index in range(slot):
            earlier = taken[index]
            taken[index], value = np.minimum(earlier, value), np.maximum(earlier, value)
        taken[slot] = value
    return drawn


def _many(seed: int, purpose: int, key: U64, count: int, available: I64) -> I64:
    """Draws `count` distinct numbers for each row, [n, count]; in time proportional to the
    result."""
    drawn = np.empty((len(key), count), dtype=np.int64)
    dense = available <= 4 * count
    step = max(DRAWN_AT_A_TIME // (4 * count), 1)
    for draw, rows in ((_shuffled, np.flatnonzero(dense)), (_sifted, np.flatnonzero(~dense))):
        for begin in range(0, len(rows), step):
            some = rows[begin : begin + step]
            drawn[some] = draw(seed, purpose, key[some], count, available[some])
    return drawn


def _shuffled(seed: int, purpose: int, key: U64, count: int, available: I64) -> I64:
    """Draw `count` numbers for each row: the first of a random permutation.

    Args:
      key: uint64 [n].
      available: int64 [n], at least `count`.

    Returns:
      int64 [n, count].
    """
    slot = np.arange(int(available.max()))
    priority = random_bits(seed, purpose, key[:, None], slot)
    priority[slot >= available[:, None]] = np.iinfo(np.uint64).max
    return np.argsort(priority, axis=1, kind="stable")[:, :count]


def _sifted(seed: int, purpose: int, key: U64, count: int, available: I64) -> I64:
    """Draw `count` numbers for each row: the first distinct numbers of a longer draw with
    replacement.

    At most a quarter of that draw is repeated, so the first round is nearly always enough.

    Args:
      key: uint64 [n].
      available: int64 [n].

    Returns:
      int64 [n, count].
    """
    drawn = np.empty((len(key), count), dtype=np.int64)
    rows, size = np.arange(len(key)), count + count // 2 + 16
    while len(rows):
        bits = random_bits(seed, purpose, key[rows, None], np.arange(size))
        value = multiply_shift(bits, available[rows, None].astype(np.uint64)).astype(np.int64)
        order = np.argsort(value, axis=1, kind="stable")
        ordered = np.take_along_axis(value, order, axis=1)
        new = np.ones(value.shape, dtype=bool)
        np.put_along_axis(new, order[:, 1:], ordered[:, 1:] != ordered[:, :-1], axis=1)
        nth = np.cumsum(new, axis=1)
        enough = nth[:, -1] >= count
        chosen = new & (nth <= count) & enough[:, None]
        drawn[rows[enough]] = value[chosen].reshape(-1, count)
        rows, size = rows[~enough], 2 * size
    return drawn


def systematic_sample(seed: int, purpose: int, key: U64, count: I64, length: I64) -> Drawn:
    """Draws evenly spaced numbers for each row, from a random start.

    Each slot alone is uniform over [0, length). Two slots of a row are at least length // count
    apart, so that no range up to that size is hit twice (systematic sampling, Madow 1949).

    Args:
      key: uint64 [n].
      count: int64 [n], 0 or more.
      length: int64 [n], at least `count`.
    """
    row, slot = slots(count)
    start = multiply_shift(
        random_bits(seed, purpose, key, np.zeros(1, dtype=np.int64)), length.astype(np.uint64)
    ).astype(np.int64)
    step = length // np.maximum(count, 1)
    return Drawn(row, slot, (start[row] + slot * step[row]) % np.maximum(length, 1)[row])


def slots(count: I64) -> tuple[I64, I64]:
    """The row and the slot of each element of consecutive rows with given counts.

    >>> [column.tolist() for column in slots(np.array([2, 0, 3]))]
    [[0, 0, 2, 2, 2], [0, 1, 0, 1, 2]]
    """
    row = np.repeat(np.arange(len(count)), count)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)


def _nothing() -> Drawn:
    none = np.zeros(0, dtype=np.int64)
    return Drawn(none, none, none)
