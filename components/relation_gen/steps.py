"""The steps between two shuffles: pure functions from packed columns to packed columns."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from components.relation_gen import dedup, keys
from components.relation_gen.columns import (
    Cell,
    Entities,
    Heads,
    Labelled,
    Members,
    Strings,
    Wanted,
)
from components.relation_gen.keys import I64, U64, Ints
from components.relation_gen.layout import show
from components.relation_gen.plan import Anchors, Plan
from components.relation_gen.rows import RowSpec
from components.relation_gen.screen import Screened
from components.relation_gen.wire import Rekey, payload
from relation.errors import DataError


def route(index: I64, parts: int) -> Iterator[tuple[int, I64]]:
    """For each part that occurs: its number and the rows that go there, in order.

    Args:
      index: part of each row, [n], in [0, parts).
    """
    order = np.argsort(index, kind="stable")
    bounds = np.searchsorted(index[order], np.arange(parts + 1))
    for part in np.flatnonzero(np.diff(bounds)).tolist():
        yield part, order[bounds[part] : bounds[part + 1]]


def range_of(key: U64, parts: int) -> I64:
    """The part of each 64-bit key, such that parts are ranges of keys in order."""
    return keys.scale(key, parts).astype(np.int64)


def shard_of(anchor: U64, slot: Ints, shards: int) -> I64:
    """The output shard of each tuple."""
    return range_of(turn_of(anchor, slot), shards)


def turn_of(anchor: U64, slot: Ints) -> U64:
    """What tuples are ordered by: a hash, so that neighbours are unrelated."""
    return keys.words(0, 0, anchor, slot)


def pack_rows(
    records: Sequence[bytes], screened: Screened, rows: Sequence[int], spec: RowSpec
) -> Entities:
    """The entities of some rows of a screened batch."""
    names = spec.encoded_names
    ids = [screened.ids[row] for row in rows]
    labels = [screened.labels[row] for row in rows]
    return Entities(
        keys.hash_values(ids, integers=spec.id_is_int),
        keys.hash_values(labels, integers=spec.label_is_int),
        Strings.of([payload(records[row], names) for row in rows]),
    )


def by_block(entities: Entities, blocks: int) -> Iterator[tuple[int, Entities]]:
    """The entities of each block (a range of keys)."""
    payloads = list(entities.payload)
    for block, rows in route(range_of(entities.key, blocks), blocks):
        picked = Strings.of([payloads[row] for row in rows.tolist()])
        yield block, Entities(entities.key[rows], entities.label[rows], picked)


def labelled(entities: Entities, spec: RowSpec, cells: int) -> Iterator[tuple[int, Labelled]]:
    """For each cell (a range of label hashes): its keys and labels, and the labels' values."""
    known, first = np.unique(entities.label, return_index=True)
    payloads = list(entities.payload)
    values = [dedup.key_value(payloads[row], spec.label_feature, spec) for row in first.tolist()]
    cell_of_known = range_of(known, cells)
    for cell, rows in route(range_of(entities.label, cells), cells):
        here = np.flatnonzero(cell_of_known == cell)
        yield (
            cell,
            Labelled(
                entities.key[rows],
                entities.label[rows],
                known[here],
                Strings.of([values[index] for index in here.tolist()]),
            ),
        )


def wanted(
    plan: Plan, roles: Sequence[str], cell: Cell, offset: int
) -> tuple[Heads, Wanted, Wanted]:
    """Takes a plan apart.

    Args:
      roles: names of the roles, in the order of their index.
      cell: the stretch of the dense index that the plan was made in, from position `offset` on.

    Returns:
      the tuples' own features; members known by key; members known by position only.
    """
    heads = Heads(plan.anchor, plan.slot, plan.relation, plan.probability)
    position = np.concatenate([plan.positions[role] for role in roles])
    here = (position >= offset) & (position < offset + len(cell.key))
    members = Wanted(
        np.tile(plan.anchor, len(roles)),
        np.tile(plan.slot, len(roles)),
        np.repeat(np.arange(len(roles), dtype=np.uint8), len(plan.anchor)),
        position.astype(np.uint64),
    )
    known = resolve(members.take(np.flatnonzero(here)), cell, offset)
    return heads, known, members.take(np.flatnonzero(~here))


