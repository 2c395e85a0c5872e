"""Pairs and tuples of entities that an edge connects; no negative is a neighbour of its anchor."""

import functools
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

import numpy as np

from components.common.columns import Dictionary, Index, Strings, cut, take
from components.common.hashing import I64, U64, Purpose
from components.relation_gen.batches import (
    CAPPED,
    F32,
    NO_POSITIVE,
    POSITIVE,
    Bools,
    Edges,
    FilteredEdges,
    IndexShard,
    ListedNegatives,
)
from components.relation_gen.sampling import base, compose
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
from components.relation_gen.sampling.listed_negatives import (
    NO_ANCHOR,
    Listed,
    are_pairs,
    choose,
    of_anchors,
)
from components.relation_gen.sampling.ranges import Union
from components.relation_gen.stats import counters
from relation.compiled import MAX_FILTERED_IDS, CompiledRelation, CompiledSampling
from relation.core.splitmix import random_bits
from relation.names import FILTERED_IDS, POSITIVE_IDS

E = TypeVar("E", bound=Edges)


class Own(NamedTuple):
    """Anchors as ranges among the candidates, int64 [n]: position and size, and the bounds of their
    group. By weight: weight offset and weight."""

    position: I64
    size: I64
    start: I64
    end: I64


class Filtered(NamedTuple):
    """Positives of n anchors in other splits: those of anchor i are edges[bounds[i]:bounds[i + 1]],
    and those that are most often a positive here come first."""

    bounds: I64
    edges: FilteredEdges

    @property
    def anchor(self) -> I64:
        """The anchor of each edge, int64 [m]."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))


class Anchors(NamedTuple):
    """Edges by anchor: those of anchor i are edges[bounds[i]:bounds[i + 1]], in a hash's order.

    `own`: None where anchors are not candidates. `listed`: the listed negatives of each anchor, if
    any. `filtered`: their positives in other splits, in evaluation.
    """

    key: U64
    bounds: I64
    edges: Edges
    own: Own | None
    listed: Listed | None = None
    filtered: Filtered | None = None


class Setting(NamedTuple):
    """Settings for all anchors: the relation, the candidates, and the type of their ids."""

    relation: CompiledRelation
    candidates: Candidates
    integer_ids: bool

    @property
    def weighted(self) -> bool:
        """Whether negatives are drawn by weight."""
        sampler = self.relation.sampling.negative_sampler
        return sampler is not None and sampler.weighted


class EdgePlanner(Planner):
    """Plans tuples of entities that edges connect."""

    def plan(self, rows: ShardRows, context: IndexContext) -> Planned:
        """See `Planner`. `rows.index` is given where anchors are candidates themselves."""
        if rows.edges is None:
            lost = 0 if rows.negatives is None else len(rows.negatives.source)
            return Planned(iter(()), {counters.SKIPPED + NO_ANCHOR: lost})
        edges = take(rows.edges, order(rows.edges, self.relation.seed))
        first = np.flatnonzero(np.r_[True, edges.source[1:] != edges.source[:-1]])
        key, bounds = edges.source[first], np.r_[first, len(edges.source)]
        own = None if rows.index is None else _own(rows.index, key, context)
        filtered = None
        if rows.filtered is not None:
            filtered = filtered_of(rows.filtered, key, self.relation.seed)
        anchors = Anchors(key, bounds, edges, own, filtered=filtered)
        setting = Setting(self.relation, context.candidates, self.integer_ids)
        counted: dict[str, int] = {}
        if self.relation.negatives_table is not None:
            related = functools.partial(are_known, anchors, setting)
            listed, counted = choose(rows.negatives, key, related, self.relation.seed)
            anchors = anchors._replace(listed=listed)
        return Planned(plans(anchors, setting), counted)

    def expected_tuples(self, rows: ShardRows) -> int:
        """See `Planner`."""
        if rows.edges is None:
            return 0
        sampling = self.relation.sampling
        each = 1 + (sampling.negatives or 0) if sampling.form == "pairs" else 1
        return len(rows.edges.source) * each


def _own(index: IndexShard, key: U64, context: IndexContext) -> Own:
    """Locates anchors among the entities of their shard.

    Args:
      key: of the anchors, uint64 [n].
    """
    order = np.argsort(index.key, kind="stable")
    at = order[np.searchsorted(index.key[order], key)]
    if not len(index.weights):
        begin = context.position
        return Own(at + begin, np.ones_like(at), index.start[at] + begin, index.end[at] + begin)
    offset = index.cumulative_weight + context.weight_offset
    size = index.weights[at]
    return Own(offset[at], size, offset[index.start[at]], offset[index.end[at]])


def filtered_of(edges: FilteredEdges, key: U64, seed: int) -> Filtered:
    """Order the positives of other splits by anchor.

    Args:
      key: of the anchors, uint64 [n].
    """
    edges, anchor = of_anchors(edges, key)
    priority = random_bits(seed, Purpose.POSITIVES, edges.source, edges.destination)
    order = np.lexsort((edges.destination, priority, -edges.value, anchor))
    return Filtered(np.searchsorted(anchor[order], np.arange(len(key) + 1)), take(edges, order))


def order(edges: Edges, seed: int) -> Index:
    """Sort order of edges by anchor, then by a hash of seed and both ends, intp [e]."""
    priority = random_bits(seed, Purpose.POSITIVES, edges.source, edges.destination)
    value = edges.value.reshape(len(priority), -1)
    weight = [edges.weight] if len(edges.weight) else []
    return np.lexsort((*weight, *value.T[::-1], edges.destination, priority, edges.source))


def plans(anchors: Anchors, setting: Setting) -> Iterator[Plan]:
    """Plans all tuples of some anchors."""
    held = np.diff(anchors.bounds)
    beside = 0 if anchors.filtered is None else np.diff(anchors.filtered.bounds)
    for part in base.chunks(held + beside + _members(setting.relation.sampling, held)):
        yield _plan(_slice(anchors, part), setting)


def _members(sampling: CompiledSampling, held: I64) -> I64:
    """Approximate number of members drawn for each anchor, [n], given its number of edges
    `held`."""
    p, k = sampling.positives, sampling.negatives or 0
    if sampling.form == "tuples":
        return _count(sampling.per_anchor, held) * ((p or 0) + k)
    positives = np.minimum(_count(p, held), held)
    if sampling.positive_share is not None:
        return np.ceil(positives / sampling.positive_share).astype(np.int64)
    return positives + k


def _slice(anchors: Anchors, part: slice) -> Anchors:
    own, listed, filtered = anchors.own, anchors.listed, anchors.filtered
    stretch = slice(part.start, part.stop + 1)
    return Anchors(
        anchors.key[part],
        *_stretch(anchors.bounds[stretch], anchors.edges),
        Own(*(column[part] for column in own)) if own is not None else None,
        listed._replace(bounds=listed.bounds[stretch]) if listed else None,
        Filtered(*_stretch(filtered.bounds[stretch], filtered.edges)) if filtered else None,
    )


def _stretch(bounds: I64, edges: E) -> tuple[I64, E]:
    """The edges of some anchors in a row, and the bounds of each anchor's among them."""
    return bounds - bounds[0], cut(edges, int(bounds[0]), int(bounds[-1]))


