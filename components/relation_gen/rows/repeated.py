"""Rows that repeat: edges between the same two entities, and tuples of the same members.

| repeated | of such rows |
|---|---|
| `merge` | one is used, that of the smallest value, then of the smallest weight |
| `keep` | each is used |
| `mean` | one is used, of the mean value (by weight) and the sum of their weights |
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from components.common.columns import Index, take
from components.common.hashing import I64
from components.relation_gen.batches import F64, Bools, Edges, Tuples
from relation.compiled import EdgeTable, Repeated

DUPLICATE_EDGE, CONFLICTING_EDGE = "duplicate_edge", "conflicting_edge"
DUPLICATE_ROW, CONFLICTING_ROW = "duplicate_row", "conflicting_row"
AVERAGED_EDGE, AVERAGED_ROW = "averaged_edge", "averaged_row"
"""Warnings: used, though not as a tuple of its own."""


class Repeats(NamedTuple):
    """n rows, sorted so that those that name the same are next to each other, the smallest first.

    Attributes:
      order: rows in that order, intp [n].
      first: the position in `order` of the smallest row that names the same, int64 [n].
      differs: whether a row differs from that one, bool [n].
    """

    order: Index
    first: I64
    differs: Bools

    @property
    def kept(self) -> Bools:
        """Whether a row is the smallest of those that name the same, bool [n]."""
        return self.first == np.arange(len(self.first))

    @property
    def sizes(self) -> I64:
        """How many rows name each of the m things that are named, int64 [m]."""
        return np.diff(np.append(np.flatnonzero(self.kept), len(self.first)))


def repeats(names: Sequence[Any], values: Sequence[Any]) -> Repeats:
    """Sort rows by what they name, then by their values.

    Args:
      names: columns that say what a row names, the most significant last, [n] each.
      values: columns of numbers, the most significant first, [n] each.
    """
    order = np.lexsort((*values[::-1], *names))
    new = np.ones(len(order), dtype=bool)
    if len(order):
        new[1:] = np.any([column[order][1:] != column[order][:-1] for column in names], axis=0)
    first = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    differs = np.zeros(len(order), dtype=bool)
    for column in values:
        differs |= column[order] != column[order][first]
    return Repeats(order, first, differs)


def merge_edges(edges: Edges, table: EdgeTable | None) -> tuple[Edges, dict[str, list[bytes]], int]:
    """One edge for each two entities.

    Args:
      table: the edge list; None: listed negatives, which are merged.

    Returns:
      The edges; ids of those left out, by reason; how many are part of a mean.
    """
    value = edges.value.reshape(len(edges.source), -1)
    weights = [edges.weight] if len(edges.weight) else []
    same = repeats((edges.source, edges.destination), (*value.T, *weights))
    kept = take(edges, same.order[same.kept])
    if table is not None and table.repeated == "mean":
        means, total = _means(same, value, edges.weight)
        kept = dataclasses.replace(
            kept,
            value=means.astype(np.float32).reshape(-1),
            weight=total.astype(np.float32) if weights else kept.weight,
            positive=np.where(same.sizes > 1, table.related(means[:, 0]), kept.positive).astype(
                np.uint8
            ),
        )
        return kept, {}, int((~same.kept).sum())
    skipped = {}
    for reason, rows in (
        (DUPLICATE_EDGE, ~same.kept & ~same.differs),
        (CONFLICTING_EDGE, same.differs),
    ):
        lost = take(edges, same.order[rows])
        pairs = zip(lost.source_id, lost.destination_id, strict=True)
        skipped[reason] = [b" -> ".join(pair) for pair in pairs]
    return kept, skipped, 0


def merge_tuples(tuples: Tuples, repeated: Repeated) -> tuple[Tuples, dict[str, int], int]:
    """Tuples in the order of their keys; those of the same members as `repeated` says.

    Returns:
      The tuples; how many were left out, by reason; how many are part of a mean.
    """
    label = tuples.label.reshape(len(tuples.key), -1)
    same = repeats((tuples.key,), tuple(label.T))
    if repeated == "keep":
        return take(tuples, same.order), {}, 0
    kept = take(tuples, same.order[same.kept])
    if repeated == "mean":
        means, _ = _means(same, label, label[:0, 0])
        return (
            dataclasses.replace(kept, label=means.astype(np.float32).reshape(-1)),
            {},
            int((~same.kept).sum()),
        )
    duplicates, conflicts = int((~same.kept & ~same.differs).sum()), int(same.differs.sum())
    return kept, {DUPLICATE_ROW: duplicates, CONFLICTING_ROW: conflicts}, 0


def _means(same: Repeats, value: Any, weight: Any) -> tuple[F64, F64]:
    """The mean value of the rows that name the same, by their weights, and the sum of these.

    Rows whose weights are all 0 count alike.

    Args:
      value: float [n, width].
      weight: float [n], or empty: rows count alike.

    Returns:
      float64 [m, width] and [m], of the m things that are named.
    """
    values = value[same.order].astype(np.float64)
    n, starts = len(values), np.flatnonzero(same.kept)
    if not n:
        return values, np.zeros(0)
    weights = weight[same.order].astype(np.float64) if len(weight) else np.ones(n)
    total = np.add.reduceat(weights, starts)
    shares = np.where(np.repeat(total > 0, same.sizes), weights, 1.0)
    sums = np.add.reduceat(values * shares[:, None], starts, axis=0)
    return sums / np.add.reduceat(shares, starts)[:, None], total
