"""Into what sizes the work is cut, so that a worker holds what the recipe's `memory_mb` says.

What comes out is the same whatever the sizes, but for how many files it lies in.
"""

from typing import NamedTuple

SHARD, BLOCK, MEMBER = 5, 160, 1280
"""A shard may take one fifth of the memory, and so on: several copies are held for a while."""


class Budget(NamedTuple):
    """Sizes that follow from a worker's memory.

    `shard`: bytes of an output shard before compression. `block`: bytes of the (compressed) rows of
    an entity block. `members`: of tuples, that are handed on or gathered at once.
    """

    shard: int
    block: int
    members: int


def budget(memory_mb: int) -> Budget:
    """The sizes for a worker that may hold so many MiB beside what its imports take."""
    size = memory_mb * 2**20
    return Budget(max(size // SHARD, 1), max(size // BLOCK, 1), max(size // MEMBER, 1))
