"""Sizes of partitions, shards and batches that keep a worker within the recipe's `memory_mb`.

Sizes change only the number of output files.
"""

from typing import NamedTuple

OUTPUT_SHARD, PARTITION, MEMBER = 5, 160, 1280
"""A shard may take one fifth of the memory, and so on, since several copies exist at a time."""


class Budget(NamedTuple):
    """Sizes that follow from a worker's memory.

    `output_shard`: bytes of an output shard before compression. `partition`: bytes of the
    (compressed) rows of an entity partition. `members`: members of tuples that are emitted or
    gathered at once.
    """

    output_shard: int
    partition: int
    members: int


def budget(memory_mb: int) -> Budget:
    """The sizes for a worker with a given memory in MiB, beyond what its imports take."""
    size = memory_mb * 2**20
    return Budget(max(size // OUTPUT_SHARD, 1), max(size // PARTITION, 1), max(size // MEMBER, 1))
