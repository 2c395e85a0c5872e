"""The dense index: entities of one type and split in one order, block after block.

A cell is a stretch of it. Entities of a cell are sorted by (block, grade, hash of seed and key), so
that all entities of one block are the places [start, end).
"""

import dataclasses
import math
from typing import Any

import numpy as np

from components.common.hashing import U64, words
from components.relation_gen.batches import F64, Cell, Indexed
from components.relation_gen.sampling.plan import ORDER
from relation.core.errors import DataError
from relation.sampling import Negatives

UNIT = 16 * math.lcm(*range(1, 25))
"""Weight of a group that is drawn as often as any other: about 2^36, and small groups divide it."""
FREQUENCY_UNIT = 2**20
"""Weight of an entity of frequency 1."""
MAX_MASS = 2**62
"""Weight that all entities may have together."""


def turn_of(key: U64, seed: int) -> U64:
    """The order of entities within their block."""
    return words(seed, ORDER, key, np.zeros(1, dtype=np.uint64))


def populate(indexed: Indexed, seed: int, grade: int | None = None) -> Cell:
    """Puts the entities of a cell in order.

    Args:
      grade: the column of `numbers` that blocks are sorted by, if any.
    """
    key, block = indexed.key, indexed.block
    n = len(key)
    numbers = indexed.numbers.reshape(max(n, 1), -1)[:n]
    by: list[Any] = [key, turn_of(key, seed)]
    if grade is not None and n:
        by.append(numbers[:, grade])
    order = np.lexsort((*by, block))
    block = block[order]
    first = np.flatnonzero(np.r_[True, block[1:] != block[:-1]][:n])
    sizes = np.diff(np.r_[first, n])
    return Cell(
        key=key[order],
        block=block,
        group=indexed.group[order] if len(indexed.group) else indexed.group,
        numbers=numbers[order].reshape(-1),
        start=np.repeat(first, sizes),
        end=np.repeat(first + sizes, sizes),
        mass=np.zeros(0, dtype=np.int64),
    )


def weigh(cell: Cell, negatives: Negatives, frequency: F64 | None) -> Cell:
    """Lays the entities out on the weighted line, as negatives are to be drawn.

    Weights are integers, so that their sums depend on no order.

    Args:
      frequency: how often each entity occurs, [n]; for draw: popularity.

    Raises:
      DataError: frequencies are too large to be added up.
    """
    if not negatives.weighted:
        return cell
    if negatives.draw == "groups":
        weight = UNIT // np.maximum(cell.end - cell.start, 1)
    else:
        assert frequency is not None
        known = np.where(frequency > 0, frequency, 0.0)
        powered = np.where(known > 0, np.power(np.maximum(known, 1e-300), negatives.alpha), 0.0)
        if not powered.sum() * FREQUENCY_UNIT <= MAX_MASS:
            raise DataError(
                f"relation.sampling.negatives: got a frequency of {known.max():g}; with alpha "
                f"{negatives.alpha:g} the frequencies, raised to it, add up to {powered.sum():g}; "
                f"expected at most {MAX_MASS // FREQUENCY_UNIT:g}: scale the feature down"
            )
        weight = np.rint(powered * FREQUENCY_UNIT).astype(np.int64)
    return dataclasses.replace(cell, mass=np.concatenate([[0], np.cumsum(weight)]))
