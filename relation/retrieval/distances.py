"""Distances between queries and references."""

from enum import Enum
from typing import Any

import numpy as np

from relation.retrieval.points import Floats, Positions


class Similarity(str, Enum):
    """What makes embeddings near."""

    EUCLIDEAN = "euclidean"
    COSINE = "cosine"
    DOT = "dot"


class Distances:
    """Distances that order references as the similarity does; none is negative."""

    def __init__(
        self,
        queries: Floats,
        references: Floats,
        positions: Positions,
        similarity: Similarity,
        kind: Any,
    ) -> None:
        """Takes all vectors, [q, d] and [n, d], the references' order, and the float type."""
        self._queries, self._references, self._positions = queries, references, positions
        self._similarity, self._kind = similarity, kind
        self._centre = np.zeros(references.shape[1])
        longest = 1.0
        if similarity is Similarity.EUCLIDEAN and len(references):
            self._centre = references.mean(axis=0, dtype=np.float64)
        elif similarity is Similarity.DOT and len(references):
            longest = max(_lengths(references[i : i + 8192]).max() for i in _steps(references))
        self._longest = longest

    def __call__(self, rows: Positions, start: int, stop: int) -> Floats:
        """Distances of q queries to the references from `start` to `stop`, [q, stop − start]."""
        left = self._prepared(self._queries[rows])
        right = self._prepared(self._references[self._positions[start:stop]])
        distances = left @ right.T
        if self._similarity is Similarity.EUCLIDEAN:
            own = np.einsum("qd,qd->q", left, left)[:, None]
            other = np.einsum("nd,nd->n", right, right)
            distances *= -2
            distances += own
            distances += other
            # Equal points have distance 0, whatever the rounding.
            least = 8 * np.finfo(self._kind).eps * (own + other.max(initial=0))
        else:
            most = _lengths(left)[:, None] * self._kind(self._longest)
            np.subtract(most, distances, out=distances)
            least = 8 * np.finfo(self._kind).eps * most
        distances[distances <= least] = 0
        return distances

    def _prepared(self, vectors: Floats) -> Floats:
        """Centred or normalized vectors, [n, d]."""
        vectors = vectors.astype(np.float64) - self._centre
        if self._similarity is Similarity.COSINE:
            lengths = _lengths(vectors)[:, None]
            vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
        return vectors.astype(self._kind)


def _steps(vectors: Floats) -> range:
    return range(0, len(vectors), 8192)


def _lengths(vectors: Floats) -> Floats:
    """Euclidean lengths: [n, d] → [n]."""
    return np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
