"""Keys of shuffles: which block, cell or shard an element is for."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from components.common import shuffle_store
from components.common.hashing import I64
from components.relation_gen.batches import take

COUNTS = "counts"
"""Tag of what a step counts."""


def shuffle_key(population: str, number: int) -> str:
    """The key of a block, cell or shard of an entity type, population or output."""
    return f"{population}:{number}"


def split_key(key: str) -> tuple[str, int]:
    """Takes the key of a block, cell or shard apart."""
    population, _, number = key.rpartition(":")
    return population, int(number)


def population(entity: str, home: str) -> str:
    """The entities of one type in one split (`*`: in all)."""
    return f"{entity}/{home}"


def populated(name: str) -> tuple[str, str]:
    """Takes the name of a population apart: entity type and split."""
    entity, _, home = name.partition("/")
    return entity, home


def route(index: I64, parts: int) -> Iterator[tuple[int, I64]]:
    """For each part that occurs: its number and the rows that go there, in order.

    Args:
      index: part of each row, [n], in [0, parts).
    """
    order = np.argsort(index, kind="stable")
    bounds = np.searchsorted(index[order], np.arange(parts + 1))
    for part in np.flatnonzero(np.diff(bounds)).tolist():
        yield part, order[bounds[part] : bounds[part + 1]]


def routed(
    out: shuffle_store.Writer, part: Any, index: I64, name: str
) -> Iterator[tuple[str, shuffle_store.Ref]]:
    """Writes the rows of a part for each of the places that they go to.

    Args:
      index: the number of each row's place, [n].
      name: what the places are of.
    """
    if not len(index):
        return
    for number, rows in route(index, int(index.max()) + 1):
        yield shuffle_key(name, number), out.add(take(part, rows))
