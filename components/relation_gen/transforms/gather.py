"""Brings the bytes of entities to the tuples that want them."""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from components.common import shuffle_store
from components.common.example_wire import Rekey
from components.relation_gen.batches import Entities, IndexShard, MemberRequests, join
from components.relation_gen.context import Context
from components.relation_gen.index.layout import Layout
from components.relation_gen.shuffle_keys import populated, shuffle_key, split_key
from components.relation_gen.transforms.deduplicate import Refs
from components.relation_gen.tuples import route
from relation.names import ENTITIES, RELATION, TRAIN


def bunches(parts: Iterable[MemberRequests], members: int) -> Iterator[MemberRequests]:
    """Joins parts until about so many members are together: none grows with a popular entity."""
    some: list[MemberRequests] = []
    size = 0
    for part in parts:
        some.append(part)
        size += len(part.anchor)
        if size >= members:
            yield join(some)
            some, size = [], 0
    if some:
        yield join(some)


class Resolve(beam.DoFn):
    """(cell, Refs of Cell and Wanted) → (block, Ref of Wanted): places become entity keys."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def process(self, element: Refs, layout: Layout) -> Iterator[Any]:
        """Handles one cell."""
        key, refs = element
        context, (name, number) = self._context, split_key(key)
        _, split = populated(name)
        begin, weight_offset = (
            int(layout.position_offsets[split][number]),
            int(layout.weight_offsets[split][number]),
        )
        parts = shuffle_store.read(refs)  # The cell comes first.
        shard: IndexShard = next(parts)
        with shuffle_store.Writer(context.shuffle_folder) as out:
            resolved = (route.resolve(part, shard, begin, weight_offset) for part in parts)
            for known in bunches(resolved, context.sizes.members):
                for partition, members in route.split_by_key(known, context.partitions):
                    yield shuffle_key(name, partition), out.add(members)


class Gather(beam.DoFn):
    """(block, Refs of Entities and Wanted) → (shard, Ref of Members); also the `entities` split."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def setup(self) -> None:
        """Prepares the names that each role gives to features."""
        context = self._context
        own = (RELATION,) if context.relation.structure == "tags" else ()
        self._rekeys = [
            Rekey(role.name, spec.rows.names, spec.id.name, own)
            for role in context.relation.tuples.roles
            for spec in [context.entities[role.entity]]
        ]

    def process(self, element: Refs, layout: Layout) -> Iterator[Any]:
        """Handles one block."""
        key, refs = element
        name, _ = split_key(key)
        entity, split = populated(name)
        context = self._context
        parts = shuffle_store.read(refs)  # The entities come first.
        entities: Entities = next(parts)
        with shuffle_store.Writer(context.shuffle_folder) as out:
            for requests in bunches(parts, context.sizes.members):
                yield from self._gather(out, split, entities, requests, layout)
            if split == TRAIN:
                yield from self._all(out, entity, entities, layout)

    def _all(
        self, out: shuffle_store.Writer, entity: str, entities: Entities, layout: Layout
    ) -> Iterator[Any]:
        """Each entity once, for the `entities` split."""
        roles = [role.entity for role in self._context.relation.tuples.roles]
        if entity in roles:
            tuple_rows, everything = route.all_members(entities, roles.index(entity))
            for output_shard, part in route.split_tuple_rows(
                tuple_rows, layout.output_shards[ENTITIES]
            ):
                yield shuffle_key(ENTITIES, output_shard), out.add(part)
            yield from self._gather(out, ENTITIES, entities, everything, layout)

    def _gather(
        self,
        out: shuffle_store.Writer,
        output: str,
        entities: Entities,
        requests: MemberRequests,
        layout: Layout,
    ) -> Iterator[Any]:
        output_shards = layout.output_shards[output]
        for output_shard, members in route.gather(entities, requests, self._rekeys, output_shards):
            yield shuffle_key(output, output_shard), out.add(members)