def _plan(anchors: Anchors, setting: Setting) -> Plan:
    """The tuples of some anchors."""
    row = np.repeat(np.arange(len(anchors.key)), np.diff(anchors.bounds))
    sampling = setting.relation.sampling
    form = _pairs if sampling.form == "pairs" else _tuples
    return form(anchors, row, setting, sampling)


def _pairs(anchors: Anchors, row: I64, setting: Setting, sampling: CompiledSampling) -> Plan:
    """Plan pairs: an edge of any value is a pair, and its value the label.

    Args:
      row: the anchor of each edge, int64 [e].
    """
    key, edges, seed = anchors.key, anchors.edges, setting.relation.seed
    valued = setting.relation.edge_table is not None and setting.relation.edge_table.value
    usable = edges.positive != CAPPED if valued else edges.positive == POSITIVE
    related = are_positive(edges, setting.relation)
    held = np.bincount(row[related], minlength=len(key))
    wanted = _count(sampling.positives, held)
    positives = _first(anchors, row, usable, wanted)
    value = edges.value.reshape(len(row), -1)[positives]
    had = np.bincount(row[positives], minlength=len(key))
    if sampling.positive_share is not None:
        count = compose.negatives_for_share(seed, key, had, sampling.positive_share)
    else:
        count = np.full(len(key), sampling.negatives or 0)
    negatives = _negatives(anchors, setting, row, count)
    lacking = np.maximum(wanted - held, 0)
    return compose.pairs(
        key,
        _described(edges, row, positives, value.reshape(-1)),
        negatives,
        setting.relation.tuples.width,
        _weight_of_negatives(anchors, setting),
        int(wanted.sum() + count.sum()),
        {
            base.NO_POSITIVE: int(lacking[held == 0].sum()),
            base.TOO_FEW_POSITIVES: int(lacking[held > 0].sum()),
            base.CAPPED: int((wanted - lacking - had).sum()),
            base.TOO_FEW_NEGATIVES: int(count.sum()) - len(negatives.row),
        },
        _known(anchors, setting),
    )


