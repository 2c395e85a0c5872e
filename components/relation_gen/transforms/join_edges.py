"""Join edges with the entities that they name, first their sources, then their destinations."""

import dataclasses
import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np

from components.common.columns import Index, Strings, join, take
from components.common.edge_splits import hashed_splits
from components.common.hashing import I64, U64
from components.common.shuffle_store import BatchRef, Writer
from components.relation_gen.batches import (
    STAR,
    Edges,
    Endpoints,
    FilteredEdges,
    ListedNegatives,
)
from components.relation_gen.context import Context
from components.relation_gen.sampling.edges import are_positive
from components.relation_gen.shuffle_keys import Element, Gathered, part_of, routed
from components.relation_gen.stats import counters
from relation.compiled import CompiledRelation
from relation.names import TRAIN

DANGLING, ACROSS_SPLITS = "dangling_edge", "across_splits"


class Joined(NamedTuple):
    """Edges joined with one of their endpoints.

    Attributes:
      edges: the matched edges, with their split where it is known.
      group: group of the matched endpoint, uint64 [m].
      dangling: edges whose endpoint is missing.
      crossing: edges between entities of two splits.
    """

    edges: Edges
    group: U64
    dangling: Edges
    crossing: Edges


def join_endpoints(endpoints: Endpoints, edges: Edges, key: U64) -> Joined:
    """Inner-join edges with the entities of a partition.

    An entity in two splits is matched once; that error is reported later.

    Args:
      endpoints: [n], sorted by key.
      edges: [e].
      key: key of the endpoint to look up for each edge, uint64 [e].
    """
    nobody = np.zeros(0, dtype=np.intp)
    if not len(endpoints.key):
        return Joined(take(edges, nobody), key[:0], edges, take(edges, nobody))
    at = np.minimum(np.searchsorted(endpoints.key, key), len(endpoints.key) - 1)
    matched = endpoints.key[at] == key
    split, own = endpoints.split[at], edges.split
    crosses = matched & (own != STAR) & (split != STAR) & (own != split)
    rows = np.flatnonzero(matched & ~crosses)
    resolved = np.where(split == STAR, own, split)[rows].astype(np.uint8)
    return Joined(
        dataclasses.replace(take(edges, rows), split=resolved),
        endpoints.group[at][rows],
        take(edges, np.flatnonzero(~matched)),
        take(edges, np.flatnonzero(crosses)),
    )


def _joined(
    context: Context, refs: Iterable[BatchRef], end: Callable[[Edges], U64]
) -> Iterator[tuple[Joined, list[Any]]]:
    """Join the edges of a partition, batch by batch, and count the dropped edges.

    Args:
      end: returns the keys of one endpoint of e edges, uint64 [e].
    """
    refs = list(refs)
    nothing = np.zeros(0, dtype=np.uint64)
    pieces = list(context.store.read_kind(Endpoints, refs))
    endpoints = join(pieces) if pieces else Endpoints(nothing, nothing.astype(np.uint8), nothing)
    endpoints = take(endpoints, np.argsort(endpoints.key, kind="stable"))
    for kind in (Edges, ListedNegatives):
        for edges in context.store.read_kind(kind, refs):
            joined = join_endpoints(endpoints, edges, end(edges))
            counts = [
                *_skipped(context, joined.dangling, DANGLING),
                *_skipped(context, joined.crossing, ACROSS_SPLITS),
            ]
            yield joined, counts


def positives_of_other_splits(
    edges: Edges, code: int, relation: CompiledRelation
) -> tuple[Index, FilteredEdges]:
    """The known positives of all splits but one.

    Args:
      edges: [e], of every split.
      code: index of the split.

    Returns:
      Their rows, intp [m]; the edges, without value, weight and the id of their source.
    """
    rows = np.flatnonzero((edges.split != code) & are_positive(edges, relation))
    chosen = take(edges, rows)
    count = len(rows)
    return rows, FilteredEdges(
        **{
            **vars(chosen),
            "split": np.full(count, code, dtype=np.uint8),
            "value": np.zeros(count, dtype=np.float32),
            "weight": np.zeros(0, dtype=np.float32),
            "source_id": Strings.of([]),
        }
    )


def _skipped(context: Context, edges: Edges, reason: str) -> Iterator[Any]:
    """Counts dropped edges, which have no split."""
    if len(edges.source):
        some = take(edges, np.arange(min(len(edges.source), counters.SHOWN * 100)))
        shown = [
            source + b" -> " + destination
            for source, destination in zip(some.source_id, some.destination_id, strict=True)
        ]
        where = (counters.UNASSIGNED, context.list_of(edges), counters.SKIPPED + reason)
        yield counters.tagged(where, counters.of(len(edges.source), shown))


@beam.typehints.with_output_types(Element)
@dataclass(eq=False)
class JoinSource(beam.DoFn):
    """Join edges with their sources: `Endpoints` and `Edges` of a partition → joined `Edges`, by
    the partition of their destination."""

    context: Context

    def process(self, element: Gathered) -> Iterator[Any]:
        _, refs = element
        context, destination = self.context, self.context.relation.candidate
        with context.store.writer() as out:
            for joined, counts in _joined(context, refs, operator.attrgetter("source")):
                yield from counts
                edges = dataclasses.replace(joined.edges, group=joined.group)
                index = part_of(edges.destination, context.partitions)
                yield from routed(out, edges, index, destination)


@beam.typehints.with_output_types(Element)
@dataclass(eq=False)
class JoinDestination(beam.DoFn):
    """Join edges with their destinations: `Endpoints` and `Edges` of a partition → joined `Edges`
    of one split, by the index shard of their destination."""

    context: Context

    def process(self, element: Gathered) -> Iterator[Any]:
        _, refs = element
        context, destination = self.context, self.context.relation.candidate
        with context.store.writer() as out:
            for joined, counts in _joined(context, refs, operator.attrgetter("destination")):
                yield from counts
                edges = joined.edges
                split = edges.split.copy()
                free = np.flatnonzero(split == STAR)
                split[free] = hashed_splits(
                    context.relation,
                    context.buckets,
                    edges.source[free],
                    edges.destination[free],
                )
                shard = context.shard_of(destination, edges.destination, joined.group)
                edges = dataclasses.replace(edges, split=split)
                for code in np.unique(split).tolist():
                    mine = np.flatnonzero(split == code)
                    home = context.splits[code]
                    yield from routed(out, take(edges, mine), shard[mine], destination, home)
                if context.relation.filtered and not isinstance(edges, ListedNegatives):
                    yield from self._filtered(out, edges, shard)

    def _filtered(self, out: Writer, edges: Edges, shard: I64) -> Iterator[Any]:
        """The positives of other splits to each split but training.

        Args:
          shard: index shard of the destination of each edge, int64 [e].
        """
        context = self.context
        for code, home in enumerate(context.splits):
            if home != TRAIN:
                rows, filtered = positives_of_other_splits(edges, code, context.relation)
                destination = context.relation.candidate
                yield from routed(out, filtered, shard[rows], destination, home)
