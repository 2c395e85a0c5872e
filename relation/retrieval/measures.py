"""Measures of nearest neighbours: whether an embedding puts related entities near each other.

Definitions follow Musgrave, Belongie and Lim, "A Metric Learning Reality Check" (ECCV 2020, §4.1),
and those of information retrieval. For a query let R be the number of relevant references, without
the query itself, and rel(i) whether the i-th nearest reference is one of them:

    precision_at_k  share of the first k that are relevant; precision_at_1 is rel(1)
    r_precision     1/R · Σ_{i≤R} rel(i)
    map_at_r        1/R · Σ_{i≤R} rel(i) · (share of the first i that are relevant)
    recall_at_k     whether any of the first k is relevant
    mrr             1 / the first i with rel(i)
    ndcg_at_k       Σ_{i≤k} rel(i) / log₂(1+i), over its highest possible value

Of equally near references those that are not relevant come first, so that a model which maps
everything to one point scores low. Libraries break such ties by position, which is why this is
hand-written; it is exact, too.

No n × n matrix is held. Queries meet references a chunk at a time, and the nearest of each query
are kept as sorted numbers whose last bit says whether they are relevant. For up to `EXACT_PAIRS`
pairs of a query and a reference distances are float64 (equal if they differ by less than 1e-12 of
themselves), for more float32 (2.4e-7), which is three times as fast. Distances to references with
equal vectors are computed once, so that rounding cannot order them.
Time is proportional to queries × references.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from relation.retrieval.distances import Distances, Similarity
from relation.retrieval.equal_vectors import equal_vectors
from relation.retrieval.points import U64, Floats, Points, Positions
from relation.retrieval.reference_chunks import Chunk, runs

EXACT_PAIRS = 2**26
KS = (1, 5, 10)
_ROWS = 256
_LEAST_CHUNK = 8192

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[Any]
Statistics = Mapping[str, F64]
"""Values of queries by name, float64 [q]; NaN for a query without a match."""
Nearest = Callable[[Positions, int], tuple[Positions, F64, Bools]]
"""(positions of q queries, k) → positions, distances and relevance of the k nearest references.

