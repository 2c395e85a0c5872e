"""Draws the tuples of each cell's anchors."""

import dataclasses
import functools
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from components.common import shuffle_store
from components.common.hashing import U64
from components.relation_gen.batches import F32, Cell, Edges, Given, join, take
from components.relation_gen.context import Job
from components.relation_gen.index.layout import Layout
from components.relation_gen.sampling import compose, edges, groups, ranking, scored_pairs
from components.relation_gen.sampling import listed_negatives as given
from components.relation_gen.sampling.plan import Line, Members, Plan
from components.relation_gen.shuffle_keys import place, placed, populated, population
from components.relation_gen.stats import counters
from components.relation_gen.transforms.join_edges import Refs, counted
from components.relation_gen.tuples import route
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
        with shuffle_store.Writer(job.spill) as out:
            for batch in route.batches(plans, roles, totals, job.sizes.members):
                for shard, heads in route.split_heads(batch.heads, layout.shards[split]):
                    yield tag(HEADS, (place(split, shard), out.add(heads)))
                for name, wanted in batch.known.items():
                    for block, part in route.split_keys(wanted, job.blocks):
                        yield tag(KNOWN, (place(name, block), out.add(part)))
                lines = ((batch.places, layout.places), (batch.points, layout.masses))
                for members, ends in lines:
                    for cell, part in route.split_places(members, ends[split]):
                        yield tag(PLACES, (place(drawn_from, cell), out.add(part)))
        yield from counted(split, "", totals)

    def given(
        self, found: list[Given], key: U64, related: given.Related, split: str, layout: Layout
    ) -> tuple[given.Listed | None, Iterator[Any]]:
        """The negatives that a list names for anchors of some keys, if one does; and counts."""
        job = self._job
        if job.given is None:
            return None, iter(())
        found = [route.located(part, layout.places[split], layout.masses[split]) for part in found]
        listed, counts = given.choose(found, key, related, job.seed)
        return listed, counted(split, job.request.given_input or "", counts)


class DrawBlocks(_Draw):
    """(cell, Refs of Cell and Given) → plans of what blocks relate: labels, grades, functions."""

    def process(self, element: Refs, layout: Layout) -> Iterator[Any]:
        """Handles one cell."""
        key, refs = element
        name, number = placed(key)
        _, split = populated(name)
        parts = _parts(refs)
        (cell,), relation = parts[Cell], self._job.request.relation
        if isinstance(relation, kinds.Pairs | kinds.Triplets | kinds.NTuples):
            labelled = self._labelled(cell, relation, split, number, layout)
            related = labelled.are_related
            found, counts = self.given(parts[Given], cell.key, related, split, layout)
            yield from counts
            plans = groups.plans(dataclasses.replace(labelled, given=found), relation)
        else:
            plans = self._plans(cell, int(layout.places[split][number]), split, layout)
        yield from self.hand_on(plans, split, layout)

    def _labelled(
        self, cell: Cell, relation: groups.Asked, split: str, number: int, layout: Layout
    ) -> groups.Labelled:
        return groups.Labelled(
            cell,
            int(layout.places[split][number]),
            int(layout.masses[split][number]),
            layout.candidates[split],
            layout.tables[split],
            self._weight(cell),
            relation.sampling.caps.positives_per_entity,
        )

    def _plans(self, cell: Cell, begin: int, split: str, layout: Layout) -> Iterator[Plan]:
        relation, job = self._job.request.relation, self._job
        if isinstance(relation, kinds.ScoredPairs):
            rows = layout.candidates[split].rows
            return scored_pairs.scored(cell, begin, rows, relation, job.request.tuples.width)
        if isinstance(relation, kinds.Tags):
            return scored_pairs.tagged(cell)
        documents, query = ranking.graded(cell, job.grade or 0), job.query is not None
        if isinstance(relation, kinds.RankedPairs):
            return ranking.ranked(documents, relation, self._weight(cell), query=query)
        assert isinstance(relation, kinds.Lists)
        return ranking.listed(documents, relation, query=query)

    def _weight(self, cell: Cell) -> F32:
        sampling = getattr(self._job.request.relation, "sampling", None)
        spec = self._job.entities[self._job.request.primary]
        column = spec.rows.number(getattr(sampling, "weight", None))
        return compose.NOTHING if column is None else cell.number(column).astype(np.float32)


class DrawEdges(_Draw):
    """(cell, Refs of Cell, Edges and Given) → plans of what edges relate.

    The cell is there where anchors are candidates themselves.
    """

    def process(self, element: Refs, layout: Layout) -> Iterator[Any]:
        """Handles the anchors of one cell."""
        key, refs = element
        name, number = placed(key)
        _, split = populated(name)
        parts = _parts(refs)
        if not parts[Edges]:
            lost = sum(len(part.left) for part in parts[Given])
            name = self._job.request.given_input or ""
            yield from counted(split, name, {counters.SKIPPED + given.NO_ANCHOR: lost})
            return
        found = join(parts.pop(Edges))
        found = take(found, edges.order(found, self._job.seed))
        found = route.located(found, layout.places[split], layout.masses[split])
        first = np.flatnonzero(np.r_[True, found.left[1:] != found.left[:-1]])
        anchors = edges.Anchors(found.left[first], np.r_[first, len(found.left)], found, None)
        if parts[Cell]:
            begins = int(layout.places[split][number]), int(layout.masses[split][number])
            anchors = anchors._replace(own=_own(parts[Cell][0], anchors.key, *begins))
        setting = self._setting(split, layout)
        known = functools.partial(edges.are_known, anchors, setting)
        listed, counts = self.given(parts[Given], anchors.key, known, split, layout)
        yield from counts
        plans = edges.plans(anchors._replace(given=listed), setting)
        yield from self.hand_on(plans, split, layout)

    def _setting(self, split: str, layout: Layout) -> edges.Setting:
        job, relation = self._job, self._job.request.relation
        assert isinstance(relation, kinds.Pairs | kinds.Triplets | kinds.NTuples)
        asked, candidates = job.request.edges, layout.candidates[split]
        return edges.Setting(
            relation,
            candidates,
            relation.sampling.negatives.weighted,
            job.request.tuples.width,
            asked is not None and asked.value is not None,
            job.entities[job.request.ends[1]].id.integer,
        )


def _parts(refs: Iterable[shuffle_store.Ref]) -> dict[type, list[Any]]:
    """What anchors of a cell are drawn from, by type."""
    parts: dict[type, list[Any]] = {Cell: [], Edges: [], Given: []}
    for part in shuffle_store.read(refs):
        parts[type(part)].append(part)
    return parts


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

    def process(self, element: tuple[str, shuffle_store.Ref], layout: Layout) -> Iterator[Any]:
        """Handles one block."""
        key, ref = element
        split, _ = placed(key)
        (found,) = shuffle_store.read([ref])
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