def are_known(anchors: Anchors, setting: Setting, listed: ListedNegatives, anchor: I64) -> Bools:
    """Whether the negatives of some rows are known positives of their anchors, [m]."""
    related = np.flatnonzero(are_positive(anchors.edges, setting.relation))
    row = np.repeat(np.arange(len(anchors.key)), np.diff(anchors.bounds))[related]
    destination = anchors.edges.destination[related]
    if (filtered := anchors.filtered) is not None:
        row = np.concatenate([row, filtered.anchor])
        destination = np.concatenate([destination, filtered.edges.destination])
    return are_pairs(anchor, listed.destination, row, destination)


def are_positive(edges: Edges, relation: CompiledRelation) -> Bools:
    """Which edges no negative may repeat, bool [e]: among valued pairs, all of them."""
    table = relation.edge_table
    if table is not None and table.value is not None and relation.sampling.form == "pairs":
        return np.ones(len(edges.source), dtype=bool)
    return edges.positive != NO_POSITIVE


def _tuples(anchors: Anchors, row: I64, setting: Setting, sampling: CompiledSampling) -> Plan:
    """Plan tuples of positive edges.

    Args:
      row: the anchor of each edge, int64 [e].
    """
    key, edges = anchors.key, anchors.edges
    p, k = sampling.positives or 0, sampling.negatives or 0
    held = np.bincount(row[edges.positive != NO_POSITIVE], minlength=len(key))
    wanted = _count(sampling.per_anchor, held)
    positives = _first(anchors, row, edges.positive == POSITIVE, wanted * p)
    return compose.tuples(
        key,
        wanted,
        _described(edges, row, positives, NOTHING),
        held,
        _negatives(anchors, setting, row, wanted * k),
        (p, k),
        _known(anchors, setting),
        cycled=sampling.caps.positives_per_entity is None,
    )


def _first(anchors: Anchors, row: I64, usable: Bools, wanted: I64) -> I64:
    """The first `wanted` usable edges of each anchor.

    Args:
      row: the anchor of each edge, int64 [e].
      usable: bool [e].
      wanted: int64 [n].

    Returns:
      Edge numbers in order, int64 [p].
    """
    before: I64 = np.cumsum(usable) - usable
    nth: I64 = before - before[anchors.bounds[:-1]][row]
    return np.flatnonzero(usable & (nth < wanted[row]))


def _described(edges: Edges, row: I64, used: I64, relation: F32) -> compose.Positives:
    weight = edges.weight[used] if len(edges.weight) else edges.weight
    return compose.Positives(row[used], AddressSpace.KEY, edges.destination[used], relation, weight)


