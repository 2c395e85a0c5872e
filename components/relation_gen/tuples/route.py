"""The steps between drawing and writing: pure functions from packed columns to packed columns."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from components.common import hashing
from components.common.example_wire import Rekey, payload_values
from components.common.hashing import I64, U64, Ints
from components.relation_gen.batches import (
    Cell,
    Edges,
    Entities,
    Heads,
    Members,
    Strings,
    Wanted,
    Weighted,
    join,
    take,
)
from components.relation_gen.context import range_of
from components.relation_gen.sampling import plan as base
from components.relation_gen.sampling.plan import Line, Plan
from components.relation_gen.shuffle_keys import route
from components.relation_gen.stats.counters import MADE, REQUESTED, SHORTFALL

E = TypeVar("E", bound=Edges)
RUN = 64
"""At most so many tuples of one anchor follow each other: they share its bytes, so they compress
well; runs are in the order of a hash, so that neighbouring runs are unrelated."""


def shard_of(anchor: U64, slot: Ints, shards: int) -> I64:
    """The output shard of each tuple."""
    return range_of(turn_of(anchor, slot), shards)


def turn_of(anchor: U64, slot: Ints) -> U64:
    """What runs of tuples are ordered by."""
    return hashing.words(0, 0, anchor, slot.astype(np.uint64) // np.uint64(RUN))


@dataclass(frozen=True)
class Batch:
    """Plans taken apart: tuples; members known by key, of each population; by place; by point."""

    heads: Heads
    known: dict[str, Wanted]
    places: Wanted | None
    points: Weighted | None


def batches(
    plans: Iterable[Plan], roles: Sequence[str], totals: dict[str, int], members: int
) -> Iterator[Batch]:
    """Takes plans apart, some at a time, and adds their counts to `totals`.

    Args:
      roles: the population of each role.
      members: about how many are handed on at once.
    """
    some: list[Plan] = []
    size = 0
    for plan in plans:
        counts = {MADE: len(plan.anchor), REQUESTED: plan.asked}
        lost = {SHORTFALL + name: count for name, count in plan.shortfall.items()}
        for name, count in (counts | plan.counts | lost).items():
            totals[name] = totals.get(name, 0) + count
        for piece in _pieces(plan, max(members // len(plan.members), 1)):
            some.append(piece)
            size += len(piece.anchor) * len(piece.members)
            if size >= members:
                yield _batch(some, roles)
                some, size = [], 0
    if some:
        yield _batch(some, roles)


def _pieces(plan: Plan, tuples: int) -> Iterator[Plan]:
    """A plan, cut if it has more tuples: one anchor may have millions."""
    t = len(plan.anchor)
    if t <= tuples:
        yield plan
        return
    width = len(plan.relation) // t
    for begin in range(0, t, tuples):
        some = slice(begin, min(begin + tuples, t))
        yield dataclasses.replace(
            plan,
            anchor=plan.anchor[some],
            slot=plan.slot[some],
            members=tuple(_within(members, some) for members in plan.members),
            relation=plan.relation[some.start * width : some.stop * width],
            weight=plan.weight[some],
            more=plan.more[some],
        )


def _within(members: base.Members, some: slice) -> base.Members:
    """The members of some tuples, which are counted from the first of them on."""
    of = members.tuples
    rows: slice | I64 = some
    if of is not None:
        rows = np.flatnonzero((of >= some.start) & (of < some.stop))
        of = of[rows] - some.start
    drawn = members.probability
    return members._replace(
        value=members.value[rows], tuples=of, probability=None if drawn is None else drawn[rows]
    )


def _batch(plans: Sequence[Plan], roles: Sequence[str]) -> Batch:
    heads = []
    members: dict[tuple[Line, str], list[Wanted]] = {}
    for plan in plans:
        heads.append(
            Heads(plan.anchor, plan.slot, plan.relation, plan.weight, plan.more, plan.entries)
        )
        for role, line, value, tuples, probability in plan.members:
            anchor = plan.anchor if tuples is None else plan.anchor[tuples]
            if not len(anchor):
                continue
            slot = plan.slot if tuples is None else plan.slot[tuples]
            if probability is None:
                probability = np.full(len(anchor), np.nan, dtype=np.float32)
            kind = Weighted if line is Line.WEIGHTED else Wanted
            number = np.full(len(anchor), role, dtype=np.uint16)
            part = kind(anchor, slot, number, value.astype(np.uint64), probability)
            members.setdefault((line, roles[role] if line is Line.KEY else ""), []).append(part)
    found = {key: join(parts) for key, parts in members.items()}
    points = found.get((Line.WEIGHTED, ""))
    assert points is None or isinstance(points, Weighted)
    return Batch(
        join_heads(heads),
        {name: wanted for (line, name), wanted in found.items() if line is Line.KEY},
        found.get((Line.PLACE, "")),
        points,
    )


def join_heads(heads: Sequence[Heads]) -> Heads:
    """`join`, with entries counted on."""
    at, parts = 0, []
    for part in heads:
        parts.append(dataclasses.replace(part, more=(part.more + at).astype(np.int32)))
        at += len(part.entries.length)
    return join(parts)


def located(edges: E, places: I64, masses: I64) -> E:
    """Edges whose right ends lie in the index as a whole, not in their cell."""
    return dataclasses.replace(
        edges,
        place=edges.place + places[edges.cell],
        point=edges.point + masses[edges.cell] if len(edges.point) else edges.point,
    )


def split_heads(heads: Heads, shards: int) -> Iterator[tuple[int, Heads]]:
    """The tuples of each output shard."""
    n = len(heads.anchor)
    relation = heads.relation.reshape(n, -1) if n else heads.relation.reshape(0, 0)
    for shard, here in route(shard_of(heads.anchor, heads.slot, shards), shards):
        more, entries = heads.more, heads.entries
        if len(more):
            needed, index = np.unique(more[here], return_inverse=True)
            more, entries = index.astype(np.int32), entries.take(needed)
        yield (
            shard,
            Heads(
                heads.anchor[here],
                heads.slot[here],
                relation[here].reshape(-1),
                heads.weight[here] if len(heads.weight) else heads.weight,
                more,
                entries,
            ),
        )


def split_keys(members: Wanted, blocks: int) -> Iterator[tuple[int, Wanted]]:
    """The members of each entity block, by their key."""
    for block, here in route(range_of(members.entity, blocks), blocks):
        yield block, take(members, here)


def split_places(members: Wanted | None, ends: I64) -> Iterator[tuple[int, Wanted]]:
    """The members of each cell, by their place or point.

    Args:
      ends: where each cell begins, and last the size of all, [cells + 1].
    """
    if members is None:
        return
    cell = np.searchsorted(ends, members.entity.astype(np.int64), side="right") - 1
    for number, here in route(cell, len(ends) - 1):
        yield number, take(members, here)


def resolve(members: Wanted, cell: Cell, place: int, mass: int) -> Wanted:
    """Members known by place or point in a cell, as members known by entity key.

    Args:
      place, mass: where the cell begins in the dense index, and on the weighted line.
    """
    if isinstance(members, Weighted):
        at = np.searchsorted(cell.mass, members.entity.astype(np.int64) - mass, side="right") - 1
        weight = (cell.mass[at + 1] - cell.mass[at]).astype(np.float32)
        probability = members.probability * weight
    else:
        at = members.entity.astype(np.int64) - place
        probability = members.probability
    return Wanted(members.anchor, members.slot, members.role, cell.key[at], probability)


def all_members(entities: Entities, role: int) -> tuple[Heads, Wanted]:
    """The plan of the `entities` split: each entity once, alone, in the first role of its type."""
    n = len(entities.key)
    slot = np.full(n, role, dtype=np.uint32)
    none = np.zeros(0, dtype=np.float32)
    heads = Heads(entities.key, slot, none, none, none.astype(np.int32), Strings.of([]))
    number = np.full(n, role, dtype=np.uint16)
    unknown = np.full(n, np.nan, dtype=np.float32)
    return heads, Wanted(entities.key, slot, number, entities.key, unknown)


def _renamed(entities: Entities, pieces: Ints, rekeys: Sequence[Rekey]) -> list[bytes]:
    """The map entries of entities in roles; `pieces`: entity * roles + role, sorted."""
    entity, role = np.divmod(pieces, len(rekeys))
    needed, which = np.unique(entity, return_inverse=True)
    values = [list(payload_values(data)) for data in entities.payload.take(needed)]
    return [
        rekeys[number](values[index])
        for index, number in zip(which.tolist(), role.tolist(), strict=True)
    ]


def gather(
    entities: Entities, members: Wanted, rekeys: Sequence[Rekey], shards: int
) -> Iterator[tuple[int, Members]]:
    """For each output shard: the members that these entities are, with their map entries.

    An entity's bytes go to a shard once for each role, however many tuples there want it.

    Args:
      entities: a block, sorted by key.
      rekeys: for each role.
    """
    row = np.searchsorted(entities.key, members.entity)
    if not np.array_equal(entities.key[np.minimum(row, len(entities.key) - 1)], members.entity):
        raise RuntimeError("a plan names an entity that its block does not hold")
    piece = row * len(rekeys) + members.role
    wanted, which = np.unique(piece, return_inverse=True)
    pieces = _renamed(entities, wanted, rekeys)
    for shard, here in route(shard_of(members.anchor, members.slot, shards), shards):
        needed, index = np.unique(which[here], return_inverse=True)
        yield (
            shard,
            Members(
                members.anchor[here],
                members.slot[here],
                members.role[here],
                members.probability[here],
                index.astype(np.int32),
                Strings.of([pieces[number] for number in needed.tolist()]),
            ),
        )
