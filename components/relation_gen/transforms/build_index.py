"""Puts the entities of each cell in order, counts what they can make, and finds what edges name."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam
import numpy as np

from components.common import shuffle_store
from components.common.example_wire import split_joined
from components.common.hashing import U64, words
from components.relation_gen.batches import (
    CAPPED,
    F64,
    POSITIVE,
    Cell,
    Edges,
    Given,
    Indexed,
    Known,
    Queries,
    Strings,
    join,
    take,
)
from components.relation_gen.batches import Index as Rows
from components.relation_gen.context import Job, range_of
from components.relation_gen.index.layout import HEAVY, CellTotal
from components.relation_gen.index.shard import populate, weigh
from components.relation_gen.sampling import expected, plan
from components.relation_gen.shuffle_keys import COUNTS, placed, populated, population, routed
from components.relation_gen.stats import counters
from components.relation_gen.transforms.join_edges import Refs, counted
from relation import kinds
from relation.core.errors import DataError
from relation.sampling import Negatives, Sampling

DUPLICATE_EDGE, CONFLICTING_EDGE = "duplicate_edge", "conflicting_edge"
NO_QUERY = "no_query"


class Index(beam.DoFn):
    """(cell, Refs of Indexed, Known, Queries, Edges, Given) → (cell, Ref of Cell); CellTotal; and
    edges and given negatives, by their anchors.
    """

    TOTALS, EDGES = "totals", "edges"

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, element: Refs) -> Iterator[Any]:
        """Handles one cell."""
        key, refs = element
        job, (name, number) = self._job, placed(key)
        _, split = populated(name)
        parts: dict[type, list[Any]] = {
            kind: [] for kind in (Indexed, Known, Queries, Edges, Given)
        }
        for part in shuffle_store.read(refs):
            parts[type(part)].append(part)
        if not parts[Indexed]:
            yield from self._without_entities(split, parts)
            return
        indexed, known = join(parts[Indexed]), _labels(parts[Known], self._field())
        if job.query is not None:
            indexed, unknown = _of_known_query(indexed, parts[Queries])
            yield from counted(split, job.request.primary, {counters.NOTED + NO_QUERY: unknown})
        grade = job.grade
        cell = populate(indexed, job.seed, grade)
        if isinstance(job.request.relation.source, kinds.SameLabel) and not job.table:
            labels = int((cell.place == cell.start).sum())
            yield from counted(split, job.request.primary, {counters.LABELS: labels})
        edges: Edges | None = None
        given: Edges | None = None
        if parts[Edges]:
            edges, lost = self._merged(split, join(parts.pop(Edges)))
            yield from lost
        if parts[Given]:
            given, lost = self._merged(split, join(parts.pop(Given)))
            yield from lost
        cell = self._weighed(cell, edges)
        with shuffle_store.Writer(job.spill) as out:
            yield key, out.add(cell)
            for some in (edges, given):
                if some is not None:
                    yield from self._edges(out, split, number, cell, some)
        yield beam.pvalue.TaggedOutput(self.TOTALS, self._total(split, number, cell, known, edges))

    def _field(self) -> str:
        return self._job.entities[self._job.indexed or ""].block or ""

    def _weighed(self, cell: Cell, edges: Edges | None) -> Cell:
        sampling = getattr(self._job.request.relation, "sampling", None)
        if not isinstance(sampling, Sampling):
            return cell
        return weigh(cell, sampling.negatives, self._frequency(cell, edges, sampling.negatives))

    def _frequency(self, cell: Cell, edges: Edges | None, negatives: Negatives) -> F64 | None:
        if negatives.draw != "popularity":
            return None
        if negatives.feature is not None:
            column = self._job.entities[self._job.indexed or ""].rows.number(negatives.feature)
            assert column is not None
            return cell.number(column)
        count = np.zeros(len(cell.key))
        if edges is not None:
            np.add.at(count, _places(cell, edges.right), 1.0)
        return count

    def _edges(
        self, out: shuffle_store.Writer, split: str, number: int, cell: Cell, edges: Edges
    ) -> Iterator[Any]:
        """Hands edges on to their anchors, now that the places of their right ends are known."""
        job = self._job
        at = _places(cell, edges.right)
        nothing = np.zeros(0, dtype=np.int64)
        weighted = len(cell.mass) > 0
        edges = dataclasses.replace(
            edges,
            cell=np.full(len(at), number, dtype=np.int32),
            place=at,
            point=cell.mass[at] if weighted else nothing,
            mass=np.diff(cell.mass)[at] if weighted else nothing,
        )
        left, right = job.request.ends
        if left == right:
            index = job.cell_of(left, edges.left, edges.block)
        else:
            index = range_of(edges.left, job.cells)
        edges = dataclasses.replace(edges, split=edges.split[:0], block=edges.block[:0])
        for where, ref in routed(out, edges, index, population(right, split)):
            yield beam.pvalue.TaggedOutput(self.EDGES, (where, ref))
        if job.edges is not None and not isinstance(edges, Given):
            yield from counted(split, job.edge_input, {counters.USED: len(edges.left)})

    def _merged(self, split: str, edges: Edges) -> tuple[Edges, list[Any]]:
        """One edge for each two entities, unless repeated ones are kept; and counts of the rest."""
        job, source = self._job, self._job.request.relation.source
        lost = []
        is_list = isinstance(source, kinds.EdgeSource) and source.repeated == "merge"
        if is_list or isinstance(edges, Given):
            name = job.list_of(edges)
            kept, skipped = merged(edges)
            edges = take(self._bare(edges), kept)
            for reason, ids in skipped.items():
                if ids:
                    where = (split, name, counters.SKIPPED + reason)
                    lost.append(
                        beam.pvalue.TaggedOutput(COUNTS, (where, counters.of(len(ids), ids)))
                    )
        edges = self._bare(edges)
        sampling = getattr(job.request.relation, "sampling", None)
        cap = sampling.caps.positives_per_entity if isinstance(sampling, Sampling) else None
        return (edges if cap is None else _capped(edges, job.seed, cap)), lost

    def _bare(self, edges: Edges) -> Edges:
        """Edges without the ids that no step needs from here on."""
        sampling = getattr(self._job.request.relation, "sampling", None)
        told = isinstance(sampling, Sampling) and sampling.known_positives
        right = edges.right_id if told else Strings.of([])
        return dataclasses.replace(edges, left_id=Strings.of([]), right_id=right)

    def _without_entities(self, split: str, parts: dict[type, list[Any]]) -> Iterator[Any]:
        """Labels of blocks or queries alone: nothing is drawn there."""
        if parts[Edges] or parts[Given]:
            raise RuntimeError(f"split {split!r}: edges name entities that are not there")
        return iter(())

    def _total(
        self, split: str, number: int, cell: Cell, known: "_Known", edges: Edges | None
    ) -> CellTotal:
        job = self._job
        first = np.flatnonzero(cell.place == cell.start)
        blocks = []
        if job.table:
            for at in first.tolist():
                block = int(cell.block[at])
                group, labels = known[block]
                end = int(cell.end[at])
                weight = int(cell.mass[end] - cell.mass[at]) if len(cell.mass) else end - at
                begin = int(cell.mass[at]) if len(cell.mass) else at
                blocks.append((block, group, tuple(labels), at, end - at, begin, weight))
        shown = min((b" ".join(labels) for _, labels in known.values()), default=b"")
        return CellTotal(
            split=split,
            cell=number,
            rows=len(cell.key),
            mass=cell.weight,
            heavy=tuple(cell.heavy(HEAVY)),
            blocks=len(first) if known else 0,
            related=int((cell.end - cell.start > 1).sum()),
            label=counters.show(shown),
            expected=expected.tuples(job.request, cell, edges, job.grade),
            table=tuple(blocks),
        )


_Known = dict[int, tuple[int, list[bytes]]]


def _labels(parts: Sequence[Known], field: str) -> _Known:
    """Group and labels of each block by its hash.

    Raises:
      DataError: two sets of labels have one hash.
    """
    found: _Known = {}
    for part in parts:
        columns = (part.block.tolist(), part.group.tolist(), part.labels)
        for block, group, data in zip(*columns, strict=True):
            labels = split_joined(data)
            if found.setdefault(block, (group, labels))[1] != labels:
                both = " and ".join(counters.show(b" ".join(x)) for x in (found[block][1], labels))
                raise DataError(
                    f"feature {field!r}: the values {both} have the same 64-bit hash: rename one"
                )
    return found


def _of_known_query(indexed: Indexed, queries: Sequence[Queries]) -> tuple[Indexed, int]:
    """The documents whose query is there, and how many are not."""
    known = np.concatenate([part.key for part in queries]) if queries else indexed.key[:0]
    rows = np.flatnonzero(np.isin(indexed.block, known))
    return take(indexed, rows), len(indexed.key) - len(rows)


def _places(cell: Cell, key: U64) -> np.ndarray[Any, Any]:
    order = np.argsort(cell.key, kind="stable")
    return order[np.searchsorted(cell.key[order], key)]


def merged(edges: Edges) -> tuple[Rows, dict[str, list[bytes]]]:
    """The rows of one edge for each two entities, and what was left out, by reason.

    Of edges that differ the one with the smallest value is used.
    """
    value = edges.value.reshape(len(edges.left), -1)
    columns = [edges.weight] if len(edges.weight) else []
    order = np.lexsort((*columns, *value.T[::-1], edges.left, edges.right))
    left, right, value = edges.left[order], edges.right[order], value[order]
    same = np.r_[False, (left[1:] == left[:-1]) & (right[1:] == right[:-1])][: len(order)]
    first = np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))
    differs = same & (value != value[first]).any(axis=1)
    skipped = {}
    for reason, rows in ((DUPLICATE_EDGE, same & ~differs), (CONFLICTING_EDGE, differs)):
        lost = take(edges, order[rows])
        pairs = zip(lost.left_id, lost.right_id, strict=True)
        skipped[reason] = [left_id + b" -> " + right_id for left_id, right_id in pairs]
    return order[~same], skipped


def _capped(edges: Edges, seed: int, cap: int) -> Edges:
    """Lets an entity serve as a positive of at most `cap` edges: the first by a hash."""
    rows = np.flatnonzero(edges.positive == POSITIVE)
    left, right = edges.left[rows], edges.right[rows]
    turn = words(seed, plan.CUTS, left, right)
    order = np.lexsort((left, turn, right))
    ordered = right[order]
    nth = np.arange(len(rows)) - np.searchsorted(ordered, ordered)
    positive = edges.positive.copy()
    positive[rows[order[nth >= cap]]] = CAPPED
    return dataclasses.replace(edges, positive=positive)
