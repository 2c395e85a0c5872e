"""The split of edges whose ends are in every split."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from components.common.hashing import Purpose
from relation.compiled import CompiledRelation
from relation.core.splitmix import U64, multiply_shift, random_bits


def hashed_splits(
    relation: CompiledRelation, buckets: Sequence[int], source: U64, destination: U64
) -> npt.NDArray[np.uint8]:
    """The split of edges between entities that are in every split, by a hash of both ends.

    Between entities of one type the hash ignores direction, so both directions share a split.

    Args:
      buckets: hash buckets of each split.
      source, destination: keys of the ends (`hashing.hash_values` of their ids), uint64 [e].

    Returns:
      Index of the split, uint8 [e].
    """
    if relation.anchor == relation.candidate:
        source, destination = np.minimum(source, destination), np.maximum(source, destination)
    bits = random_bits(relation.seed, Purpose.SPLITS, source, destination)
    at = multiply_shift(bits, sum(buckets)).astype(np.int64)
    return np.searchsorted(np.cumsum(buckets), at, side="right").astype(np.uint8)