[q, k] each, nearest first."""


def names(ks: Sequence[int] = KS, cut_names: Sequence[str] = ()) -> tuple[str, ...]:
    """The names of the statistics of a query; `cut_names`: those of any other k."""
    cut = [f"recall_at_{k}" for k in ks if k > 1] + [f"ndcg_at_{k}" for k in ks if k > 1]
    every = ("map_at_r", "precision_at_1", "r_precision", "mrr", *cut, *cut_names)
    return tuple(dict.fromkeys(every))


class Cut(NamedTuple):
    """A measure of the first k references."""

    measure: str
    k: int

    @classmethod
    def of(cls, name: str) -> "Cut | None":
        """The measure and the k that a name stands for; None if it stands for neither.

        >>> Cut.of("recall_at_7"), Cut.of("recall_at_0")
        (Cut(measure='recall', k=7), None)
        """
        match = re.fullmatch(r"(precision|recall|ndcg)_at_([1-9]\d{0,3})", name)
        return None if match is None else cls(match[1], int(match[2]))


ANY_K = "or precision_at_k, recall_at_k or ndcg_at_k of another k below 10,000"
"""The end of a message that lists the names of measures."""


@dataclass(frozen=True)
class _Form:
    """Encodes a distance and the relevance of its reference as one unsigned number."""

    floats: Any
    codes: Any
    cleared: int

    def encode(self, distances: Floats, relevant: Bools, out: Codes) -> None:
        """Writes the codes of distances, all [q, n]."""
        np.bitwise_or(self.rounded(distances, out), relevant, out=out)

    def rounded(self, distances: Floats, out: Codes | None = None) -> Codes:
        """Round to the nearest code whose cleared bits are 0; cut off, 1.99… would be below 2.

        Args:
          distances: of dtype `floats`, [q, n].
          out: where the result is written, of dtype `codes`, [q, n]; a new array if None.

        Returns:
          Of dtype `codes`, [q, n].
        """
        half = self.codes((self.cleared + 1) // 2)
        out = np.add(distances.view(self.codes), half, out=out)
        kept = self.codes(np.iinfo(self.codes).max ^ self.cleared)
        return np.bitwise_and(out, kept, out=out)

    @property
    def last(self) -> Any:
        """The code after all others, of no relevant reference."""
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
    cut_names: Sequence[str] = (),
    exact: bool | None = None,
) -> Statistics:
    """Measures how well each query retrieves the references that are relevant to it.

    Args:
      queries: q points; what is hidden from one is not in its ranking.
      references: points with vectors of as many dimensions.
      similarity: how to compare vectors.
      same: whether both are of one entity type; then no entity is its own neighbour.
      ks: the k of recall@k and NDCG@k, each at least 1.
      cut_names: names of further measures, see `Cut`.
      exact: whether distances are float64; by default they are for up to `EXACT_PAIRS` pairs.

    Returns:
      `names(ks, cut_names)` and `matches`, the R of each query: float64 [q] each.

    The only reference with the query's key is the second nearest:

    >>> from relation.retrieval.points import Keys
    >>> query = Points(np.uint64([1]), Keys.single(np.uint64([7])), np.array([[0.0]]))
    >>> labels = Keys.single(np.uint64([7, 8]))
    >>> references = Points(np.uint64([2, 3]), labels, np.array([[2.0], [1.0]]))
    >>> measured = measure(query, references, Similarity.EUCLIDEAN, same=False)
    >>> {name: measured[name].tolist() for name in ("mrr", "precision_at_1", "recall_at_5")}
    {'mrr': [0.5], 'precision_at_1': [0.0], 'recall_at_5': [1.0]}
    """
    if exact is None:
        exact = len(queries) * len(references) <= EXACT_PAIRS
    wanted = names(ks, cut_names)
    cuts = {name: cut for name in wanted if (cut := Cut.of(name)) is not None}
    widest = max([*ks, *(cut.k for cut in cuts.values())])
    search = _Search(queries, references, similarity, same, widest, _EXACT if exact else _FAST)
    result = {name: np.full(len(queries), np.nan) for name in wanted}
    result["matches"] = np.zeros(len(queries))

    def fill(start: int) -> None:
        stop = min(start + _ROWS, len(queries))
        for name, values in search.statistics(start, stop, cuts).items():
            result[name][start:stop] = values

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as workers:
        list(workers.map(fill, range(0, len(queries), _ROWS)))
    return result


def nearest(queries: Points, references: Points, similarity: Similarity, *, same: bool) -> Nearest:
    """Returns a function that finds the nearest references; equally near ones by ascending id.

    Distances are Euclidean, or 1 − cosine, or |query| · the greatest length of a reference − the
    dot product. See `measure` for the arguments.
    """
    search = _Search(queries, references, similarity, same, 1, _EXACT)

    def of(rows: Positions, k: int) -> tuple[Positions, F64, Bools]:
        k = min(k, len(references) - int(same))
        positions = np.zeros((len(rows), 0), dtype=np.int64)
        distances = np.zeros((len(rows), 0))
        relevant = np.zeros((len(rows), 0), dtype=bool)
        for chunk, far, kind in search.meet(rows):
            here = np.broadcast_to(search.order[chunk.start : chunk.stop], far.shape)
            distances = np.concatenate([distances, far], axis=1)
            positions = np.concatenate([positions, here], axis=1)
            relevant = np.concatenate([relevant, kind], axis=1)
            order = np.lexsort((positions, distances), axis=1)[:, :k]
            distances, positions, relevant = (
                np.take_along_axis(values, order, axis=1)
                for values in (distances, positions, relevant)
            )
        if similarity is Similarity.EUCLIDEAN:
            distances = np.sqrt(distances)
        return positions, distances, relevant

    return of


class _Search:
    """The references in chunks, with equal vectors next to each other.

    Attributes:
      order: the positions of the references in the order of the chunks, int64 [n].
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
        vector = equal_vectors(references.vectors)
        self.order: Positions = np.argsort(vector, kind="stable")
        firsts = np.flatnonzero(np.diff(vector[self.order], prepend=-1))
        self._near = Distances(
            queries.vectors, references.vectors, self.order[firsts], similarity, form.floats
        )
        values, counts = np.unique(references.keys.values, return_counts=True)
        self._matches = _summed(queries, values, counts)
        own = np.searchsorted(references.ids, queries.ids)
        present = own < len(references)
        present[present] = references.ids[own[present]] == queries.ids[present]
        self._own = np.full(len(queries), -1)
        if same:
            self._own[present] = np.argsort(self.order)[own[present]]
        self._top = min(max(least, int(self._matches.max(initial=0)), 1), max(len(references), 1))
        size = max(4 * self._top, _LEAST_CHUNK)
        self._runs = list(runs(references.keys.take(self.order), firsts, size))

    def statistics(self, start: int, stop: int, cuts: Mapping[str, Cut]) -> dict[str, F64]:
        """The statistics of the queries from `start` to `stop`, float64 [stop − start] each."""
        codes, matches = self._nearest(start, stop)
        with np.errstate(invalid="ignore", divide="ignore"):
            statistics = _statistics((codes & 1).astype(bool), matches, cuts)
        lost = np.flatnonzero((matches > 0) & np.isnan(statistics["mrr"]))
        if len(lost):
            statistics["mrr"][lost] = 1 / self._first(start + lost)
        return statistics

    def _nearest(self, start: int, stop: int) -> tuple[Codes, Positions]:
        """Sorted codes of the nearest references, [q, top], and R of each query, [q]."""
        widest = max((len(chunk) for run in self._runs for chunk in run.chunks), default=0)
        top, form = self._top, self._form
        buffer = np.full((stop - start, top + widest), form.last, dtype=form.codes)
        matches = np.zeros(stop - start, dtype=np.int64)
        for chunk, distances, relevant in self.meet(np.arange(start, stop)):
            end = top + len(chunk)
            matches += relevant.sum(axis=1)
            form.encode(distances, relevant, buffer[:, top:end])
            buffer[:, end:] = form.last
            buffer.sort(axis=1)
        return buffer[:, :top], matches

    def meet(self, rows: Positions) -> Iterator[tuple["Chunk", Floats, Bools]]:
        """Yields the chunks, with distances and relevance of their references, [q, len(chunk)].

        What is hidden from a query, and itself, is infinitely far away, and not relevant.

        Args:
          rows: positions of q queries, int64 [q].
        """
        owners, keys = self._queries.keys.take(rows).owners(0, len(rows))
        hidden = None
        if self._queries.hidden is not None:
            hidden = self._queries.hidden.take(rows).owners(0, len(rows))
        own = self._own[rows]
        for run in self._runs:
            far = self._near(rows, run.start, run.stop)
            for chunk in run.chunks:
                distances = far if len(chunk) == run.stop - run.start else far[:, chunk.vectors]
                relevant = np.zeros(distances.shape, dtype=bool)
                relevant[chunk.matching(owners, keys)] = True
                mine = np.flatnonzero((own >= chunk.start) & (own < chunk.stop))
                distances[mine, own[mine] - chunk.start] = np.inf
                relevant[mine, own[mine] - chunk.start] = False
                if hidden is not None:
                    left_out = chunk.matching(*hidden)
                    distances[left_out], relevant[left_out] = np.inf, False
                yield chunk, distances, relevant

    def _first(self, rows: Positions) -> F64:
        """Rank of the first relevant reference, [q], for queries without one among the nearest."""
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


