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
    Edges,
    Entities,
    GatheredMembers,
    IndexShard,
    MemberRequests,
    MemberRequestsByWeight,
    Strings,
    TupleRows,
    join,
    take,
)
from components.relation_gen.context import range_of
from components.relation_gen.sampling import base
from components.relation_gen.sampling.base import AddressSpace, Plan
from components.relation_gen.shuffle_keys import route
from components.relation_gen.stats.counters import MADE, REQUESTED, SHORTFALL

E = TypeVar("E", bound=Edges)
RUN = 64
"""At most so many tuples of one anchor follow each other: they share its bytes, so they compress
well; runs are in the order of a hash, so that neighbouring runs are unrelated."""


def output_shard_of(anchor: U64, slot: Ints, output_shards: int) -> I64:
    """The output shard of each tuple."""
    return range_of(shuffle_priority(anchor, slot), output_shards)


def shuffle_priority(anchor: U64, slot: Ints) -> U64:
    """What runs of tuples are ordered by."""
    return hashing.random_bits(0, 0, anchor, slot.astype(np.uint64) // np.uint64(RUN))


@dataclass(frozen=True)
class Batch:
    """Plans taken apart: tuples; members known by key, of each population; by place; by point."""

    tuple_rows: TupleRows
    by_key: dict[str, MemberRequests]
    by_position: MemberRequests | None
    by_weight: MemberRequestsByWeight | None


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
    tuple_rows = []
    members: dict[tuple[AddressSpace, str], list[MemberRequests]] = {}
    for plan in plans:
        tuple_rows.append(
            TupleRows(plan.anchor, plan.slot, plan.relation, plan.weight, plan.more, plan.entries)
        )
        for role, space, value, tuples, probability in plan.members:
            anchor = plan.anchor if tuples is None else plan.anchor[tuples]
            if not len(anchor):
                continue
            slot = plan.slot if tuples is None else plan.slot[tuples]
            if probability is None:
                probability = np.full(len(anchor), np.nan, dtype=np.float32)
            kind = MemberRequestsByWeight if space is AddressSpace.WEIGHT else MemberRequests
            number = np.full(len(anchor), role, dtype=np.uint16)
            part = kind(anchor, slot, number, value.astype(np.uint64), probability)
            members.setdefault(
                (space, roles[role] if space is AddressSpace.KEY else ""), []
            ).append(part)
    found = {key: join(parts) for key, parts in members.items()}
    by_weight = found.get((AddressSpace.WEIGHT, ""))
    assert by_weight is None or isinstance(by_weight, MemberRequestsByWeight)
    return Batch(
        join_tuple_rows(tuple_rows),
        {name: requests for (space, name), requests in found.items() if space is AddressSpace.KEY},
        found.get((AddressSpace.POSITION, "")),
        by_weight,
    )


def join_tuple_rows(tuple_rows: Sequence[TupleRows]) -> TupleRows:
    """`join`, with entries counted on."""
    at, parts = 0, []
    for part in tuple_rows:
        parts.append(dataclasses.replace(part, more=(part.more + at).astype(np.int32)))
        at += len(part.entries.length)
    return join(parts)


def located(edges: E, position_offsets: I64, weight_offsets: I64) -> E:
    """Edges whose right ends lie in the index as a whole, not in their cell."""
    return dataclasses.replace(
        edges,
        position=edges.position + position_offsets[edges.shard],
        weight_offset=edges.weight_offset + weight_offsets[edges.shard]
        if len(edges.weight_offset)
        else edges.weight_offset,
    )


def split_tuple_rows(tuple_rows: TupleRows, output_shards: int) -> Iterator[tuple[int, TupleRows]]:
    """The tuples of each output shard."""
    n = len(tuple_rows.anchor)
    relation = tuple_rows.relation.reshape(n, -1) if n else tuple_rows.relation.reshape(0, 0)
    for output_shard, here in route(
        output_shard_of(tuple_rows.anchor, tuple_rows.slot, output_shards), output_shards
    ):
        more, entries = tuple_rows.more, tuple_rows.entries
        if len(more):
            needed, index = np.unique(more[here], return_inverse=True)
            more, entries = index.astype(np.int32), entries.take(needed)
        yield (
            output_shard,
            TupleRows(
                tuple_rows.anchor[here],
                tuple_rows.slot[here],
                relation[here].reshape(-1),
                tuple_rows.weight[here] if len(tuple_rows.weight) else tuple_rows.weight,
                more,
                entries,
            ),
        )


def split_by_key(members: MemberRequests, partitions: int) -> Iterator[tuple[int, MemberRequests]]:
    """The members of each entity block, by their key."""
    for partition, here in route(range_of(members.entity, partitions), partitions):
        yield partition, take(members, here)


def split_by_position(
    members: MemberRequests | None, ends: I64
) -> Iterator[tuple[int, MemberRequests]]:
    """The members of each cell, by their place or point.

    Args:
      ends: where each cell begins, and last the size of all, [cells + 1].
    """
    if members is None:
        return
    shard = np.searchsorted(ends, members.entity.astype(np.int64), side="right") - 1
    for number, here in route(shard, len(ends) - 1):
        yield number, take(members, here)


def resolve(
    members: MemberRequests, shard: IndexShard, position: int, weight_offset: int
) -> MemberRequests:
    """Members known by place or point in a cell, as members known by entity key.

    Args:
      position, weight_offset: where the cell begins in the dense index, and on the weighted line.
    """
    if isinstance(members, MemberRequestsByWeight):
        at = (
            np.searchsorted(
                shard.cumulative_weight,
                members.entity.astype(np.int64) - weight_offset,
                side="right",
            )
            - 1
        )
        weight = (shard.cumulative_weight[at + 1] - shard.cumulative_weight[at]).astype(np.float32)
        probability = members.probability * weight
    else:
        at = members.entity.astype(np.int64) - position
        probability = members.probability
    return MemberRequests(members.anchor, members.slot, members.role, shard.key[at], probability)


def all_members(entities: Entities, role: int) -> tuple[TupleRows, MemberRequests]:
    """The plan of the `entities` split: each entity once, alone, in the first role of its type."""
    n = len(entities.key)
    slot = np.full(n, role, dtype=np.uint32)
    none = np.zeros(0, dtype=np.float32)
    tuple_rows = TupleRows(entities.key, slot, none, none, none.astype(np.int32), Strings.of([]))
    number = np.full(n, role, dtype=np.uint16)
    unknown = np.full(n, np.nan, dtype=np.float32)
    return tuple_rows, MemberRequests(entities.key, slot, number, entities.key, unknown)


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
    entities: Entities, members: MemberRequests, rekeys: Sequence[Rekey], output_shards: int
) -> Iterator[tuple[int, GatheredMembers]]:
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
    distinct, which = np.unique(piece, return_inverse=True)
    pieces = _renamed(entities, distinct, rekeys)
    for output_shard, here in route(
        output_shard_of(members.anchor, members.slot, output_shards), output_shards
    ):
        needed, index = np.unique(which[here], return_inverse=True)
        yield (
            output_shard,
            GatheredMembers(
                members.anchor[here],
                members.slot[here],
                members.role[here],
                members.probability[here],
                index.astype(np.int32),
                Strings.of([pieces[number] for number in needed.tolist()]),
            ),
        )
