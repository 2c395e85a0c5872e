"""Assembles the tuples of one output shard, in a deterministic order."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from components.common.example_wire import float_entries
from components.common.hashing import I64, U64
from components.relation_gen.batches import F32, U16, U32, GatheredMembers, TupleRows
from components.relation_gen.sampling.ranking import NO_DOCUMENT
from components.relation_gen.shuffle_keys import shuffle_priority
from relation.names import NEGATIVE_PROB, RELATION, RELATION_WEIGHT
from relation.spec import LabelKind, Relation

SOME = 2**13
"""Number of tuples assembled at a time."""


class Collected(NamedTuple):
    """Members of a shard, [m]; `piece` is an index into `pieces`, whose first is empty."""

    anchor: U64
    slot: U32
    role: U16
    probability: F32
    piece: I64
    pieces: list[bytes]


def collect(members: Iterable[GatheredMembers]) -> Collected:
    """Collects batches of members one after the other, and releases each once it is read."""
    pieces: list[bytes] = [b""]
    types = (np.uint64, np.uint32, np.uint16, np.float32, np.int64)
    columns: list[list[npt.NDArray[Any]]] = [[np.zeros(0, dtype=dtype)] for dtype in types]
    for part in members:
        index = part.entries.index.astype(np.int64) + len(pieces)
        pieces.extend(part.entries.values)
        parts = (part.anchor, part.slot, part.role, part.probability, index)
        for column, values in zip(columns, parts, strict=True):
            column.append(np.array(values))  # A copy: a view would keep the whole batch.
    anchor, slot, role, probability, piece = (np.concatenate(column) for column in columns)
    return Collected(anchor, slot, role, probability, piece, pieces)


def assemble(
    tuple_rows: TupleRows, members: Iterable[GatheredMembers], relation: Relation
) -> Iterator[list[bytes]]:
    """Yields the serialized features of each tuple: runs in the order of a hash, then slots.

    Args:
      tuple_rows: tuples.
      relation: roles, and which of them may be absent.

    Raises:
      RuntimeError: a tuple lacks a member, or a member has no tuple.
    """
    priority = shuffle_priority(tuple_rows.anchor, tuple_rows.slot)
    order = np.lexsort((tuple_rows.slot, tuple_rows.anchor, priority))
    collected = collect(members)
    pieces = collected.pieces
    t, width = len(order), len(tuple_rows.relation) // max(len(order), 1)
    label = tuple_rows.relation.reshape(t, width)[order]
    piece, probability = _table(
        tuple_rows.anchor[order], tuple_rows.slot[order], collected, relation, label
    )
    weight = tuple_rows.weight[order] if len(tuple_rows.weight) else tuple_rows.weight
    extra = list(tuple_rows.extra_features.values)
    indexed = len(tuple_rows.extra_features) > 0
    extra_index = tuple_rows.extra_features.index[order] if indexed else None
    for begin in range(0, t, SOME):  # Lists of Python objects take several times the memory.
        some = slice(begin, begin + SOME)
        own = _own(label[some], weight[some], probability[some])
        further = extra_index[some].tolist() if extra_index is not None else None
        for i, (row, ours) in enumerate(zip(piece[some].tolist(), own, strict=True)):
            tuple_ = [pieces[number] for number in row]
            tuple_.append(ours)
            if further is not None:
                tuple_.append(extra[further[i]])
            yield tuple_


def _table(
    anchor: U64, slot: U32, collected: Collected, relation: Relation, label: F32
) -> tuple[I64, F32]:
    """The piece (0: none) and the draw probability of each role of each tuple, [t, roles]."""
    roles = len(relation.roles)
    present = _present(len(anchor), relation, label)
    priority = shuffle_priority(collected.anchor, collected.slot)
    order = np.lexsort((collected.role, collected.slot, collected.anchor, priority))
    row, column = np.nonzero(present)
    complete = (
        np.array_equal(collected.anchor[order], anchor[row])
        and np.array_equal(collected.slot[order], slot[row])
        and np.array_equal(collected.role[order], column)
    )
    if not complete:
        raise RuntimeError(
            f"{len(anchor)} tuples of {roles} roles: got {len(order)} members; expected {len(row)}"
        )
    pieces = np.zeros(present.shape, dtype=np.int64)
    pieces[present] = collected.piece[order]
    probability = np.full(present.shape, np.nan, dtype=np.float32)
    probability[present] = collected.probability[order]
    return pieces, probability


def _present(tuples: int, relation: Relation, label: F32) -> npt.NDArray[np.bool_]:
    """Which roles of each tuple are filled, [t, roles]."""
    present = np.ones((tuples, len(relation.roles)), dtype=bool)
    if relation.label is LabelKind.GRADES:
        present[:, : relation.width] = label != NO_DOCUMENT
    return present


def _own(label: F32, weight: F32, probability: F32) -> list[bytes]:
    """Serializes the tuples' own features, [t]."""
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
        # A tuple has all its negatives or none.
        rows = np.flatnonzero(count)
        values = probability[rows][drawn[rows]].reshape(len(rows), most)
        entries = [b""] * t
        for row, data in zip(rows.tolist(), float_entries(NEGATIVE_PROB, values), strict=True):
            entries[row] = data
        columns.append(entries)
    if not columns:
        return [b""] * t
    return [b"".join(parts) for parts in zip(*columns, strict=True)]


def assemble_entities(
    tuple_rows: TupleRows, members: Iterable[GatheredMembers]
) -> Iterator[list[bytes]]:
    """Yields the serialized features of each entity of the `entities` split, in the order of a
    hash."""
    priority = shuffle_priority(tuple_rows.anchor, tuple_rows.slot)
    order = np.lexsort((tuple_rows.slot, tuple_rows.anchor, priority))
    collected = collect(members)
    mine = np.lexsort(
        (collected.slot, collected.anchor, shuffle_priority(collected.anchor, collected.slot))
    )
    if not np.array_equal(collected.anchor[mine], tuple_rows.anchor[order]):
        raise RuntimeError(
            f"got {len(mine)} payloads; expected one for each of {len(order)} entities"
        )
    for number in collected.piece[mine].tolist():
        yield [collected.pieces[number]]
