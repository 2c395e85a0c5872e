"""The dense index: entities of one type and split in one order, group after group.

An index shard is a contiguous part of it. Its entities are sorted by (group, grade, sort priority),
so that the entities of a group are at the positions [start, end).
"""

import dataclasses
import math
from typing import Any

import numpy as np

from components.common.hashing import I64, U64
from components.relation_gen.batches import F64, Indexed, IndexShard
from components.relation_gen.shuffle_keys import sort_priority
from relation.core.errors import DataError
from relation.sampling import Negatives

UNIT = 16 * math.lcm(*range(1, 25))
"""Weight of each group where groups are drawn equally often: about 2^36, divisible by small
sizes."""
FREQUENCY_UNIT = 2**20
"""Weight of an entity with frequency 1."""
MAX_TOTAL_WEIGHT = 2**62
"""Upper bound of the total weight."""


def populate(indexed: Indexed, seed: int, grade: int | None = None) -> IndexShard:
    """Sort the entities of an index shard.

    Args:
      grade: the column of `numbers` that groups are sorted by, if any.
    """
    key, group = indexed.key, indexed.group
    n = len(key)
    numbers = indexed.numbers.reshape(max(n, 1), -1)[:n]
    by: list[Any] = [key, sort_priority(key, seed)]
    if grade is not None and n:
        by.append(numbers[:, grade])
    order = np.lexsort((*by, group))
    group = group[order]
    first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]][:n])
    sizes = np.diff(np.r_[first, n])
    return IndexShard(
        key=key[order],
        group=group,
        negatives_group=indexed.negatives_group[order]
        if len(indexed.negatives_group)
        else indexed.negatives_group,
        numbers=numbers[order].reshape(-1),
        start=np.repeat(first, sizes),
        end=np.repeat(first + sizes, sizes),
        weights=np.zeros(0, dtype=np.int64),
    )


def positions_of(shard: IndexShard, key: U64) -> I64:
    """Positions in the shard of entities that it holds, by their keys.

    Args:
      key: uint64 [m].

    Returns:
      int64 [m].
    """
    order = np.argsort(shard.key, kind="stable")
    return order[np.searchsorted(shard.key[order], key)]


def weigh(shard: IndexShard, negatives: Negatives, frequency: F64 | None) -> IndexShard:
    """Assign each entity its weight in draws of negatives, int64 [n].

    Weights are integers, so that sums do not depend on the order of addition.

    Args:
      frequency: occurrences of each entity, [n]; for draw: popularity.

    Raises:
      DataError: frequencies are too large to be added up.
    """
    if not negatives.weighted:
        return shard
    if negatives.draw == "groups":
        weight = UNIT // np.maximum(shard.end - shard.start, 1)
    else:
        assert frequency is not None
        clipped = np.where(frequency > 0, frequency, 0.0)
        powered = np.where(clipped > 0, np.power(np.maximum(clipped, 1e-300), negatives.alpha), 0.0)
        if not powered.sum() * FREQUENCY_UNIT <= MAX_TOTAL_WEIGHT:
            raise DataError(
                f"relation.sampling.negatives: got a frequency of {clipped.max():g}; raised to "
                f"alpha {negatives.alpha:g}, the frequencies add up to {powered.sum():g}; expected "
                f"at most {MAX_TOTAL_WEIGHT // FREQUENCY_UNIT:g}: scale the feature down"
            )
        weight = np.rint(powered * FREQUENCY_UNIT).astype(np.int64)
        if (lost := (weight == 0) & (powered > 0)).any():
            least = (0.5 / FREQUENCY_UNIT) ** (1 / negatives.alpha)
            raise DataError(
                f"relation.sampling.negatives: got a frequency of {frequency[lost].max():g}; with "
                f"alpha {negatives.alpha:g} it is too small to ever be drawn; expected 0, or more "
                f"than {least:g}: scale the feature up"
            )
    return dataclasses.replace(shard, weights=weight)
