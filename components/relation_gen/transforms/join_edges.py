"""Joins edges with the entities that they name."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from components.common import hashing, shuffle_store
from components.relation_gen.batches import (
    STAR,
    Edges,
    Endpoints,
    join,
    take,
)
from components.relation_gen.context import Context, range_of
from components.relation_gen.shuffle_keys import COUNTS, population, routed
from components.relation_gen.stats import counters
from components.relation_gen.transforms.deduplicate import Refs


class JoinSource(beam.DoFn):
    """(block, Refs of Ends and Edges) → (block of the right end, Ref of Edges), left end found."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def process(self, element: Refs) -> Iterator[Any]:
        """Handles one block of left ends."""
        _, refs = element
        context, destination = self._context, self._context.relation.candidate
        ends, parts = _sorted_ends(refs)
        with shuffle_store.Writer(context.shuffle_folder) as out:
            for edges in parts:
                found, group, lost = _met(context, ends, edges, edges.source)
                yield from lost
                found = dataclasses.replace(found, group=group)
                yield from routed(
                    out, found, range_of(found.destination, context.partitions), destination
                )


class JoinDestination(beam.DoFn):
    """(block, Refs of Ends and Edges) → (cell of the right end, Ref of Edges of one split)."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def process(self, element: Refs) -> Iterator[Any]:
        """Handles one block of right ends."""
        _, refs = element
        context, destination = self._context, self._context.relation.candidate
        ends, parts = _sorted_ends(refs)
        with shuffle_store.Writer(context.shuffle_folder) as out:
            for edges in parts:
                found, group, lost = _met(context, ends, edges, edges.destination)
                yield from lost
                known = found.split.copy()
                free = np.flatnonzero(known == STAR)
                known[free] = context.split_of_edges(found.source[free], found.destination[free])
                shard = context.shard_of(destination, found.destination, group)
                found = dataclasses.replace(found, split=known)
                for code in np.unique(known).tolist():
                    mine = np.flatnonzero(known == code)
                    name = population(destination, context.splits[code])
                    yield from routed(out, take(found, mine), shard[mine], name)


def _sorted_ends(refs: Iterable[shuffle_store.Ref]) -> tuple[Endpoints | None, Iterator[Edges]]:
    """The ends of a block, sorted by key, and the parts of edges that name some, one by one."""
    refs = list(refs)
    found = list(shuffle_store.read(ref for ref in refs if ref.kind == shuffle_store.ENDPOINTS))
    edges = shuffle_store.read(ref for ref in refs if ref.kind != shuffle_store.ENDPOINTS)
    if not found:
        return None, edges
    ends = join(found)
    return take(ends, np.argsort(ends.key, kind="stable")), edges


def _met(
    context: Context, ends: Endpoints | None, edges: Edges, key: hashing.U64
) -> tuple[Edges, hashing.U64, list[Any]]:
    """Edges whose end of a key is there, with the split that they are of as far as it is known; the
    block of that end; and counts of the edges that are left out.

    An entity that is in two splits (which is an error, reported once all were counted) is met once.
    """
    if ends is None:
        nothing = np.zeros(0, dtype=np.intp)
        lost = list(_skipped(context, edges, "dangling_edge"))
        return take(edges, nothing), np.zeros(0, dtype=np.uint64), lost
    at = np.minimum(np.searchsorted(ends.key, key), len(ends.key) - 1)
    there = ends.key[at] == key
    lost = list(_skipped(context, take(edges, np.flatnonzero(~there)), "dangling_edge"))
    split, given = ends.split[at], edges.split
    crosses = there & (given != STAR) & (split != STAR) & (given != split)
    lost += _skipped(context, take(edges, np.flatnonzero(crosses)), "across_splits")
    rows = np.flatnonzero(there & ~crosses)
    known = np.where(split == STAR, given, split)[rows].astype(np.uint8)
    return dataclasses.replace(take(edges, rows), split=known), ends.group[at][rows], lost


def _skipped(context: Context, edges: Edges, reason: str) -> Iterator[Any]:
    """Counts edges that are left out, under no split."""
    if len(edges.source):
        some = range(min(len(edges.source), counters.SHOWN * 100))
        source, destination = list(edges.source_id), list(edges.destination_id)
        shown = [source[i] + b" -> " + destination[i] for i in some]
        where = (counters.UNASSIGNED, context.list_of(edges), counters.SKIPPED + reason)
        yield beam.pvalue.TaggedOutput(COUNTS, (where, counters.of(len(edges.source), shown)))