def _summed(queries: Points, values: U64, counts: Positions) -> Positions:
    """Pairs of a key of a query and a reference with that key, by query, int64 [q]."""
    owners, keys = queries.keys.owners(0, len(queries))
    at = np.searchsorted(values, keys)
    present = at < len(values)
    present[present] = values[at[present]] == keys[present]
    return np.bincount(owners[present], counts[at[present]], len(queries)).astype(np.int64)


def _statistics(relevant: Bools, matches: Positions, cuts: Mapping[str, Cut]) -> dict[str, F64]:
    """Statistics of q queries, [q] each.

    Args:
      relevant: whether each of the nearest references is relevant, nearest first, bool [q, top].
      matches: R of each query, int64 [q].
      cuts: measures of the first k, by name.
    """
    ranks = np.arange(1, relevant.shape[1] + 1)
    hits = relevant & (ranks <= matches[:, None])
    precisions = np.cumsum(hits, axis=1, dtype=np.int32) / ranks
    none = np.where(matches > 0, 0.0, np.nan)
    first = np.where(relevant.any(axis=1), 1 + relevant.argmax(axis=1), np.nan)
    result = {
        "map_at_r": np.einsum("qt,qt->q", precisions, hits) / matches,
        "r_precision": hits.sum(axis=1) / matches,
        "mrr": 1 / first + none,
        "matches": matches.astype(np.float64),
    }
    discounts = 1 / np.log2(1 + ranks)
    ideal = np.cumsum(discounts)
    for name, (measure_of, k) in cuts.items():
        if measure_of == "precision":
            result[name] = relevant[:, :k].sum(axis=1) / k + none
        elif measure_of == "recall":
            result[name] = relevant[:, :k].any(axis=1) + none
        else:
            best = ideal[np.minimum(np.minimum(matches, k), len(ranks)) - 1]
            result[name] = relevant[:, :k] @ discounts[:k] / best + none
    return result