def resolve(members: Wanted, cell: Cell, offset: int) -> Wanted:
    """Members known by position in a cell, as members known by entity key."""
    entity = cell.key[members.entity.astype(np.int64) - offset]
    return Wanted(members.anchor, members.slot, members.role, entity)


def all_members(entities: Entities) -> tuple[Heads, Wanted]:
    """The plan of the `entities` split: each entity once, alone, in role 0."""
    n = len(entities.key)
    slot = np.zeros(n, dtype=np.uint32)
    nothing = np.full(n, np.nan, dtype=np.float32)
    heads = Heads(entities.key, slot, nothing, nothing)
    return heads, Wanted(entities.key, slot, np.zeros(n, dtype=np.uint8), entities.key)


def gather(
    entities: Entities, members: Sequence[Wanted], rekeys: Sequence[Rekey], shards: int
) -> Iterator[tuple[int, Members]]:
    """For each output shard: the members that these entities are, with their map entries.

    An entity's bytes go to a shard once for each role, however many tuples there want it.

    Args:
      entities: a block, sorted by key.
      rekeys: for each role.
    """
    anchor = np.concatenate([part.anchor for part in members])
    slot = np.concatenate([part.slot for part in members])
    role = np.concatenate([part.role for part in members])
    key = np.concatenate([part.entity for part in members])
    row = np.searchsorted(entities.key, key)
    if not np.array_equal(entities.key[np.minimum(row, len(entities.key) - 1)], key):
        raise RuntimeError("a plan names an entity that its block does not hold")
    piece = row * len(rekeys) + role
    payloads = list(entities.payload)
    made = {
        number: rekeys[number % len(rekeys)](payloads[number // len(rekeys)])
        for number in np.unique(piece).tolist()
    }
    for shard, here in route(shard_of(anchor, slot, shards), shards):
        needed, index = np.unique(piece[here], return_inverse=True)
        yield (
            shard,
            Members(
                anchor[here],
                slot[here],
                role[here],
                index.astype(np.int32),
                Strings.of([made[number] for number in needed.tolist()]),
            ),
        )


def split_heads(heads: Heads, shards: int) -> Iterator[tuple[int, Heads]]:
    """The tuples of each output shard."""
    for shard, here in route(shard_of(heads.anchor, heads.slot, shards), shards):
        yield (
            shard,
            Heads(
                heads.anchor[here],
                heads.slot[here],
                heads.relation[here],
                heads.probability[here],
            ),
        )


def split_positions(members: Wanted, offsets: Sequence[int]) -> Iterator[tuple[int, Wanted]]:
    """The members of each cell, by their position.

    Args:
      offsets: where each cell begins, and last the number of entities, [cells + 1].
    """
    cell = np.searchsorted(np.asarray(offsets), members.entity.astype(np.int64), side="right") - 1
    for number, here in route(cell, len(offsets) - 1):
        yield number, members.take(here)


def split_keys(members: Wanted, blocks: int) -> Iterator[tuple[int, Wanted]]:
    """The members of each entity block, by their key."""
    for block, here in route(range_of(members.entity, blocks), blocks):
        yield block, members.take(here)


def chunks(anchors: Anchors, per_anchor: int, budget: int = 2**20) -> Iterator[Anchors]:
    """Anchors in chunks of at most about `budget` tuples, so that no element grows with a group."""
    size = max(budget // max(per_anchor, 1), 1)
    for begin in range(0, len(anchors.key), size):
        yield anchors.slice(begin, begin + size)


def label_values(parts: Iterable[Labelled], feature: str) -> dict[int, bytes]:
    """Values of a cell's labels by their hash.

    Raises:
      DataError: two values of `feature` have one hash.
    """
    found: dict[int, bytes] = {}
    for part in parts:
        for hashed, value in zip(part.known.tolist(), part.value, strict=True):
            if found.setdefault(hashed, value) != value:
                raise DataError(
                    f"feature {feature!r}: the values {show(found[hashed])} and {show(value)} have "
                    "the same 64-bit hash: rename one of them"
                )
    return found


def joined(parts: Iterable[Labelled]) -> tuple[U64, U64]:
    """Keys and label hashes of all parts of a cell."""
    found = list(parts)
    return (
        np.concatenate([part.key for part in found]),
        np.concatenate([part.label for part in found]),
    )
