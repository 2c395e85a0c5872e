"""Measures of nearest neighbours: does an embedding put what belongs together close together?

Definitions follow Musgrave, Belongie and Lim, "A Metric Learning Reality Check" (ECCV 2020, §4.1),
and the usual ones of information retrieval. For a query let R be the number of references that are
relevant (itself left out), and rel(i) whether the i-th nearest reference is one of them:

    precision_at_1  rel(1)
    r_precision     1/R · Σ_{i≤R} rel(i)
    map_at_r        1/R · Σ_{i≤R} rel(i) · (share of the first i that are relevant)
    recall_at_k     whether any of the first k is relevant
    mrr             1 / the first i with rel(i)
    ndcg_at_k       Σ_{i≤k} rel(i) / log₂(1+i), over its highest possible value

Of references that are equally near, those that are not relevant come first: a model that maps
everything to one point is no good.

Exact, and n × n numbers are never held: a block of queries meets a block of references at a time,
and of each query the nearest are kept as sorted numbers whose last bit says whether they are
relevant. Up to `EXACT_PAIRS` of a query and a reference distances are float64 (equal if they
differ by less than 1e-12 of themselves); beyond it float32 (2.4e-7), which is three times as fast.
The distance to references of equal vectors is computed once, so that rounding cannot order them.
Time is queries × references.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from components.corpus_evaluator.embeddings.points import U64, Floats, Keys, Places, Points
from components.corpus_evaluator.retrieval.equal_vectors import sites

EXACT_PAIRS = 2**26
KS = (1, 5, 10)
_ROWS = 256
_LEAST_BLOCK = 8192

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[Any]
Statistics = Mapping[str, F64]
"""By name a number a query: [q]; NaN where it has no match."""
Nearest = Callable[[Places, int], tuple[Places, F64, Bools]]
"""Some queries and k → places of the k nearest references, distances, whether they are relevant:
[q, k] each, nearest first."""


class Similarity(str, Enum):
    """What makes embeddings near."""

    EUCLIDEAN = "euclidean"
    COSINE = "cosine"
    DOT = "dot"


def names(ks: Sequence[int] = KS) -> tuple[str, ...]:
    """The statistics of a query."""
    cut = [f"recall_at_{k}" for k in ks if k > 1] + [f"ndcg_at_{k}" for k in ks if k > 1]
    return ("map_at_r", "precision_at_1", "r_precision", "mrr", *cut)


@dataclass(frozen=True)
class _Form:
    """How a distance and whether it is of a relevant reference are one unsigned number."""

    floats: Any
    codes: Any
    cleared: int

    def encode(self, distances: Floats, relevant: Bools, out: Codes) -> None:
        np.bitwise_or(self.rounded(distances, out), relevant, out=out)

    def rounded(self, distances: Floats, out: Codes | None = None) -> Codes:
        """To the nearest number without the cleared bits: cut off, 1.99… would not be 2."""
        half = self.codes((self.cleared + 1) // 2)
        out = np.add(distances.view(self.codes), half, out=out)
        kept = self.codes(np.iinfo(self.codes).max ^ self.cleared)
        return np.bitwise_and(out, kept, out=out)

    @property
    def last(self) -> Any:
        """After all others, and not relevant."""
        return np.iinfo(self.codes).max - 1


_EXACT = _Form(np.float64, np.uint64, 0xFFF)
_FAST = _Form(np.float32, np.uint32, 0x1)


def measure(
    queries: Points,
    references: Points,
    similarity: Similarity,
    *,
    same: bool,
    ks: Sequence[int] = KS,
    exact: bool | None = None,
) -> Statistics:
    """Measures how well each query finds the references that are relevant to it.

    Args:
      queries: of finite vectors.
      references: of vectors of as many dimensions.
      similarity: what is near.
      same: both are of one entity type: no entity is its own neighbour.
      ks: the k of recall@k and NDCG@k, each at least 1.
      exact: float64; by default up to `EXACT_PAIRS`.

    Returns:
      `names(ks)` and `matches`, the R of each query (0 where it has no match).
    """
    if exact is None:
        exact = len(queries) * len(references) <= EXACT_PAIRS
    search = _Search(queries, references, similarity, same, max(ks), _EXACT if exact else _FAST)
    result = {name: np.full(len(queries), np.nan) for name in names(ks)}
    result["matches"] = np.zeros(len(queries))

    def fill(start: int) -> None:
        stop = min(start + _ROWS, len(queries))
        for name, values in search.statistics(start, stop, ks).items():
            result[name][start:stop] = values

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as workers:
        list(workers.map(fill, range(0, len(queries), _ROWS)))
    return result


def nearest(queries: Points, references: Points, similarity: Similarity, *, same: bool) -> Nearest:
    """Finds the nearest references of some queries; equally near ones in the order of ids.

    Args: see `measure`. Distances are Euclidean, or 1 − cosine, or |query| · the greatest length
    of a reference − the dot product.
    """
    search = _Search(queries, references, similarity, same, 1, _EXACT)

    def of(rows: Places, k: int) -> tuple[Places, F64, Bools]:
        k = min(k, len(references) - int(same))
        places = np.zeros((len(rows), 0), dtype=np.int64)
        distances = np.zeros((len(rows), 0))
        relevant = np.zeros((len(rows), 0), dtype=bool)
        for block, far, kind in search.meet(rows):
            here = np.broadcast_to(search.order[block.start : block.stop], far.shape)
            distances = np.concatenate([distances, far], axis=1)
            places = np.concatenate([places, here], axis=1)
            relevant = np.concatenate([relevant, kind], axis=1)
            order = np.lexsort((places, distances), axis=1)[:, :k]
            distances, places, relevant = (
                np.take_along_axis(values, order, axis=1)
                for values in (distances, places, relevant)
            )
        if similarity is Similarity.EUCLIDEAN:
            distances = np.sqrt(distances)
        return places, distances, relevant

    return of


class _Search:
    """The references in blocks, equal vectors one after the other, and what is near in them.

    Attributes:
      order: the places of references, [n], as the blocks have them.
    """

    def __init__(
        self,
        queries: Points,
        references: Points,
        similarity: Similarity,
        same: bool,
        least: int,
        form: _Form,
    ) -> None:
        self._queries, self._form = queries, form
        site = sites(references.vectors)
        self.order: Places = np.argsort(site, kind="stable")
        firsts = np.flatnonzero(np.diff(site[self.order], prepend=-1))
        self._near = _Nearness(
            queries.vectors, references.vectors, self.order[firsts], similarity, form.floats
        )
        values, counts = np.unique(references.keys.values, return_counts=True)
        self._matches = _summed(queries, values, counts)
        own = np.searchsorted(references.ids, queries.ids)
        known = own < len(references)
        known[known] = references.ids[own[known]] == queries.ids[known]
        self._own = np.full(len(queries), -1)
        if same:
            self._own[known] = np.argsort(self.order)[own[known]]
        self._top = min(max(least, int(self._matches.max(initial=0)), 1), max(len(references), 1))
        size = max(4 * self._top, _LEAST_BLOCK)
        self._runs = list(_runs(references.keys.take(self.order), firsts, size))

    def statistics(self, start: int, stop: int, ks: Sequence[int]) -> dict[str, F64]:
        """The statistics of some queries."""
        codes, matches = self._nearest(start, stop)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = _statistics((codes & 1).astype(bool), matches, ks)
        lost = np.flatnonzero((matches > 0) & np.isnan(found["mrr"]))
        if len(lost):
            found["mrr"][lost] = 1 / self._first(start + lost)
        return found

    def _nearest(self, start: int, stop: int) -> tuple[Codes, Places]:
        """Sorted codes of the nearest references, [q, top], and R of each query, [q]."""
        widest = max((len(block) for run in self._runs for block in run.blocks), default=0)
        top, form = self._top, self._form
        buffer = np.full((stop - start, top + widest), form.last, dtype=form.codes)
        matches = np.zeros(stop - start, dtype=np.int64)
        for block, distances, relevant in self.meet(np.arange(start, stop)):
            end = top + len(block)
            matches += relevant.sum(axis=1)
            form.encode(distances, relevant, buffer[:, top:end])
            buffer[:, end:] = form.last
            buffer.sort(axis=1)
        return buffer[:, :top], matches

    def meet(self, rows: Places) -> Iterator[tuple["_Block", Floats, Bools]]:
        """Blocks in order, with the distances and relevance of their references to some queries,
        [q, len(block)]; no query has itself."""
        owners, keys = self._queries.keys.take(rows).owners(0, len(rows))
        own = self._own[rows]
        for run in self._runs:
            far = self._near(rows, run.start, run.stop)
            for block in run.blocks:
                distances = far if len(block) == run.stop - run.start else far[:, block.vectors]
                relevant = np.zeros(distances.shape, dtype=bool)
                relevant[block.matching(owners, keys)] = True
                mine = np.flatnonzero((own >= block.start) & (own < block.stop))
                distances[mine, own[mine] - block.start] = np.inf
                relevant[mine, own[mine] - block.start] = False
                yield block, distances, relevant

    def _first(self, rows: Places) -> F64:
        """The place of the first relevant reference of queries that have none among the nearest."""
        last = self._form.last
        best = np.full(len(rows), last)
        for _, distances, relevant in self.meet(rows):
            codes = self._form.rounded(distances)
            best = np.minimum(best, np.where(relevant, codes, last).min(axis=1))
        before = np.zeros(len(rows))
        for _, distances, relevant in self.meet(rows):
            nearer = self._form.rounded(distances) <= best[:, None]
            before += (~relevant & nearer & (distances < np.inf)).sum(axis=1)
        return 1 + before


@dataclass(frozen=True, eq=False)
class _Block:
    """References from `start` to `stop`; the vector of each, counted in the run; their keys in
    order, with the place of each in the block."""

    start: int
    stop: int
    vectors: Places
    keys: U64
    places: Places

    def __len__(self) -> int:
        return self.stop - self.start

    def matching(self, owners: Places, keys: U64) -> tuple[Places, Places]:
        """Pairs of an owner and a reference that share a key."""
        low = np.searchsorted(self.keys, keys, side="left")
        counts = np.searchsorted(self.keys, keys, side="right") - low
        total = np.cumsum(counts)
        inside = np.arange(total[-1] if len(total) else 0) - np.repeat(total - counts, counts)
        return np.repeat(owners, counts), self.places[np.repeat(low, counts) + inside]


@dataclass(frozen=True, eq=False)
class _Run:
    """Different vectors from `start` to `stop`, whose distances are computed together, and the
    references that have them, in one block, or in several where many have the same."""

    start: int
    stop: int
    blocks: tuple[_Block, ...]


def _runs(keys: Keys, firsts: Places, size: int) -> Iterator[_Run]:
    """Cuts references into runs and blocks of up to `size`, but no vector's into two runs.

    `keys`: of the references; `firsts`: the first reference of each vector, ascending.
    """
    ends = np.append(firsts[1:], len(keys))
    start = 0
    while start < len(firsts):
        fitting = int(np.searchsorted(ends, firsts[start] + size, side="right"))
        stop = max(fitting, start + 1)
        last = int(ends[stop - 1])
        blocks = []
        for first in range(int(firsts[start]), last, size):
            end = min(first + size, last)
            vectors = np.searchsorted(firsts, np.arange(first, end), side="right") - 1 - start
            owners, values = keys.owners(first, end)
            order = np.argsort(values, kind="stable")
            blocks.append(_Block(first, end, vectors, values[order], owners[order]))
        yield _Run(start, stop, tuple(blocks))
        start = stop


class _Nearness:
    """Distances to some references, at `places`, which order them for a query as its similarity
    does; not negative."""

    def __init__(
        self,
        queries: Floats,
        references: Floats,
        places: Places,
        similarity: Similarity,
        kind: Any,
    ) -> None:
        self._queries, self._references, self._places = queries, references, places
        self._similarity, self._kind = similarity, kind
        self._centre = np.zeros(references.shape[1])
        longest = 1.0
        if similarity is Similarity.EUCLIDEAN and len(references):
            self._centre = references.mean(axis=0, dtype=np.float64)
        elif similarity is Similarity.DOT and len(references):
            longest = max(_lengths(references[i : i + 8192]).max() for i in _steps(references))
        self._longest = longest

    def __call__(self, rows: Places, start: int, stop: int) -> Floats:
        """Distances of some queries to those from `start` to `stop`: [q, stop − start]."""
        left = self._prepared(self._queries[rows])
        right = self._prepared(self._references[self._places[start:stop]])
        distances = left @ right.T
        if self._similarity is Similarity.EUCLIDEAN:
            own = np.einsum("qd,qd->q", left, left)[:, None]
            other = np.einsum("nd,nd->n", right, right)
            distances *= -2
            distances += own
            distances += other
            # Rounding: points that are equal are at no distance.
            least = 8 * np.finfo(self._kind).eps * (own + other.max(initial=0))
        else:
            most = _lengths(left)[:, None] * self._kind(self._longest)
            np.subtract(most, distances, out=distances)
            least = 8 * np.finfo(self._kind).eps * most
        distances[distances <= least] = 0
        return distances

    def _prepared(self, vectors: Floats) -> Floats:
        vectors = vectors.astype(np.float64) - self._centre
        if self._similarity is Similarity.COSINE:
            lengths = _lengths(vectors)[:, None]
            vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
        return vectors.astype(self._kind)


def _steps(vectors: Floats) -> range:
    return range(0, len(vectors), 8192)


def _lengths(vectors: Floats) -> Floats:
    return np.sqrt(np.einsum("nd,nd->n", vectors, vectors))


def _summed(queries: Points, values: U64, counts: Places) -> Places:
    """How many references share a key with each query, each as often as it does."""
    owners, keys = queries.keys.owners(0, len(queries))
    at = np.searchsorted(values, keys)
    known = at < len(values)
    known[known] = values[at[known]] == keys[known]
    return np.bincount(owners[known], counts[at[known]], len(queries)).astype(np.int64)


def _statistics(relevant: Bools, matches: Places, ks: Sequence[int]) -> dict[str, F64]:
    """From whether each of the nearest is relevant, [q, top], nearest first, and R of each."""
    ranks = np.arange(1, relevant.shape[1] + 1)
    hits = relevant & (ranks <= matches[:, None])
    precisions = np.cumsum(hits, axis=1, dtype=np.int32) / ranks
    none = np.where(matches > 0, 0.0, np.nan)
    first = np.where(relevant.any(axis=1), 1 + relevant.argmax(axis=1), np.nan)
    result = {
        "map_at_r": np.einsum("qt,qt->q", precisions, hits) / matches,
        "precision_at_1": relevant[:, 0] + none,
        "r_precision": hits.sum(axis=1) / matches,
        "mrr": 1 / first + none,
        "matches": matches.astype(np.float64),
    }
    discounts = 1 / np.log2(1 + ranks)
    ideal = np.cumsum(discounts)
    for k in ks:
        if k > 1:
            result[f"recall_at_{k}"] = relevant[:, :k].any(axis=1) + none
            best = ideal[np.minimum(np.minimum(matches, k), len(ranks)) - 1]
            result[f"ndcg_at_{k}"] = relevant[:, :k] @ discounts[:k] / best + none
    return result
