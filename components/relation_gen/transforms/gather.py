"""Bring the bytes of entities to the tuples that request them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from components.common.columns import join
from components.common.example_wire import Rekey
from components.common.shuffle_store import Writer
from components.relation_gen.batches import (
    Entities,
    IndexShard,
    MemberRequests,
    MemberRequestsByWeight,
)
from components.relation_gen.context import Context
from components.relation_gen.index.side_inputs import Layout
from components.relation_gen.shuffle_keys import Element, Gathered, ShuffleKey, part_of, split
from components.relation_gen.tuples import route
from relation.names import ENTITIES, RELATION, TRAIN


def bunches(batches: Iterable[MemberRequests], members: int) -> Iterator[MemberRequests]:
    """Joins requests to batches of about `members`, so that no batch grows with a popular
    entity."""
    some: list[MemberRequests] = []
    size = 0
    for batch in batches:
        some.append(batch)
        size += len(batch.anchor)
        if size >= members:
            yield join(some)
            some, size = [], 0
    if some:
        yield join(some)


@beam.typehints.with_output_types(Element)
@dataclass(eq=False)
class Resolve(beam.DoFn):
    """Look up the entity at each requested position: an `IndexShard` and `MemberRequests` by
    position or weight → `MemberRequests` by key, by partition."""

    context: Context

    def process(self, element: Gathered, layout: Layout) -> Iterator[Any]:
        (entity, home, number), refs = element
        context, refs = self.context, list(refs)
        begin = int(layout.position_offsets[home][number])
        weight_offset = int(layout.weight_offsets[home][number])
        shard: IndexShard = next(context.store.read_kind(IndexShard, refs))
        with context.store.writer() as out:
            resolved = (
                route.resolve(requests, shard, begin, weight_offset)
                for kind in (MemberRequests, MemberRequestsByWeight)
                for requests in context.store.read_kind(kind, refs)
            )
            for requests in bunches(resolved, context.sizes.members):
                index = part_of(requests.entity, context.partitions)
                for partition, part in split(requests, index, context.partitions):
                    yield ShuffleKey(entity, home, partition), out.add(part)


@beam.typehints.with_output_types(Element)
@dataclass(eq=False)
class Gather(beam.DoFn):
    """Copy the bytes of entities: `Entities` and `MemberRequests` by key → `GatheredMembers`, by
    output shard; and the tuples of the `entities` split, each training entity alone."""

    context: Context

    def setup(self) -> None:
        """Prepares the names that each role gives to features."""
        context = self.context
        own = (RELATION,) if context.relation.structure == "tags" else ()
        self._rekeys = [
            Rekey(role.name, spec.rows.names, spec.id.name, own)
            for role in context.relation.tuples.roles
            for spec in [context.entities[role.entity]]
        ]

    def process(self, element: Gathered, layout: Layout) -> Iterator[Any]:
        (entity, home, _), refs = element
        context = self.context
        batches = context.store.read(refs)  # Entities come before requests.
        entities: Entities = next(batches)
        with context.store.writer() as out:
            for requests in bunches(batches, context.sizes.members):
                yield from self._gather(out, home, entities, requests, layout)
            if home == TRAIN:
                yield from self._alone(out, entity, entities, layout)

    def _alone(
        self, out: Writer, entity: str, entities: Entities, layout: Layout
    ) -> Iterator[Element]:
        """Emit each entity once, for the `entities` split."""
        roles = [role.entity for role in self.context.relation.tuples.roles]
        if entity in roles:
            tuple_rows, requests = route.entity_tuples(entities, roles.index(entity))
            shards = layout.output_shards[ENTITIES]
            for number, part in route.split_tuple_rows(tuple_rows, shards):
                yield ShuffleKey("", ENTITIES, number), out.add(part)
            yield from self._gather(out, ENTITIES, entities, requests, layout)

    def _gather(
        self,
        out: Writer,
        output: str,
        entities: Entities,
        requests: MemberRequests,
        layout: Layout,
    ) -> Iterator[Element]:
        shards = layout.output_shards[output]
        for number, members in route.gather(entities, requests, self._rekeys, shards):
            yield ShuffleKey("", output, number), out.add(members)
