"""Draw the tuples of each index shard's anchors."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import apache_beam as beam

from components.common.columns import join
from components.relation_gen.batches import (
    Edges,
    FilteredEdges,
    IndexShard,
    ListedNegatives,
    Tuples,
)
from components.relation_gen.context import Context
from components.relation_gen.index.side_inputs import Layout
from components.relation_gen.sampling.base import IndexContext, Plan, ShardRows, planner_of
from components.relation_gen.shuffle_keys import Element, Gathered, ShuffleKey, part_of, routed
from components.relation_gen.stats import counters
from components.relation_gen.tuples import route

E = TypeVar("E", bound=Edges)
TUPLE_ROWS, BY_KEY, BY_POSITION = "tuple_rows", "by_key", "by_position"
"""Tags: tuples, by output shard; requests of members by key, by partition; requests of members by
position or weight, by index shard."""


@beam.typehints.with_output_types(Element)
@dataclass(eq=False)
class Sample(beam.DoFn):
    """Draw tuples: the content of an index shard → `TupleRows` and `MemberRequests`."""

    context: Context

    def setup(self) -> None:
        """Makes the planner of the relation's structure."""
        relation = self.context.relation
        integers = self.context.entities[relation.candidate].id.integer
        self._planner = planner_of(relation, integer_ids=integers)

    def process(self, element: Gathered, layout: Layout) -> Iterator[Any]:
        (_, split, number), refs = element
        store, refs = self.context.store, list(refs)
        positions, weights = layout.position_offsets[split], layout.weight_offsets[split]

        def located(kind: type[E]) -> E | None:
            batches = list(store.read_kind(kind, refs))
            return route.located(join(batches), positions, weights) if batches else None

        rows = ShardRows(
            index=next(store.read_kind(IndexShard, refs), None),
            edges=located(Edges),
            negatives=located(ListedNegatives),
            filtered=located(FilteredEdges),
            tuples=next(store.read_kind(Tuples, refs), None),
        )
        context = IndexContext(
            int(positions[number]),
            int(weights[number]),
            layout.candidates[split],
            layout.tables[split],
        )
        plans, negatives = self._planner.plan(rows, context)
        yield from counters.counted(split, self.context.negatives_table, negatives)
        yield from self._emit(plans, split, layout)

    def _emit(self, plans: Iterable[Plan], split: str, layout: Layout) -> Iterator[Any]:
        """Emit tuples to their output shards, and requests to the partitions or shards of
        entities."""
        context, tag = self.context, beam.pvalue.TaggedOutput
        roles = [role.entity for role in context.relation.tuples.roles]
        indexed = context.indexed or ""
        totals: dict[str, int] = {}
        with context.store.writer() as out:
            for batch in route.batches(plans, roles, totals, context.sizes.members):
                for number, rows in route.split_tuple_rows(
                    batch.tuple_rows, layout.output_shards[split]
                ):
                    yield tag(TUPLE_ROWS, (ShuffleKey("", split, number), out.add(rows)))
                for entity, requests in batch.by_key.items():
                    index = part_of(requests.entity, context.partitions)
                    for element in routed(out, requests, index, entity, split):
                        yield tag(BY_KEY, element)
                for located, offsets in (
                    (batch.by_position, layout.position_offsets[split]),
                    (batch.by_weight, layout.weight_offsets[split]),
                ):
                    if located is not None:
                        index = route.shard_at(located, offsets)
                        for element in routed(out, located, index, indexed, split):
                            yield tag(BY_POSITION, element)
        yield from counters.counted(split, "", totals)
