"""Brings the bytes of entities to the tuples that want them."""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from components.relation_gen import spill, steps
from components.relation_gen.columns import Cell, Entities, Wanted, join
from components.relation_gen.job import Job
from components.relation_gen.joining import Refs
from components.relation_gen.layout import Layout
from components.relation_gen.places import place, placed, populated
from components.relation_gen.wire import Rekey
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
        parts = spill.read(refs)  # The cell comes first.
        cell: Cell = next(parts)
        with spill.Writer(job.spill) as out:
            resolved = (steps.resolve(part, cell, begin, mass) for part in parts)
            for known in bunches(resolved, job.sizes.members):
                for block, members in steps.split_keys(known, job.blocks):
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
        parts = spill.read(refs)  # The entities come first.
        entities: Entities = next(parts)
        with spill.Writer(job.spill) as out:
            for wanted in bunches(parts, job.sizes.members):
                yield from self._gather(out, split, entities, wanted, layout)
            if split == TRAIN:
                yield from self._all(out, entity, entities, layout)

    def _all(
        self, out: spill.Writer, entity: str, entities: Entities, layout: Layout
    ) -> Iterator[Any]:
        """Each entity once, for the `entities` split."""
        roles = [role.entity for role in self._job.request.tuples.roles]
        if entity in roles:
            heads, everything = steps.all_members(entities, roles.index(entity))
            for shard, part in steps.split_heads(heads, layout.shards[ENTITIES]):
                yield place(ENTITIES, shard), out.add(part)
            yield from self._gather(out, ENTITIES, entities, everything, layout)

    def _gather(
        self, out: spill.Writer, output: str, entities: Entities, wanted: Wanted, layout: Layout
    ) -> Iterator[Any]:
        shards = layout.shards[output]
        for shard, members in steps.gather(entities, wanted, self._rekeys, shards):
            yield place(output, shard), out.add(members)
