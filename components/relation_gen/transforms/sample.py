"""Draws the tuples of each cell's anchors."""

import dataclasses
import functools
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from components.common import shuffle_store
from components.common.hashing import U64
from components.relation_gen.batches import F32, Edges, IndexShard, ListedNegatives, join, take
from components.relation_gen.context import Context
from components.relation_gen.index.layout import Layout
from components.relation_gen.sampling import (
    compose,
    edges,
    groups,
    listed_negatives,
    ranking,
    scored_pairs,
)
from components.relation_gen.sampling.plan import AddressSpace, Members, Plan
from components.relation_gen.shuffle_keys import populated, population, shuffle_key, split_key
from components.relation_gen.stats import counters
from components.relation_gen.transforms.deduplicate import Refs, counted
from components.relation_gen.tuples import route
from relation import kinds

TUPLE_ROWS, BY_KEY, BY_POSITION = "tuple_rows", "by_key", "by_position"
"""What is drawn: tuples by shard; members by the block of their key, or by the cell they lie in."""


class _Draw(beam.DoFn):
    """Writes plans for the steps that follow."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def emit(self, plans: Iterable[Plan], split: str, layout: Layout) -> Iterator[Any]:
        """Heads to their shards, members to where their entities are."""
        context, tag = self._context, beam.pvalue.TaggedOutput
        roles = [population(role.entity, split) for role in context.request.tuples.roles]
        drawn_from = population(context.indexed or "", split)
        totals: dict[str, int] = {}
        with shuffle_store.Writer(context.shuffle_folder) as out:
            for batch in route.batches(plans, roles, totals, context.sizes.members):
                for output_shard, tuple_rows in route.split_tuple_rows(
                    batch.tuple_rows, layout.output_shards[split]
                ):
                    yield tag(TUPLE_ROWS, (shuffle_key(split, output_shard), out.add(tuple_rows)))
                for name, keyed in batch.by_key.items():
                    for partition, part in route.split_by_key(keyed, context.partitions):
                        yield tag(BY_KEY, (shuffle_key(name, partition), out.add(part)))
                spaces = (
                    (batch.by_position, layout.position_offsets),
                    (batch.by_weight, layout.weight_offsets),
                )
                for requests, offsets in spaces:
                    for shard, part in route.split_by_position(requests, offsets[split]):
                        yield tag(BY_POSITION, (shuffle_key(drawn_from, shard), out.add(part)))
        yield from counted(split, "", totals)

    def listed_negatives(
        self,
        found: list[ListedNegatives],
        key: U64,
        related: listed_negatives.Related,
        split: str,
        layout: Layout,
    ) -> tuple[listed_negatives.Listed | None, Iterator[Any]]:
        """The negatives that a list names for anchors of some keys, if one does; and counts."""
        context = self._context
        if context.listed_negatives is None:
            return None, iter(())
        found = [
            route.located(part, layout.position_offsets[split], layout.weight_offsets[split])
            for part in found
        ]
        listed, counts = listed_negatives.choose(found, key, related, context.seed)
        return listed, counted(split, context.request.given_input or "", counts)


class DrawGroups(_Draw):
    """(cell, Refs of Cell and Given) → plans of what blocks relate: labels, grades, functions."""

    def process(self, element: Refs, layout: Layout) -> Iterator[Any]:
        """Handles one cell."""
        key, refs = element
        name, number = split_key(key)
        _, split = populated(name)
        parts = _parts(refs)
        (shard,), relation = parts[IndexShard], self._context.request.relation
        if isinstance(relation, kinds.Pairs | kinds.Triplets | kinds.NTuples):
            labelled = self._labelled(shard, relation, split, number, layout)
            related = labelled.are_related
            found, counts = self.listed_negatives(
                parts[ListedNegatives], shard.key, related, split, layout
            )
            yield from counts
            plans = groups.plans(dataclasses.replace(labelled, listed=found), relation)
        else:
            plans = self._plans(shard, int(layout.position_offsets[split][number]), split, layout)
        yield from self.emit(plans, split, layout)

    def _labelled(
        self, shard: IndexShard, relation: groups.Asked, split: str, number: int, layout: Layout
    ) -> groups.Labelled:
        return groups.Labelled(
            shard,
            int(layout.position_offsets[split][number]),
            int(layout.weight_offsets[split][number]),
            layout.candidates[split],
            layout.tables[split],
            self._weight(shard),
            relation.sampling.caps.positives_per_entity,
        )

    def _plans(self, shard: IndexShard, begin: int, split: str, layout: Layout) -> Iterator[Plan]:
        relation, context = self._context.request.relation, self._context
        if isinstance(relation, kinds.ScoredPairs):
            rows = layout.candidates[split].rows
            return scored_pairs.scored(shard, begin, rows, relation, context.request.tuples.width)
        if isinstance(relation, kinds.Tags):
            return scored_pairs.tagged(shard)
        documents, query = ranking.graded(shard, context.grade or 0), context.query is not None
        if isinstance(relation, kinds.RankedPairs):
            return ranking.ranked(documents, relation, self._weight(shard), query=query)
        assert isinstance(relation, kinds.Lists)
        return ranking.listed(documents, relation, query=query)

    def _weight(self, shard: IndexShard) -> F32:
        sampling = getattr(self._context.request.relation, "sampling", None)
        spec = self._context.entities[self._context.request.primary]
        column = spec.rows.number(getattr(sampling, "weight", None))
        return compose.NOTHING if column is None else shard.number(column).astype(np.float32)


class DrawEdges(_Draw):
    """(cell, Refs of Cell, Edges and Given) → plans of what edges relate.

    The cell is there where anchors are candidates themselves.
    """

    def process(self, element: Refs, layout: Layout) -> Iterator[Any]:
        """Handles the anchors of one cell."""
        key, refs = element
        name, number = split_key(key)
        _, split = populated(name)
        parts = _parts(refs)
        if not parts[Edges]:
            lost = sum(len(part.source) for part in parts[ListedNegatives])
            name = self._context.request.given_input or ""
            yield from counted(split, name, {counters.SKIPPED + listed_negatives.NO_ANCHOR: lost})
            return
        found = join(parts.pop(Edges))
        found = take(found, edges.order(found, self._context.seed))
        found = route.located(found, layout.position_offsets[split], layout.weight_offsets[split])
        first = np.flatnonzero(np.r_[True, found.source[1:] != found.source[:-1]])
        anchors = edges.Anchors(found.source[first], np.r_[first, len(found.source)], found, None)
        if parts[IndexShard]:
            begins = (
                int(layout.position_offsets[split][number]),
                int(layout.weight_offsets[split][number]),
            )
            anchors = anchors._replace(own=_own(parts[IndexShard][0], anchors.key, *begins))
        setting = self._setting(split, layout)
        known = functools.partial(edges.are_known, anchors, setting)
        listed, counts = self.listed_negatives(
            parts[ListedNegatives], anchors.key, known, split, layout
        )
        yield from counts
        plans = edges.plans(anchors._replace(listed=listed), setting)
        yield from self.emit(plans, split, layout)

    def _setting(self, split: str, layout: Layout) -> edges.Setting:
        context, relation = self._context, self._context.request.relation
        assert isinstance(relation, kinds.Pairs | kinds.Triplets | kinds.NTuples)
        asked, candidates = context.request.edges, layout.candidates[split]
        return edges.Setting(
            relation,
            candidates,
            relation.sampling.negatives.weighted,
            context.request.tuples.width,
            asked is not None and asked.value is not None,
            context.entities[context.request.ends[1]].id.integer,
        )


def _parts(refs: Iterable[shuffle_store.Ref]) -> dict[type, list[Any]]:
    """What anchors of a cell are drawn from, by type."""
    parts: dict[type, list[Any]] = {IndexShard: [], Edges: [], ListedNegatives: []}
    for part in shuffle_store.read(refs):
        parts[type(part)].append(part)
    return parts


def _own(shard: IndexShard, key: U64, position: int, weight_offset: int) -> edges.Own:
    """Where anchors lie among the entities of a cell, which begins at `position` and
    `weight_offset`."""
    order = np.argsort(shard.key, kind="stable")
    at = order[np.searchsorted(shard.key[order], key)]
    if not len(shard.cumulative_weight):
        return edges.Own(
            at + position,
            np.ones_like(at),
            shard.start[at] + position,
            shard.end[at] + position,
        )
    start, end = (
        shard.cumulative_weight[shard.start[at]] + weight_offset,
        shard.cumulative_weight[shard.end[at]] + weight_offset,
    )
    return edges.Own(
        shard.cumulative_weight[at] + weight_offset,
        np.diff(shard.cumulative_weight)[at],
        start,
        end,
    )


class DrawInlineTuples(_Draw):
    """(block of tuples, Ref of Tuples) → plans of tuples that came as rows."""

    def process(self, element: tuple[str, shuffle_store.Ref], layout: Layout) -> Iterator[Any]:
        """Handles one block."""
        key, ref = element
        split, _ = split_key(key)
        (found,) = shuffle_store.read([ref])
        roles = len(self._context.request.tuples.roles)
        member = found.member.reshape(-1, roles)
        plan = Plan(
            anchor=found.key,
            slot=np.zeros(len(found.key), dtype=np.uint32),
            members=tuple(Members(i, AddressSpace.KEY, member[:, i]) for i in range(roles)),
            relation=found.label,
            weight=compose.NOTHING,
            asked=len(found.key),
            shortfall={},
        )
        yield from self.emit([plan], split, layout)
