"""Ordered pairs and lists of the documents of a query: blocks sorted by grade."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from components.common.hashing import I64, U64, random_bits
from components.relation_gen.batches import F32, F64, IndexShard
from components.relation_gen.sampling import compose, plan, without_replacement
from components.relation_gen.sampling.plan import AddressSpace, Members, Plan
from relation.kinds import Lists, RankedPairs

NO_DOCUMENT = -1.0
"""The grade of a document that a list does not have."""
CUT = "documents_cut"


class Graded(NamedTuple):
    """Documents of one cell, n, sorted by (query, grade), and the ordered pairs they make.

    `first`: the first document of each query, [q]. `below`: documents of a lower grade in the query
    of each, [n]. `pairs`: ordered pairs of all documents before, [n + 1].
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
        """Ordered pairs of each query, [q]."""
        return self.pairs[self.first + self.size] - self.pairs[self.first]


def graded(shard: IndexShard, grade: int) -> Graded:
    """Counts the ordered pairs of a cell.

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


def ranked(documents: Graded, relation: RankedPairs, weight: F32, query: bool) -> Iterator[Plan]:
    """Plans distinct ordered pairs (preferred, other) of each query, each pair equally likely.

    The pairs of a query are numbered by the preferred document, then by the other; what is drawn
    are numbers.

    Args:
      weight: of each document, or empty; the preferred one's becomes the pair's.
      query: whether the query itself is a third member.
    """
    possible, first = documents.possible, documents.first
    asked = np.minimum(possible, relation.sampling.pairs_per_group)
    for part in plan.chunks(asked + 1):
        key = documents.query[first[part]]
        drawn = without_replacement.distinct(
            relation.seed, plan.PAIRS, key, asked[part], possible[part]
        )
        number = drawn.value + documents.pairs[first[part]][drawn.row]
        preferred = np.searchsorted(documents.pairs, number, side="right") - 1
        other = first[part][drawn.row] + number - documents.pairs[preferred]
        anchor = key[drawn.row]
        members = [
            Members(0, AddressSpace.KEY, documents.key[preferred]),
            Members(1, AddressSpace.KEY, documents.key[other]),
        ]
        if query:
            members.append(Members(2, AddressSpace.KEY, anchor))
        lacking = relation.sampling.pairs_per_group - asked[part]
        yield Plan(
            anchor=anchor,
            slot=drawn.slot.astype(np.uint32),
            members=tuple(members),
            relation=(documents.grade[preferred] - documents.grade[other]).astype(np.float32),
            weight=weight[preferred] if len(weight) else weight,
            asked=relation.sampling.pairs_per_group * len(key),
            shortfall={
                plan.ONE_GRADE: int(lacking[possible[part] == 0].sum()),
                plan.TOO_FEW_PAIRS: int(lacking[possible[part] > 0].sum()),
            },
        )


def listed(documents: Graded, relation: Lists, query: bool) -> Iterator[Plan]:
    """Plans one list of each query: its documents in the order of a hash, cut to a length.

    Args:
      query: whether the query itself is a further member, after the documents.
    """
    length = relation.sampling.length
    for part in plan.chunks(documents.size + length):
        first, size = documents.first[part], documents.size[part]
        rows = np.arange(first[0], first[-1] + size[-1])
        owner = np.repeat(np.arange(len(first)), size)
        priority = random_bits(
            relation.seed, plan.CUTS, documents.key[rows], np.zeros(1, dtype=np.int64)
        )
        rows = rows[np.lexsort((documents.key[rows], priority, owner))]
        nth = np.arange(len(rows)) - np.repeat(np.cumsum(size) - size, size)
        rows, owner, nth = (column[nth < length] for column in (rows, owner, nth))
        anchor = documents.query[first]
        members, relation_label = [], np.full((len(first), length), NO_DOCUMENT, dtype=np.float32)
        for i in range(min(length, int(size.max(initial=0)))):
            here = nth == i
            members.append(Members(i, AddressSpace.KEY, documents.key[rows[here]], owner[here]))
            relation_label[owner[here], i] = documents.grade[rows[here]]
        if query:
            members.append(Members(length, AddressSpace.KEY, anchor))
        yield Plan(
            anchor=anchor,
            slot=np.zeros(len(first), dtype=np.uint32),
            members=tuple(members),
            relation=relation_label.reshape(-1),
            weight=compose.NOTHING,
            asked=len(first),
            shortfall={},
            counts={CUT: int(np.maximum(size - length, 0).sum())},
        )
