"""Pairs and tuples of entities that share a label: groups of the index."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.hashing import I64, Purpose
from components.relation_gen.batches import F32, Bools, IndexShard, ListedNegatives
from components.relation_gen.sampling import base, compose, without_replacement
from components.relation_gen.sampling.base import (
    NOTHING,
    AddressSpace,
    Candidates,
    IndexContext,
    Plan,
    Planned,
    Planner,
    ShardRows,
)
from components.relation_gen.sampling.label_sets import LabelSetTable
from components.relation_gen.sampling.listed_negatives import Listed, choose
from components.relation_gen.sampling.ranges import Chosen, Gap, Ranges
from relation.compiled import CompiledRelation, CompiledSampling


@dataclass(frozen=True)
class Labelled:
    """One index shard of labelled entities, and what its plans depend on besides.

    `position`, `weight_offset`: start of the shard in the index, and on the cumulative-weight axis.
    `table`: relations between groups; None: each group is related to itself only. `weight`:
    `relation_weight` of each anchor, [n]; empty where there is none. `cap`: times that an entity
    may be a positive. `listed`: the listed negatives of each anchor, if any.
    """

    population: IndexShard
    position: int
    weight_offset: int
    candidates: Candidates
    table: LabelSetTable | None
    weight: F32
    cap: int | None
    listed: Listed | None = None

    def are_related(self, listed: ListedNegatives, anchor: I64) -> Bools:
        """Whether the negatives of some rows share a label with their anchors, bool [m].

        Args:
          anchor: positions in the shard, int64 [m].
        """
        population = self.population
        if self.table is not None:
            number = self.table.number(population.group[anchor])
            return self.table.related.has(number, listed.position)
        at = listed.position - self.position
        return (population.start[anchor] <= at) & (at < population.end[anchor])


class GroupPlanner(Planner):
    """Plans tuples of entities that share a group."""

    def plan(self, rows: ShardRows, context: IndexContext) -> Planned:
        """See `Planner`."""
        assert rows.index is not None
        labelled = Labelled(
            rows.index,
            context.position,
            context.weight_offset,
            context.candidates,
            context.table,
            self.anchor_weight(rows.index),
            self.relation.sampling.caps.positives_per_entity,
        )
        counted: dict[str, int] = {}
        if self.relation.negatives_table is not None:
            key, related = rows.index.key, labelled.are_related
            listed, counted = choose(rows.negatives, key, related, self.relation.seed)
            labelled = dataclasses.replace(labelled, listed=listed)
        return Planned(plans(labelled, self.relation), counted)

    def expected_tuples(self, rows: ShardRows) -> int:
        """See `Planner`."""
        assert rows.index is not None
        repeats = anchor_repeats(rows.index, self.relation.sampling)
        return int(repeats.sum()) * per_anchor(self.relation.sampling)


def anchor_repeats(population: IndexShard, sampling: CompiledSampling) -> I64:
    """Times each entity is used as an anchor, int64 [n]: 1, or more with `balance`."""
    size = population.end - population.start
    if sampling.balance is not None:
        whole, rest = np.divmod(sampling.balance, size)
        return np.asarray(whole + (population.rank < rest), dtype=np.int64)
    if sampling.caps.anchors_per_group is not None:
        return (population.rank < sampling.caps.anchors_per_group).astype(np.int64)
    return np.ones(len(size), dtype=np.int64)


def per_anchor(sampling: CompiledSampling) -> int:
    """Number of tuples for one repeat of an anchor; an average with `positive_share`."""
    if sampling.form == "tuples":
        return _count(sampling.per_anchor)
    positives = _count(sampling.positives)
    if sampling.positive_share is not None:
        return max(round(positives / sampling.positive_share), 1)
    return positives + _count(sampling.negatives)


def _members(sampling: CompiledSampling) -> int:
    """Number of members drawn for one repeat of an anchor."""
    pairs = sampling.form == "pairs"
    each = 1 if pairs else _count(sampling.positives) + _count(sampling.negatives)
    return per_anchor(sampling) * each


def _count(number: int | None) -> int:
    assert number is not None  # The recipe's checks refuse `all`.
    return number


def plans(shard: Labelled, relation: CompiledRelation) -> Iterator[Plan]:
    """Plans all tuples of the anchors of a shard."""
    population, sampling = shard.population, relation.sampling
    times = anchor_repeats(population, sampling)
    rows = np.flatnonzero(times)
    used = np.zeros(len(times), dtype=np.int64)
    room = _Room(population, sampling.caps.positives_per_group)
    for part in base.chunks(times[rows] * _members(sampling) + 1):
        some = rows[part]
        yield _plan(shard, relation, some, times[some], used, room)


class _Room:
    """Positives that each group may still get; groups come one after the other."""

    def __init__(self, population: IndexShard, cap: int | None) -> None:
        self._start, self._cap = population.start, cap
        self._group, self._used = -1, 0

    def __call__(self, rows: I64, wanted: I64) -> I64:
        """Number of the wanted positives of each anchor that its group's cap still allows.

        Args:
          rows: anchors, int64 [m].
          wanted: int64 [m].

        Returns:
          int64 [m].
        """
        if self._cap is None or not len(rows):
            return wanted
        start = self._start[rows]
        before = np.cumsum(wanted) - wanted
        first = np.searchsorted(start, start)  # The first anchor here of the same group.
        before = before - before[first]
        before += np.where(start == self._group, self._used, 0)
        allowed = np.clip(self._cap - before, 0, wanted)
        last = start == start[-1]
        carried = self._used if start[-1] == self._group else 0
        self._group, self._used = int(start[-1]), carried + int(allowed[last].sum())
        return allowed


def _plan(
    shard: Labelled, relation: CompiledRelation, rows: I64, times: I64, used: I64, room: _Room
) -> Plan:
    sampling = relation.sampling
    key = shard.population.key[rows]
    weight = shard.weight[rows] if len(shard.weight) else None
    p, k = _count(sampling.positives), _count(sampling.negatives)
    if sampling.form == "pairs":
        wanted = times * p
        positives, others, capped = _positives(shard, relation.seed, rows, wanted, used, room)
        held = np.bincount(positives.row, minlength=len(rows))
        if sampling.positive_share is not None:
            count = compose.negatives_for_share(relation.seed, key, held, sampling.positive_share)
        else:
            count = times * k
        negatives = _negatives(shard, relation, rows, count)
        lacking = np.maximum(wanted - others, 0)
        shortfall = {
            base.NO_POSITIVE: int(lacking[others == 0].sum()),
            base.TOO_FEW_POSITIVES: int(lacking[others > 0].sum()),
            base.CAPPED: capped,
            base.TOO_FEW_NEGATIVES: int(count.sum()) - len(negatives.row),
        }
        positives = _described(positives, np.ones(len(positives.row), dtype=np.float32), weight)
        total = int(wanted.sum() + count.sum())
        return compose.pairs(key, positives, negatives, 1, weight, total, shortfall)
    requested = times * _count(sampling.per_anchor)
    positives, others, _ = _positives(shard, relation.seed, rows, requested * p, used, room)
    negatives = _negatives(shard, relation, rows, requested * k)
    positives = _described(positives, NOTHING, weight)
    caps = sampling.caps
    cycled = caps.positives_per_group is None and caps.positives_per_entity is None
    return compose.tuples(key, requested, positives, others, negatives, (p, k), cycled=cycled)


def _described(
    positives: compose.Positives, relation: F32, weight: F32 | None
) -> compose.Positives:
    weights = NOTHING if weight is None else weight[positives.row]
    return positives._replace(relation=relation, weight=weights)


def _positives(
    shard: Labelled, seed: int, rows: I64, wanted: I64, used: I64, room: _Room
) -> tuple[compose.Positives, I64, int]:
    """Draw distinct positives of some anchors.

    Args:
      rows: anchors, int64 [m].
      wanted: positives of each anchor, int64 [m].
      used: times that each entity of the shard is a positive, int64 [n]; updated in place.

    Returns:
      The positives; the number of related entities of each anchor, int64 [m]; the number of
      positives that caps left out, scalar.
    """
    population = shard.population
    position = rows + shard.position
    ranges: Ranges
    own_rank: I64 | None = None
    if shard.table is None:
        start, end = population.start[rows] + shard.position, population.end[rows] + shard.position
        ranges = Gap(start, end, position, position + 1)
        others = ranges.size()
    else:
        ranges = related = Chosen(shard.table.related, shard.table.number(population.group[rows]))
        others, own_rank = related.size() - 1, related.rank(position)
    possible = np.minimum(wanted, others)
    roomy = room(rows, possible)
    drawn = without_replacement.distinct(
        seed, Purpose.POSITIVES, population.key[rows], roomy, others
    )
    rank = drawn.value
    if own_rank is not None:  # Skip the anchor itself.
        rank = rank + (rank >= own_rank[drawn.row])
    value = ranges.position(drawn.row, rank)
    row, capped = drawn.row, int((possible - roomy).sum())
    if shard.cap is not None:  # Then every positive is in this shard.
        keep = _within(value - shard.position, used, shard.cap)
        capped += int((~keep).sum())
        row, value = row[keep], value[keep]
    positives = compose.Positives(row, AddressSpace.POSITION, value, NOTHING, NOTHING)
    return positives, others, capped


def _within(position: I64, used: I64, cap: int) -> npt.NDArray[np.bool_]:
    """Select positives, in order, until an entity is used `cap` times; count them in `used`.

    Args:
      position: position of each positive in the shard, int64 [p].
      used: times that each entity of the shard is a positive, int64 [n]; updated in place.

    Returns:
      bool [p].
    """
    order = np.argsort(position, kind="stable")
    ordered = position[order]
    nth = np.arange(len(position)) - np.searchsorted(ordered, ordered)
    keep = np.empty(len(position), dtype=bool)
    keep[order] = used[ordered] + nth < cap
    used += np.bincount(position[keep], minlength=len(used))
    return keep


def _negatives(
    shard: Labelled, relation: CompiledRelation, rows: I64, count: I64
) -> compose.Negatives:
    """Draw distinct negatives of some anchors.

    Args:
      rows: anchors, int64 [m].
      count: number of negatives of each anchor, int64 [m].
    """
    if shard.listed is not None:
        return shard.listed.first(rows, count)
    population, drawn_from = shard.population, shard.candidates
    weighted = len(population.cumulative_weight) > 0
    ranges: Ranges
    if shard.table is not None:
        ranges = Chosen(shard.table.allowed, shard.table.number(population.group[rows]))
    elif weighted:
        start, end = population.start[rows], population.end[rows]
        ranges = _all_but(
            population.cumulative_weight[start] + shard.weight_offset,
            population.cumulative_weight[end] + shard.weight_offset,
            drawn_from.total_weight,
        )
    else:
        start, end = population.start[rows] + shard.position, population.end[rows] + shard.position
        ranges = _all_but(start, end, drawn_from.rows)
    top_weights = drawn_from.top_weights if weighted else None
    return compose.draw_negatives(relation.seed, population.key[rows], count, ranges, top_weights)


def _all_but(start: I64, end: I64, total: int) -> Gap:
    return Gap(np.zeros_like(start), np.full_like(end, total), start, end)
