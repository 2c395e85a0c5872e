"""Brings the bytes of entities to the tuples that want them."""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from components.common import shuffle_store
from components.common.example_wire import Rekey
from components.relation_gen.batches import Cell, Entities, Wanted, join
from components.relation_gen.context import Job
from components.relation_gen.index.layout import Layout
from components.relation_gen.shuffle_keys import place, placed, populated
from components.relation_gen.transforms.join_edges import Refs
from components.relation_gen.tuples import route
from relation import kinds
from relation.names import ENTITIES, RELATION, TRAIN


def bunches(parts: Iterable[Wanted], members: int) -> Iterator[Wanted]:
    """Joins parts until about so many members are together: none grows with a popular entity."""
    some: list[Wanted] = []
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

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, element: Refs, layout: Layout) -> Iterator[Any]:
        """Handles one cell."""
        key, refs = element
        job, (name, number) = self._job, placed(key)
        _, split = populated(name)
        begin, mass = int(layout.places[split][number]), int(layout.masses[split][number])
        parts = shuffle_store.read(refs)  # The cell comes first.
        cell: Cell = next(parts)
        with shuffle_store.Writer(job.spill) as out:
            resolved = (route.resolve(part, cell, begin, mass) for part in parts)
            for known in bunches(resolved, job.sizes.members):
                for block, members in route.split_keys(known, job.blocks):
                    yield place(name, block), out.add(members)


class Gather(beam.DoFn):
    """(block, Refs of Entities and Wanted) → (shard, Ref of Members); also the `entities` split."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def setup(self) -> None:
        """Prepares the names that each role gives to features."""
        job = self._job
        own = (RELATION,) if isinstance(job.request.relation, kinds.Tags) else ()
        self._rekeys = [
            Rekey(role.name, spec.rows.names, spec.id.name, own)
            for role in job.request.tuples.roles
            for spec in [job.entities[role.entity]]
        ]

    def process(self, element: Refs, layout: Layout) -> Iterator[Any]:
        """Handles one block."""
        key, refs = element
        name, _ = placed(key)
        entity, split = populated(name)
        job = self._job
        parts = shuffle_store.read(refs)  # The entities come first.
        entities: Entities = next(parts)
        with shuffle_store.Writer(job.spill) as out:
            for wanted in bunches(parts, job.sizes.members):
                yield from self._gather(out, split, entities, wanted, layout)
            if split == TRAIN:
                yield from self._all(out, entity, entities, layout)

    def _all(
        self, out: shuffle_store.Writer, entity: str, entities: Entities, layout: Layout
    ) -> Iterator[Any]:
        """Each entity once, for the `entities` split."""
        roles = [role.entity for role in self._job.request.tuples.roles]
        if entity in roles:
            heads, everything = route.all_members(entities, roles.index(entity))
            for shard, part in route.split_heads(heads, layout.shards[ENTITIES]):
                yield place(ENTITIES, shard), out.add(part)
            yield from self._gather(out, ENTITIES, entities, everything, layout)

    def _gather(
        self,
        out: shuffle_store.Writer,
        output: str,
        entities: Entities,
        wanted: Wanted,
        layout: Layout,
    ) -> Iterator[Any]:
        shards = layout.shards[output]
        for shard, members in route.gather(entities, wanted, self._rekeys, shards):
            yield place(output, shard), out.add(members)
