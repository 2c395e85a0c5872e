"""Draws the tuples of each cell's anchors."""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from components.relation_gen import spill, steps
from components.relation_gen.columns import F32, Cell, Edges, join, take
from components.relation_gen.job import Job
from components.relation_gen.joining import Refs, counted
from components.relation_gen.keys import U64
from components.relation_gen.layout import Layout
from components.relation_gen.places import place, placed, populated, population
from components.relation_gen.plan import alone, compose, edges, grades, labels
from components.relation_gen.plan.base import Line, Members, Plan
from relation import kinds

HEADS, KNOWN, PLACES = "heads", "known", "places"
"""What is drawn: tuples by shard; members by the block of their key, or by the cell they lie in."""


class _Draw(beam.DoFn):
    """Writes plans for the steps that follow."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def hand_on(self, plans: Iterable[Plan], split: str, layout: Layout) -> Iterator[Any]:
        """Heads to their shards, members to where their entities are."""
        job, tag = self._job, beam.pvalue.TaggedOutput
        roles = [population(role.entity, split) for role in job.request.tuples.roles]
        drawn_from = population(job.indexed or "", split)
        totals: dict[str, int] = {}
        with spill.Writer(job.spill) as out:
            for batch in steps.batches(plans, roles, totals):
                for shard, heads in steps.split_heads(batch.heads, layout.shards[split]):
                    yield tag(HEADS, (place(split, shard), out.add(heads)))
                for name, wanted in batch.known.items():
                    for block, part in steps.split_keys(wanted, job.blocks):
                        yield tag(KNOWN, (place(name, block), out.add(part)))
                lines = ((batch.places, layout.places), (batch.points, layout.masses))
                for members, ends in lines:
                    for cell, part in steps.split_places(members, ends[split]):
                        yield tag(PLACES, (place(drawn_from, cell), out.add(part)))
        yield from counted(split, "", totals)


class DrawBlocks(_Draw):
    """(cell, Ref of Cell) → plans of what blocks relate: labels, grades, tags, functions."""

    def process(self, element: tuple[str, spill.Ref], layout: Layout) -> Iterator[Any]:
        """Handles one cell."""
        key, ref = element
        (cell,) = spill.read([ref])
        name, number = placed(key)
        _, split = populated(name)
        yield from self.hand_on(self._plans(cell, split, number, layout), split, layout)

    def _plans(self, cell: Cell, split: str, number: int, layout: Layout) -> Iterator[Plan]:
        relation, job = self._job.request.relation, self._job
        begin = int(layout.places[split][number])
        if isinstance(relation, kinds.ScoredPairs):
            rows = layout.candidates[split].rows
            return alone.scored(cell, begin, rows, relation, job.request.tuples.width)
        if isinstance(relation, kinds.Tags):
            return alone.tagged(cell)
        weight = self._weight(cell)
        if isinstance(relation, kinds.RankedPairs):
            documents = grades.graded(cell, job.grade or 0)
            return grades.ranked(documents, relation, weight, query=job.query is not None)
        if isinstance(relation, kinds.Lists):
            documents = grades.graded(cell, job.grade or 0)
            return grades.listed(documents, relation, query=job.query is not None)
        assert not isinstance(relation, kinds.Rows)
        mass = int(layout.masses[split][number])
        cap = relation.sampling.caps.positives_per_entity
        labelled = labels.Labelled(
            cell, begin, mass, layout.candidates[split], layout.tables[split], weight, cap
        )
        return labels.plans(labelled, relation)

    def _weight(self, cell: Cell) -> F32:
        sampling = getattr(self._job.request.relation, "sampling", None)
        spec = self._job.entities[self._job.request.primary]
        column = spec.rows.number(getattr(sampling, "weight", None))
        return compose.NOTHING if column is None else cell.number(column).astype(np.float32)


class DrawEdges(_Draw):
    """(cell, Refs of Cell and Edges) → plans of what edges relate.

    The cell is there where anchors are candidates themselves.
    """

    def process(self, element: Refs, layout: Layout) -> Iterator[Any]:
        """Handles the anchors of one cell."""
        key, refs = element
        name, number = placed(key)
        _, split = populated(name)
        parts: dict[type, list[Any]] = {Cell: [], Edges: []}
        for part in spill.read(refs):
            parts[type(part)].append(part)
        if parts[Edges]:
            cell = parts[Cell][0] if parts[Cell] else None
            found = self._plans(join(parts[Edges]), cell, split, number, layout)
            yield from self.hand_on(found, split, layout)

    def _plans(
        self, found: Edges, cell: Cell | None, split: str, number: int, layout: Layout
    ) -> Iterator[Plan]:
        job, relation = self._job, self._job.request.relation
        assert isinstance(relation, kinds.Pairs | kinds.Triplets | kinds.NTuples)
        found = take(found, edges.order(found, job.seed))
        first = np.flatnonzero(np.r_[True, found.left[1:] != found.left[:-1]])
        key, bounds = found.left[first], np.r_[first, len(found.left)]
        weighted = len(found.mass) > 0
        found = steps.located(found, layout.places[split], layout.masses[split])
        own = None
        if cell is not None:
            begins = int(layout.places[split][number]), int(layout.masses[split][number])
            own = _own(cell, key, *begins)
        spec = job.entities[job.request.ends[1]]
        asked = job.request.edges
        setting = edges.Setting(
            relation,
            layout.candidates[split],
            weighted,
            job.request.tuples.width,
            asked is not None and asked.value is not None,
            spec.id.integer,
        )
        return edges.plans(edges.Anchors(key, bounds, found, own), setting)


def _own(cell: Cell, key: U64, place: int, mass: int) -> edges.Own:
    """Where anchors lie among the entities of a cell, which begins at `place` and `mass`."""
    order = np.argsort(cell.key, kind="stable")
    at = order[np.searchsorted(cell.key[order], key)]
    if not len(cell.mass):
        return edges.Own(at + place, np.ones_like(at), cell.start[at] + place, cell.end[at] + place)
    start, end = cell.mass[cell.start[at]] + mass, cell.mass[cell.end[at]] + mass
    return edges.Own(cell.mass[at] + mass, np.diff(cell.mass)[at], start, end)


class DrawRows(_Draw):
    """(block of tuples, Ref of Tuples) → plans of tuples that came as rows."""

    def process(self, element: tuple[str, spill.Ref], layout: Layout) -> Iterator[Any]:
        """Handles one block."""
        key, ref = element
        split, _ = placed(key)
        (found,) = spill.read([ref])
        roles = len(self._job.request.tuples.roles)
        member = found.member.reshape(-1, roles)
        plan = Plan(
            anchor=found.key,
            slot=np.zeros(len(found.key), dtype=np.uint32),
            members=tuple(Members(i, Line.KEY, member[:, i]) for i in range(roles)),
            relation=found.label,
            weight=compose.NOTHING,
            asked=len(found.key),
            shortfall={},
        )
        yield from self.hand_on([plan], split, layout)
