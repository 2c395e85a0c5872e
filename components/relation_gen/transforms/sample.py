"""Plans the tuples of each shard's anchors."""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from components.common import shuffle_store
from components.relation_gen.batches import Edges, IndexShard, ListedNegatives, Tuples, join
from components.relation_gen.context import Context
from components.relation_gen.index.layout import Layout
from components.relation_gen.sampling.base import IndexContext, Plan, ShardRows, planner_of
from components.relation_gen.shuffle_keys import populated, population, shuffle_key, split_key
from components.relation_gen.transforms.deduplicate import Refs, counted
from components.relation_gen.tuples import route

TUPLE_ROWS, BY_KEY, BY_POSITION = "tuple_rows", "by_key", "by_position"
"""What is drawn: tuples by output shard; members by the partition of their key, or by the shard
that they lie in."""


class Sample(beam.DoFn):
    """(shard, Refs of what lies in it) → plans, for the steps that follow."""

    def __init__(self, context: Context) -> None:
        self._context, relation = context, context.relation
        integers = context.entities[relation.candidate].id.integer
        self._planner = planner_of(relation, integer_ids=integers)

    def process(self, element: Refs, layout: Layout) -> Iterator[Any]:
        """Plans the tuples of one shard."""
        key, refs = element
        name, number = split_key(key)
        split = populated(name)[1] or name  # Tuples that came as rows are of a split alone.
        positions, weights = layout.position_offsets[split], layout.weight_offsets[split]
        parts: dict[type, list[Any]] = {Edges: [], ListedNegatives: []}
        for part in shuffle_store.read(refs):
            parts.setdefault(type(part), []).append(part)
        listed = {
            kind: route.located(join(parts[kind]), positions, weights) if parts[kind] else None
            for kind in (Edges, ListedNegatives)
        }
        rows = ShardRows(
            index=next(iter(parts.get(IndexShard, ())), None),
            edges=listed[Edges],
            negatives=listed[ListedNegatives],
            tuples=next(iter(parts.get(Tuples, ())), None),
        )
        context = IndexContext(
            int(positions[number]),
            int(weights[number]),
            layout.candidates[split],
            layout.tables[split],
        )
        plans, negatives = self._planner.plan(rows, context)
        yield from counted(split, self._context.negatives_table, negatives)
        yield from self.emit(plans, split, layout)

    def emit(self, plans: Iterable[Plan], split: str, layout: Layout) -> Iterator[Any]:
        """Tuple rows to their output shards, members to where their entities are."""
        context, tag = self._context, beam.pvalue.TaggedOutput
        roles = [population(role.entity, split) for role in context.relation.tuples.roles]
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