def _weight_of_negatives(anchors: Anchors, setting: Setting) -> F32 | None:
    """`relation_weight` of each anchor's negatives: 1, or the anchor's own weight if it has one.

    Returns:
      float32 [n]; None where edges have no weight.
    """
    weight = anchors.edges.weight
    if not len(weight):
        return None
    if setting.relation.edge_table is None:  # All edges of an anchor have the anchor's weight.
        return weight[anchors.bounds[:-1]]
    return np.ones(len(anchors.key), dtype=np.float32)


def _count(number: int | None, held: I64) -> I64:
    """The given number for each anchor, or all that it has, [n]."""
    return held if number is None else np.full(len(held), number)


def _negatives(anchors: Anchors, setting: Setting, row: I64, count: I64) -> compose.Negatives:
    if anchors.listed is not None:
        return anchors.listed.first(np.arange(len(anchors.key)), count)
    weighted = setting.weighted
    start, size = _ranges(anchors.edges, weighted)
    if (filtered := anchors.filtered) is not None:
        row = np.concatenate([row, filtered.anchor])
        elsewhere = _ranges(filtered.edges, weighted)
        start, size = (np.concatenate(pair) for pair in zip((start, size), elsewhere, strict=True))
    if anchors.own is not None:  # An anchor is not its own negative.
        row = np.concatenate([row, np.arange(len(anchors.key))])
        start = np.concatenate([start, anchors.own.position])
        size = np.concatenate([size, anchors.own.size])
    end = start + size
    low = np.zeros(len(anchors.key), dtype=np.int64)
    total = setting.candidates.total_weight if weighted else setting.candidates.rows
    high = np.full_like(low, total)
    sampler = setting.relation.sampling.negative_sampler
    if sampler is not None and sampler.where != "anywhere":
        assert anchors.own is not None
        inside = (start >= anchors.own.start[row]) & (start < anchors.own.end[row])
        if sampler.where == "within":
            low, high = anchors.own.start, anchors.own.end
            row, start, end = row[inside], start[inside], end[inside]
        else:
            row = np.concatenate([row[~inside], np.arange(len(anchors.key))])
            start = np.concatenate([start[~inside], anchors.own.start])
            end = np.concatenate([end[~inside], anchors.own.end])
    # Two edges may name one entity; its position is left out once.
    sort = np.lexsort((end, start, row))
    row, start, end = row[sort], start[sort], end[sort]
    changed = (row[1:] != row[:-1]) | (start[1:] != start[:-1]) | (end[1:] != end[:-1])
    new = np.r_[True, changed][: len(row)]
    row, start, end = row[new], start[new], end[new]
    bounds = np.searchsorted(row, np.arange(len(anchors.key) + 1))
    ranges = Union.outside(start, end, bounds, low, high)
    top_weights = setting.candidates.top_weights if weighted else None
    return compose.draw_negatives(setting.relation.seed, anchors.key, count, ranges, top_weights)


def _ranges(edges: Edges, weighted: bool) -> tuple[I64, I64]:
    """Where the destinations of edges begin among the candidates, and their sizes, int64 [e]."""
    if weighted:
        return edges.weight_offset, edges.destination_weight
    return edges.position, np.ones_like(edges.position)


def _known(anchors: Anchors, setting: Setting) -> Dictionary:
    """Serializes the ids of each anchor's known positives, of its split and of others."""
    most, filtered = setting.relation.sampling.known_positives, anchors.filtered
    if not most and not setting.relation.filtered:  # Else all tuples need them, be they empty.
        return compose.NO_EXTRA_FEATURES
    features = [b""] * len(anchors.key)
    if most:
        rows = np.flatnonzero(anchors.edges.positive != NO_POSITIVE)
        ids, bounds = anchors.edges.destination_id.take(rows), np.searchsorted(rows, anchors.bounds)
        compose.add_ids(features, POSITIVE_IDS, ids, bounds, most, setting.integer_ids)
    if filtered is not None:
        ids, most = filtered.edges.destination_id, MAX_FILTERED_IDS
        compose.add_ids(features, FILTERED_IDS, ids, filtered.bounds, most, setting.integer_ids)
    return Dictionary(np.arange(len(features), dtype=np.int32), Strings.of(features))
