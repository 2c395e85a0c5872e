"""Ordered pairs and lists of the documents of a query: groups sorted by grade."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from components.common.hashing import I64, U64, Purpose
from components.relation_gen.batches import F32, F64, IndexShard
from components.relation_gen.sampling import base, without_replacement
from components.relation_gen.sampling.base import (
    NOTHING,
    AddressSpace,
    IndexContext,
    Plan,
    Planned,
    Planner,
    RoleMembers,
    ShardRows,
)
from relation.compiled import CompiledRelation
from relation.core.splitmix import random_bits
from relation.names import DOCUMENTS_CUT

NO_DOCUMENT = -1.0
"""The grade of an absent document of a list."""


class Graded(NamedTuple):
    """The n documents of one shard, sorted by (query, grade), and their ordered pairs.

    `first`: the first document of each query, [q]. `below`: for each document, the number of
    documents of its query with a lower grade, [n]. `pairs`: ordered pairs of all documents before,
    [n + 1].
    """

    key: U64
    query: U64
    grade: F64
    first: I64
    size: I64
    below: I64
    pairs: I64

    @property
    def possible(self) -> I64:
        """Number of ordered pairs of each query, [q]."""
        return self.pairs[self.first + self.size] - self.pairs[self.first]


class RankingPlanner(Planner):
    """Plans ordered pairs of the documents of a query, or lists of them."""

    def plan(self, rows: ShardRows, context: IndexContext) -> Planned:
        """See `Planner`."""
        assert rows.index is not None
        documents = self._graded(rows.index)
        if self.relation.sampling.form == "lists":
            return Planned(listed(documents, self.relation), {})
        weight = self.anchor_weight(rows.index)
        return Planned(ranked(documents, self.relation, weight), {})

    def expected_tuples(self, rows: ShardRows) -> int:
        """See `Planner`."""
        assert rows.index is not None
        if self.relation.sampling.form == "lists":
            return int((rows.index.position == rows.index.start).sum())
        possible = self._graded(rows.index).possible
        return int(np.minimum(possible, self.relation.sampling.per_anchor or 0).sum())

    def _graded(self, index: IndexShard) -> Graded:
        rows = self.relation.rows[self.relation.anchor]
        return graded(index, rows.number_index(self.relation.grade_by) or 0)


def graded(shard: IndexShard, grade: int) -> Graded:
    """Counts the ordered pairs of a shard.

    Args:
      grade: the column of `numbers` that holds it.
    """
    value, n = shard.number(grade), len(shard.key)
    first = np.flatnonzero(shard.position == shard.start)
    changed = np.r_[True, (value[1:] != value[:-1]) | (shard.group[1:] != shard.group[:-1])][:n]
    same = np.maximum.accumulate(np.where(changed, np.arange(n), 0))  # The first of this grade.
    below = same - shard.start
    pairs = np.concatenate([[0], np.cumsum(below)])
    return Graded(shard.key, shard.group, value, first, np.diff(np.r_[first, n]), below, pairs)


def ranked(documents: Graded, relation: CompiledRelation, weight: F32) -> Iterator[Plan]:
    """Plan distinct ordered pairs (preferred, other) of each query, each pair equally likely.

    The pairs of a query are numbered by preferred document, then by the other; numbers are drawn.

    Args:
      weight: weight of each document, float32 [n], or empty; a pair has that of the preferred one.
    """
    possible, first, most = documents.possible, documents.first, relation.sampling.per_anchor or 0
    requested = np.minimum(possible, most)
    for part in base.chunks(requested + 1):
        key = documents.query[first[part]]
        drawn = without_replacement.distinct(
            relation.seed, Purpose.PAIRS, key, requested[part], possible[part]
        )
        number = drawn.value + documents.pairs[first[part]][drawn.row]
        preferred = np.searchsorted(documents.pairs, number, side="right") - 1
        other = first[part][drawn.row] + number - documents.pairs[preferred]
        anchor = key[drawn.row]
        members = [
            RoleMembers(0, AddressSpace.KEY, documents.key[preferred]),
            RoleMembers(1, AddressSpace.KEY, documents.key[other]),
        ]
        if relation.query is not None:
            members.append(RoleMembers(2, AddressSpace.KEY, anchor))
        lacking = most - requested[part]
        yield Plan(
            anchor=anchor,
            slot=drawn.slot.astype(np.uint32),
            members=tuple(members),
            relation=(documents.grade[preferred] - documents.grade[other]).astype(np.float32),
            weight=weight[preferred] if len(weight) else weight,
            requested=most * len(key),
            shortfall={
                base.ONE_GRADE: int(lacking[possible[part] == 0].sum()),
                base.TOO_FEW_PAIRS: int(lacking[possible[part] > 0].sum()),
            },
        )


def listed(documents: Graded, relation: CompiledRelation) -> Iterator[Plan]:
    """Plans one list for each query: its documents in the order of a hash, cut to a length."""
    length = relation.tuples.width
    for part in base.chunks(documents.size + length):
        first, size = documents.first[part], documents.size[part]
        rows = np.arange(first[0], first[-1] + size[-1])
        owner = np.repeat(np.arange(len(first)), size)
        priority = random_bits(
            relation.seed, Purpose.CUTS, documents.key[rows], np.zeros(1, dtype=np.int64)
        )
        rows = rows[np.lexsort((documents.key[rows], priority, owner))]
        nth = np.arange(len(rows)) - np.repeat(np.cumsum(size) - size, size)
        rows, owner, nth = (column[nth < length] for column in (rows, owner, nth))
        anchor = documents.query[first]
        members, relation_label = [], np.full((len(first), length), NO_DOCUMENT, dtype=np.float32)
        for i in range(min(length, int(size.max(initial=0)))):
            here = nth == i
            members.append(RoleMembers(i, AddressSpace.KEY, documents.key[rows[here]], owner[here]))
            relation_label[owner[here], i] = documents.grade[rows[here]]
        if relation.query is not None:
            members.append(RoleMembers(length, AddressSpace.KEY, anchor))
        yield Plan(
            anchor=anchor,
            slot=np.zeros(len(first), dtype=np.uint32),
            members=tuple(members),
            relation=relation_label.reshape(-1),
            weight=NOTHING,
            requested=len(first),
            shortfall={},
            counts={DOCUMENTS_CUT: int(np.maximum(size - length, 0).sum())},
        )
