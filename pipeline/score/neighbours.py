"""Nearest neighbours by embeddings, exact."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.neighbors import NearestNeighbors

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Similarity = Literal["euclidean", "cosine", "dot"]


class EntityEmbeddings(NamedTuple):
    """Entities: their ids [n], and embeddings, float [n, d]; NaN where a row has none."""

    ids: Sequence[str]
    vectors: Floats

    def usable(self) -> "tuple[npt.NDArray[np.str_], Floats]":
        """Return ids and embeddings of the entities that have one."""
        rows = np.isfinite(self.vectors).all(axis=1)
        return np.asarray(self.ids, dtype=object)[rows], self.vectors[rows].astype(np.float64)


def nearest(
    queries: EntityEmbeddings,
    references: EntityEmbeddings,
    count: int,
    similarity: Similarity,
    same: bool,
) -> pa.Table:
    """Find the nearest references of each query. Entities without an embedding take no part.

    Args:
      queries, references: the entities.
      count: neighbours of each query, at most.
      similarity: what makes embeddings near.
      same: whether both are of one entity type: then none is a neighbour of its own.

    Returns:
      `query`, `rank` from 1, `neighbour`, and its Euclidean `distance`, or its `similarity`: the
      cosine or the dot product.
    """
    (query_ids, left), (ids, right) = queries.usable(), references.usable()
    wanted = min(count + same, len(ids))
    positions = np.zeros((len(query_ids), wanted), dtype=np.int64)
    if positions.size:
        from_query, from_reference = _ordered_alike(left, right, similarity)
        index = NearestNeighbors(n_neighbors=wanted, algorithm="brute").fit(from_reference)
        positions = index.kneighbors(from_query, return_distance=False)
    kept = ids[positions] != query_ids[:, None] if same else np.ones(positions.shape, dtype=bool)
    ranks = kept.cumsum(axis=1)
    rows, columns = np.nonzero(kept & (ranks <= count))
    others = positions[rows, columns]
    name, values = _measured(left[rows], right[others], similarity)
    return pa.table(
        {
            "query": pa.array(query_ids[rows], pa.string()),
            "rank": ranks[rows, columns],
            "neighbour": pa.array(ids[others], pa.string()),
            name: values.astype(np.float32),
        }
    )


def _ordered_alike(left: Floats, right: Floats, similarity: Similarity) -> tuple[Floats, Floats]:
    """Vectors whose Euclidean distances order the references as the similarity does."""
    if similarity == "euclidean":
        return left, right
    if similarity == "cosine":
        return _unit(left), _unit(right)
    # One more number makes all references equally long; queries have 0 there.
    squares = np.einsum("nd,nd->n", right, right)
    missing = np.sqrt(np.maximum(squares.max(initial=0) - squares, 0))
    return np.pad(left, ((0, 0), (0, 1))), np.column_stack([right, missing])


def _measured(left: Floats, right: Floats, similarity: Similarity) -> tuple[str, Floats]:
    """Name and values of the measure of pairs, [p]."""
    if similarity == "euclidean":
        return "distance", np.linalg.norm(left - right, axis=1)
    if similarity == "cosine":
        left, right = _unit(left), _unit(right)
    return "similarity", np.einsum("pd,pd->p", left, right)


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
