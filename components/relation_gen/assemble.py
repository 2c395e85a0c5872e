"""Puts the tuples of one output shard together: an order that is always the same, joined bytes."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from components.relation_gen import steps
from components.relation_gen.columns import F32, U32, Heads, Members
from components.relation_gen.keys import I64, U64
from components.relation_gen.plan.grades import NO_DOCUMENT
from components.relation_gen.wire import float_entries
from relation.names import NEGATIVE_PROB, RELATION, RELATION_WEIGHT
from relation.spec import LabelKind, Relation

_NONE = np.zeros(0, dtype=np.int64)


def assemble(heads: Heads, members: Sequence[Members], relation: Relation) -> Iterator[list[bytes]]:
    """Yields the map entries of each tuple, to be joined: runs in the order of a hash, then slots.

    Args:
      heads: tuples.
      relation: roles, and which of them may be absent.

    Raises:
      RuntimeError: a tuple lacks a member, or a member its tuple.
    """
    turn = steps.turn_of(heads.anchor, heads.slot)
    order = np.lexsort((heads.slot, heads.anchor, turn))
    pieces: list[bytes] = [b""]
    index = [_NONE]
    for part in members:
        index.append(part.piece.astype(np.int64) + len(pieces))
        pieces.extend(part.pieces)
    t, width = len(order), len(heads.relation) // max(len(order), 1)
    label = heads.relation.reshape(t, width)[order]
    piece, probability = _table(
        heads.anchor[order], heads.slot[order], members, np.concatenate(index), relation, label
    )
    own = _own(label, heads.weight[order] if len(heads.weight) else heads.weight, probability)
    entries = list(heads.entries)
    more = heads.more[order].tolist() if len(heads.more) else None
    for i, (row, ours) in enumerate(zip(piece.tolist(), own, strict=True)):
        tuple_ = [pieces[number] for number in row]
        tuple_.append(ours)
        if more is not None:
            tuple_.append(entries[more[i]])
        yield tuple_


def _table(
    anchor: U64,
    slot: U32,
    members: Sequence[Members],
    piece: I64,
    relation: Relation,
    label: F32,
) -> tuple[I64, F32]:
    """Of each tuple the pieces (0: none), and with what probability each was drawn, [t, roles]."""
    roles = len(relation.roles)
    there = _there(len(anchor), relation, label)
    if not members:
        if there.any():
            raise RuntimeError(f"{len(anchor)} tuples of {roles} roles got no members")
        return np.zeros(there.shape, dtype=np.int64), np.full(there.shape, np.nan, np.float32)
    member_anchor = np.concatenate([part.anchor for part in members])
    member_slot = np.concatenate([part.slot for part in members])
    role = np.concatenate([part.role for part in members])
    turn = steps.turn_of(member_anchor, member_slot)
    order = np.lexsort((role, member_slot, member_anchor, turn))
    row, column = np.nonzero(there)
    complete = (
        np.array_equal(member_anchor[order], anchor[row])
        and np.array_equal(member_slot[order], slot[row])
        and np.array_equal(role[order], column)
    )
    if not complete:
        raise RuntimeError(
            f"{len(anchor)} tuples of {roles} roles want {len(row)} members, got {len(order)}"
        )
    pieces = np.zeros(there.shape, dtype=np.int64)
    pieces[there] = piece[order]
    probability = np.full(there.shape, np.nan, dtype=np.float32)
    probability[there] = np.concatenate([part.probability for part in members])[order]
    return pieces, probability


def _there(tuples: int, relation: Relation, label: F32) -> npt.NDArray[np.bool_]:
    """Which roles of each tuple are filled, [t, roles]."""
    there = np.ones((tuples, len(relation.roles)), dtype=bool)
    if relation.label is LabelKind.GRADES:
        there[:, : relation.width] = label != NO_DOCUMENT
    return there


def _own(label: F32, weight: F32, probability: F32) -> list[bytes]:
    """The map entries of the tuples' own features, [t]."""
    t = len(label)
    columns = []
    if label.shape[1] and not np.isnan(label).all():
        columns.append(float_entries(RELATION, label))
    if len(weight):
        columns.append(float_entries(RELATION_WEIGHT, weight[:, None]))
    drawn = ~np.isnan(probability)
    count = drawn.sum(axis=1)
    most = int(count.max(initial=0))
    if most:
        # A tuple has all its negatives, or none.
        rows = np.flatnonzero(count)
        values = probability[rows][drawn[rows]].reshape(len(rows), most)
        entries = [b""] * t
        for row, data in zip(rows.tolist(), float_entries(NEGATIVE_PROB, values), strict=True):
            entries[row] = data
        columns.append(entries)
    if not columns:
        return [b""] * t
    return [b"".join(parts) for parts in zip(*columns, strict=True)]


def alone(heads: Heads, members: Sequence[Members]) -> Iterator[list[bytes]]:
    """Yields the map entries of each entity of the `entities` split, in the order of a hash."""
    n = len(heads.anchor)
    turn = steps.turn_of(heads.anchor, heads.slot)
    order = np.lexsort((heads.slot, heads.anchor, turn))
    anchor = np.concatenate([part.anchor for part in members])
    slot = np.concatenate([part.slot for part in members])
    pieces: list[bytes] = []
    index = []
    for part in members:
        index.append(part.piece.astype(np.int64) + len(pieces))
        pieces.extend(part.pieces)
    piece = np.concatenate(index)
    mine = np.lexsort((slot, anchor, steps.turn_of(anchor, slot)))
    if not np.array_equal(anchor[mine], heads.anchor[order]):
        raise RuntimeError(f"{n} entities got {len(anchor)} payloads")
    for number in piece[mine].tolist():
        yield [pieces[number]]
