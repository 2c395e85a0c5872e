"""Measures of nearest neighbours: does an embedding put what belongs together close together?

Definitions follow Musgrave, Belongie and Lim, "A Metric Learning Reality Check" (ECCV 2020, §4.1).
For a query let R be the number of references with its label (itself left out), and rel(i) whether
the i-th nearest reference is one of them:

    precision@1   rel(1)
    R-precision   1/R · Σ_{i≤R} rel(i)
    MAP@R         1/R · Σ_{i≤R} rel(i) · (share of the first i that are relevant)
    recall@k      whether any of the first k is relevant

each averaged over the queries that have R ≥ 1; the others are left out and counted. (They write
precision@1 as recall@1.)

Neighbours are ordered by Euclidean distance, equal ones by their place among the references.
Not for sets that need an approximate index: time is queries × references.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Places: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

_BLOCK_CELLS = 1 << 21
"""Distances held at once: 16 MB of them, and a few times that while they are selected."""


@dataclasses.dataclass(frozen=True)
class RetrievalResult:
    """Averages over the queries, each in [0, 1].

    Attributes:
      precision_at_1: share of the queries whose nearest neighbour has their label.
      map_at_r: mean average precision at R.
      r_precision: precision among the R nearest.
      recall_at_k: by k, the share of the queries with a match among the k nearest.
      queries: number of the queries that are averaged over.
      skipped: number of those left out, as no reference has their label.
    """

    precision_at_1: float
    map_at_r: float
    r_precision: float
    recall_at_k: Mapping[int, float]
    queries: int
    skipped: int


def retrieval(
    query_embeddings: npt.ArrayLike,
    query_labels: npt.ArrayLike,
    reference_embeddings: npt.ArrayLike,
    reference_labels: npt.ArrayLike,
    *,
    same_set: bool,
    ks: Sequence[int] = (1, 5, 10),
) -> RetrievalResult:
    """Measures how well queries find the references that have their label.

    Exact, and the same whatever the blocks: distances are float64, a block of queries at a time. An
    n × n matrix is never held. Averages are NaN when no query has a match.

    Args:
      query_embeddings: finite floats [q, d].
      query_labels: [q], of any type that can be compared.
      reference_embeddings: finite floats [n, d].
      reference_labels: [n].
      same_set: queries are the references, in the same order: none is its own neighbour.
      ks: the k of recall@k, each at least 1.

    Raises:
      ValueError: shapes that do not fit, embeddings that are not finite, or a k below 1.
    """
    queries = _embeddings("query", query_embeddings)
    references = _embeddings("reference", reference_embeddings)
    own, theirs = _codes(query_labels, reference_labels)
    _check(queries, own, references, theirs, same_set, ks)
    counts = np.bincount(theirs, minlength=int(own.max(initial=-1)) + 1)
    matches = counts[own] - int(same_set)
    kept = np.flatnonzero(matches > 0)

    found = _Found(len(kept), ks)
    size = max(1, _BLOCK_CELLS // max(1, len(references)))
    for start in range(0, len(kept), size):
        rows = kept[start : start + size]
        top = min(len(references) - int(same_set), max(*ks, int(matches[rows].max())))
        nearest = _nearest(queries[rows], references, rows if same_set else None, top)
        found.fill(start, theirs[nearest] == own[rows, None], matches[rows])
    return found.averages(skipped=len(queries) - len(kept))


class _Found:
    """The measures of each query, and their averages."""

    def __init__(self, queries: int, ks: Sequence[int]) -> None:
        self._first = np.zeros(queries)
        self._r_precision = np.zeros(queries)
        self._average_precision = np.zeros(queries)
        self._recall = {k: np.zeros(queries) for k in ks}

    def fill(self, start: int, relevant: Bools, matches: Places) -> None:
        """Measures the queries from `start` on.

        Args:
          start: place of the first.
          relevant: booleans [q, top], nearest first, with top ≥ R of every query.
          matches: [q], R of each.
        """
        here = slice(start, start + len(matches))
        ranks = np.arange(1, relevant.shape[1] + 1)
        hits = relevant & (ranks <= matches[:, None])
        precisions = np.cumsum(hits, axis=1) / ranks
        self._first[here] = relevant[:, 0]
        self._r_precision[here] = hits.sum(axis=1) / matches
        self._average_precision[here] = (precisions * hits).sum(axis=1) / matches
        for k, recall in self._recall.items():
            recall[here] = relevant[:, :k].any(axis=1)

    def averages(self, skipped: int) -> RetrievalResult:
        """Averages over the queries."""
        return RetrievalResult(
            precision_at_1=_mean(self._first),
            map_at_r=_mean(self._average_precision),
            r_precision=_mean(self._r_precision),
            recall_at_k={k: _mean(recall) for k, recall in self._recall.items()},
            queries=len(self._first),
            skipped=skipped,
        )


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _nearest(queries: Floats, references: Floats, own: Places | None, top: int) -> Places:
    """The places of the `top` nearest references, nearest first, equal ones by place: [q, top].

    A matrix product selects candidates fast, but rounds by where a row lies in its blocks, so that
    not even equal references are surely at equal distances. Candidates are therefore all that can
    be among the nearest within its error; differences, which round alike anywhere, order them.

    Args:
      queries: [q, d].
      references: [n, d].
      own: [q], the place of each query among the references, which is left out; None if it is none.
      top: at least 1; at most n, or n − 1 where `own` is left out.
    """
    own_norms = np.einsum("qd,qd->q", queries, queries)
    norms = np.einsum("nd,nd->n", references, references)
    distances = own_norms[:, None] + norms - 2 * (queries @ references.T)
    if own is not None:
        distances[np.arange(len(queries)), own] = np.inf
    epsilon = 4 * (queries.shape[1] + 4) * np.finfo(np.float64).eps
    error = epsilon * (np.sqrt(own_norms) + np.sqrt(norms.max())) ** 2
    limits = np.partition(distances, top - 1, axis=1)[:, top - 1] + 2 * error
    nearest = np.empty((len(queries), top), dtype=np.int64)
    for row, limit in enumerate(limits):
        places = np.flatnonzero(distances[row] <= limit)
        exact = ((references[places] - queries[row]) ** 2).sum(axis=1)
        nearest[row] = places[np.argsort(exact, kind="stable")[:top]]
    return nearest


def _embeddings(name: str, values: npt.ArrayLike) -> Floats:
    result = np.ascontiguousarray(values, dtype=np.float64)
    if result.ndim != 2:
        raise ValueError(f"{name} embeddings: got shape {result.shape}; expected [n, d]")
    finite = np.isfinite(np.einsum("nd,nd->n", result, result))
    if not finite.all():
        raise ValueError(
            f"{name} embeddings: {np.count_nonzero(~finite)} of {len(result)} are not finite, or "
            f"have no finite length; the first is number {np.flatnonzero(~finite)[0]}"
        )
    return result


def _codes(query_labels: npt.ArrayLike, reference_labels: npt.ArrayLike) -> tuple[Places, Places]:
    """Both sets' labels as integers, equal ones for equal labels."""
    queries, references = np.asarray(query_labels), np.asarray(reference_labels)
    kinds = {side.dtype.kind.replace("u", "i") for side in (queries, references) if len(side)}
    if len(kinds) > 1:
        raise ValueError(
            f"labels: got {queries.dtype} of queries and {references.dtype} of references; "
            "expected one type"
        )
    codes = np.unique(np.concatenate([queries, references]), return_inverse=True)[1].ravel()
    return codes[: len(queries)], codes[len(queries) :]


def _check(
    queries: Floats,
    own: Places,
    references: Floats,
    theirs: Places,
    same_set: bool,
    ks: Sequence[int],
) -> None:
    for name, embeddings, labels in (("query", queries, own), ("reference", references, theirs)):
        if len(embeddings) != len(labels):
            raise ValueError(f"{name}: got {len(embeddings)} embeddings and {len(labels)} labels")
    if queries.shape[1] != references.shape[1]:
        raise ValueError(
            f"embeddings: got {queries.shape[1]} dimensions of queries and "
            f"{references.shape[1]} of references"
        )
    if same_set and not (np.array_equal(queries, references) and np.array_equal(own, theirs)):
        raise ValueError("same_set: the queries are not the references")
    if not ks or min(ks) < 1:
        raise ValueError(f"ks: got {list(ks)}; expected numbers from 1 on")
