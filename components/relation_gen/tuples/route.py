"""From plans to requests and gathered members: pure functions from batches to batches."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from components.common.columns import Dictionary, Strings, join
from components.common.example_wire import Rekey, payload_values
from components.common.hashing import I64, Ints
from components.relation_gen.batches import (
    Edges,
    Entities,
    GatheredMembers,
    IndexShard,
    MemberRequests,
    MemberRequestsByWeight,
    TupleRows,
)
from components.relation_gen.sampling import base
from components.relation_gen.sampling.base import AddressSpace, Plan
from components.relation_gen.shuffle_keys import output_shard_of, split
from components.relation_gen.stats.counters import MADE, REQUESTED, SHORTFALL, WEIGHING

E = TypeVar("E", bound=Edges)


@dataclass(frozen=True)
class Batch:
    """Plans split into tuple rows, and requests of members by key (for each entity type), by
    position in the index, or by weight offset."""

    tuple_rows: TupleRows
    by_key: dict[str, MemberRequests]
    by_position: MemberRequests | None
    by_weight: MemberRequestsByWeight | None


def batches(
    plans: Iterable[Plan], roles: Sequence[str], totals: dict[str, int], members: int
) -> Iterator[Batch]:
    """Splits plans into batches, and adds their counts to `totals`.

    Args:
      roles: the entity type of each role.
      members: approximate number of requests in a batch.
    """
    some: list[Plan] = []
    size = 0
    for plan in plans:
        counts = {MADE: len(plan.anchor), REQUESTED: plan.requested}
        if len(plan.weight):
            counts[WEIGHING] = int(np.count_nonzero(plan.weight))
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
    """Cuts a plan with more tuples, since one anchor may have millions."""
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
            extra_features=plan.extra_features.take(np.arange(some.start, some.stop)),
        )


def _within(members: base.RoleMembers, some: slice) -> base.RoleMembers:
    """Selects the members of a range of tuples, which are renumbered from 0."""
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
            TupleRows(
                plan.anchor,
                plan.slot,
                plan.relation,
                plan.weight,
                plan.extra_features,
            )
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
    joined = {key: join(parts) for key, parts in members.items()}
    by_weight = joined.get((AddressSpace.WEIGHT, ""))
    assert by_weight is None or isinstance(by_weight, MemberRequestsByWeight)
    return Batch(
        join(tuple_rows),
        {name: requests for (space, name), requests in joined.items() if space is AddressSpace.KEY},
        joined.get((AddressSpace.POSITION, "")),
        by_weight,
    )


def located(edges: E, position_offsets: I64, weight_offsets: I64) -> E:
    """Turns destinations within an index shard into positions in the whole index.

    Args:
      position_offsets: where each shard begins in the index, int64 [shards + 1].
      weight_offsets: likewise on the cumulative-weight axis, int64 [shards + 1].
    """
    return dataclasses.replace(
        edges,
        position=edges.position + position_offsets[edges.shard],
        weight_offset=edges.weight_offset + weight_offsets[edges.shard]
        if len(edges.weight_offset)
        else edges.weight_offset,
    )


def split_tuple_rows(tuple_rows: TupleRows, shards: int) -> Iterator[tuple[int, TupleRows]]:
    """Splits tuple rows by output shard."""
    return split(tuple_rows, output_shard_of(tuple_rows.anchor, tuple_rows.slot, shards), shards)


def shard_at(requests: MemberRequests, offsets: I64) -> I64:
    """The index shard that holds each requested position or weight offset, int64 [m].

    Args:
      offsets: where each shard begins, and last the end of all, int64 [shards + 1].
    """
    return np.searchsorted(offsets, requests.entity.astype(np.int64), side="right") - 1


def resolve(
    members: MemberRequests, shard: IndexShard, position: int, weight_offset: int
) -> MemberRequests:
    """Turn requests by position or weight offset into requests by entity key.

    Args:
      position, weight_offset: where the index shard begins in the index, and on the
        cumulative-weight axis.
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


def entity_tuples(entities: Entities, role: int) -> tuple[TupleRows, MemberRequests]:
    """Makes the tuples of the `entities` split: one for each entity, in the first role of its
    type."""
    n = len(entities.key)
    slot = np.full(n, role, dtype=np.uint32)
    none = np.zeros(0, dtype=np.float32)
    tuple_rows = TupleRows(entities.key, slot, none, none, Dictionary.empty())
    roles = np.full(n, role, dtype=np.uint16)
    not_drawn = np.full(n, np.nan, dtype=np.float32)
    return tuple_rows, MemberRequests(entities.key, slot, roles, entities.key, not_drawn)


def _renamed(entities: Entities, pieces: Ints, rekeys: Sequence[Rekey]) -> list[bytes]:
    """Serialized features of entities renamed for roles, by sorted `entity * roles + role`, [p]."""
    entity, role = np.divmod(pieces, len(rekeys))
    needed, which = np.unique(entity, return_inverse=True)
    values = [list(payload_values(data)) for data in entities.payload.take(needed)]
    return [
        rekeys[number](values[index])
        for index, number in zip(which.tolist(), role.tolist(), strict=True)
    ]


def gather(
    entities: Entities, requests: MemberRequests, rekeys: Sequence[Rekey], shards: int
) -> Iterator[tuple[int, GatheredMembers]]:
    """Gathers the requested members with their serialized features, for each output shard.

    An entity's bytes go to a shard once for each role, however many tuples request it.

    Args:
      entities: a partition, sorted by key.
      rekeys: renames features, for each role.

    Raises:
      RuntimeError: an entity is not in the partition; a bug in Relata.
    """
    row = np.searchsorted(entities.key, requests.entity)
    if not np.array_equal(entities.key[np.minimum(row, len(entities.key) - 1)], requests.entity):
        raise RuntimeError("a plan names an entity that its partition does not hold")
    pieces, piece = np.unique(row * len(rekeys) + requests.role, return_inverse=True)
    entries = Dictionary(piece.astype(np.int32), Strings.of(_renamed(entities, pieces, rekeys)))
    members = GatheredMembers(
        requests.anchor, requests.slot, requests.role, requests.probability, entries
    )
    return split(members, output_shard_of(requests.anchor, requests.slot, shards), shards)
