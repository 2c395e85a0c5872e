"""Draws without replacement as vectorized, pure functions of pseudo-random words."""

import numpy as np

from components.relation_gen.keys import I64, U64, scale

_NEVER = np.iinfo(np.int64).max


def distinct(words: U64, available: I64) -> I64:
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
    for slot in range(len(words)):
        left = np.maximum(available - slot, 1).astype(np.uint64)
        value = scale(words[slot], left).astype(np.int64)
        for earlier in taken[:slot]:
            value += value >= earlier
        value[available <= slot] = -1
        drawn[slot] = value
        value = np.where(value < 0, _NEVER, value)
        for index in range(slot):
            earlier = taken[index]
            taken[index], value = np.minimum(earlier, value), np.maximum(earlier, value)
        taken[slot] = value
    return drawn


def skip(drawn: I64, start: I64, end: I64) -> I64:
    """Shifts draws past the block [start, end) that they must not hit; -1 stays.

    Args:
      drawn: [..., n], from a range that is shorter by the block's size.
      start, end: [n].
    """
    return drawn + np.where(drawn >= start, end - start, 0)
