"""Finds equal vectors, so that values computed from them are equal to the last bit."""

import numpy as np

from relation.core.splitmix import mix
from relation.retrieval.points import U64, Floats, Positions

_ROWS = 8192
"""Vectors in memory at a time."""


def equal_vectors(vectors: Floats) -> Positions:
    """Numbers vectors so that equal ones, by a hash of 64 bits, have the same number.

    Args:
      vectors: finite float32 or float64, [n, d].

    Returns:
      int64 [n], counted from 0 in the order of first appearance.

    >>> equal_vectors(np.array([[0.0, 1.0], [2.0, 1.0], [-0.0, 1.0]])).tolist()
    [0, 1, 0]
    """
    hashes = np.zeros(len(vectors), dtype=np.uint64)
    for start in range(0, len(vectors), _ROWS):
        hashes[start : start + _ROWS] = _hashes(vectors[start : start + _ROWS])
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    number = np.empty(len(first), dtype=np.int64)
    number[np.argsort(first)] = np.arange(len(first))
    return number[group]


def _hashes(vectors: Floats) -> U64:
    """Hashes of vectors: [n, d] → uint64 [n]."""
    positive = vectors.T + 0.0  # -0.0 and 0.0 are equal, their bits are not.
    result = np.zeros(len(vectors), dtype=np.uint64)
    for column in positive.view(np.dtype(f"u{vectors.itemsize}")):
        result = mix(result ^ column)
    return result
