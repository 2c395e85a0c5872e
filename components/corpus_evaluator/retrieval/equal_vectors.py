"""Which vectors are equal, so that what is computed of them is equal to the last bit, too."""

import numpy as np

from components.common.hashing import mix
from components.corpus_evaluator.embeddings.points import U64, Floats, Places

_ROWS = 8192
"""So many are in memory at a time."""


def sites(vectors: Floats) -> Places:
    """Numbers vectors: equal ones have one number, by a hash of 64 bits.

    Args:
      vectors: finite float32 or float64, [n, d].

    Returns:
      [n], counted from 0 in the order of first appearance.
    """
    hashes = np.zeros(len(vectors), dtype=np.uint64)
    for start in range(0, len(vectors), _ROWS):
        hashes[start : start + _ROWS] = _hashes(vectors[start : start + _ROWS])
    _, first, site = np.unique(hashes, return_index=True, return_inverse=True)
    number = np.empty(len(first), dtype=np.int64)
    number[np.argsort(first)] = np.arange(len(first))
    return number[site]


def _hashes(vectors: Floats) -> U64:
    positive = vectors.T + 0.0  # -0.0 and 0.0 are equal, their bits are not.
    result = np.zeros(len(vectors), dtype=np.uint64)
    for column in positive.view(np.dtype(f"u{vectors.itemsize}")):
        result = mix(result ^ column)
    return result
