"""Puts the tuples of one output shard together: an order that is always the same, joined bytes."""

from collections.abc import Iterator, Sequence

import numpy as np

from components.relation_gen import steps
from components.relation_gen.columns import F32, U32, Heads, Members
from components.relation_gen.keys import I64, U64
from components.relation_gen.wire import example, float_entry
from relation.names import NEGATIVE_PROB, RELATION


def assemble(heads: Sequence[Heads], members: Sequence[Members], roles: int) -> Iterator[bytes]:
    """Yields the serialized tf.Example of each tuple, in the order of their hash.

    Args:
      roles: how many members each tuple has.

    Raises:
      RuntimeError: a tuple lacks a member, or a member its tuple.
    """
    if not heads:
        if members:
            raise RuntimeError("members without tuples")
        return
    anchor = np.concatenate([part.anchor for part in heads])
    slot = np.concatenate([part.slot for part in heads])
    order = np.lexsort((slot, anchor, steps.turn_of(anchor, slot)))
    pieces: list[bytes] = []
    index = []
    for part in members:
        index.append(part.piece.astype(np.int64) + len(pieces))
        pieces.extend(part.pieces)
    rows = _rows(anchor[order], slot[order], members, np.concatenate([*index, _NONE]), roles)
    own, which = _own(
        np.concatenate([part.relation for part in heads])[order],
        np.concatenate([part.probability for part in heads])[order],
    )
    for row, number in zip(rows.tolist(), which.tolist(), strict=True):
        yield example(*[pieces[piece] for piece in row], own[number])


_NONE = np.zeros(0, dtype=np.int64)


def _rows(anchor: U64, slot: U32, members: Sequence[Members], piece: I64, roles: int) -> I64:
    """The pieces of each tuple, [t, roles]."""
    member_anchor = np.concatenate([part.anchor for part in members])
    member_slot = np.concatenate([part.slot for part in members])
    role = np.concatenate([part.role for part in members])
    turn = steps.turn_of(member_anchor, member_slot)
    order = np.lexsort((role, member_slot, member_anchor, turn))
    complete = (
        np.array_equal(member_anchor[order], np.repeat(anchor, roles))
        and np.array_equal(member_slot[order], np.repeat(slot, roles))
        and np.array_equal(role[order], np.tile(np.arange(roles, dtype=np.uint8), len(anchor)))
    )
    if not complete:
        raise RuntimeError(f"{len(anchor)} tuples of {roles} roles got {len(order)} members")
    return piece[order].reshape(-1, roles)


def _own(relation: F32, probability: F32) -> tuple[list[bytes], I64]:
    """The map entries of the tuples' own features: the distinct ones, and which each tuple has."""
    both = np.stack([relation, probability], axis=1).view(np.uint32)  # Bits: NaN equals NaN.
    distinct, which = np.unique(both, axis=0, return_inverse=True)
    entries = []
    for values in distinct.view(np.float32).tolist():
        named = zip((RELATION, NEGATIVE_PROB), values, strict=True)
        entries.append(b"".join(float_entry(n, v) for n, v in named if not np.isnan(v)))
    return entries, which.reshape(-1)
