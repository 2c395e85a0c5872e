"""What is known once all rows were counted: offsets of the dense index, and output shards.

It is a small pure function of counts; and the place where data is refused that has no tuples.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from components.common.hashing import I64
from components.relation_gen.index.shard import MAX_TOTAL_WEIGHT
from components.relation_gen.memory import budget
from components.relation_gen.sampling.label_sets import LabelSet, LabelSetTable, make_table
from components.relation_gen.sampling.plan import Candidates
from components.relation_gen.stats import counters
from components.relation_gen.stats.counters import show
from relation import kinds
from relation.core.errors import DataError
from relation.materialization import Materialization
from relation.names import ENTITIES, TRAIN
from relation.sampling import PairSampling, Sampling

OBJECT_BYTES = 150
"""What a member of a tuple takes in memory beside its own bytes."""
MAX_OUTPUT_SHARDS = 99_999
TOP_WEIGHTS = 16
"""So many of the heaviest entities are known to every anchor: it may have excluded some."""


@dataclass(frozen=True)
class ShardTotal:
    """Counts of one index shard of one split.

    `total_weight`: of all entities. `top_weights`: weight and weight offset of the heaviest.
    `groups`: labels, or queries. `related`: rows that share their label with another. `label`: one
    of the labels, to be shown. `expected`: about how many tuples it will make. `table`: of each
    group its hash, negatives' group, labels, position, rows, weight offset and weight; where groups
    are related.
    """

    split: str
    shard: int
    rows: int
    total_weight: int
    top_weights: tuple[tuple[int, int], ...]
    groups: int
    related: int
    label: str
    expected: int
    table: tuple[tuple[int, int, tuple[bytes, ...], int, int, int, int], ...] = ()


@dataclass(frozen=True)
class Layout:
    """`places[split]`: where each cell begins in the dense index, and last the number of entities;
    `masses[split]`: likewise on the weighted line, [cells + 1]. `candidates[split]`, `tables`
    [split]: what negatives are drawn from. `shards[output]`: number of files of each split written.
    """

    position_offsets: Mapping[str, I64]
    weight_offsets: Mapping[str, I64]
    candidates: Mapping[str, Candidates]
    tables: Mapping[str, LabelSetTable | None]
    output_shards: Mapping[str, int]


def make_layout(
    request: Materialization,
    splits: tuple[str, ...],
    shards: int,
    totals: Iterable[ShardTotal],
    counts: counters.Counts,
) -> Layout:
    """Lays out index and output.

    Raises:
      DataError: rows that cannot be used, where the recipe says that they stop the run; entities in
        several splits that must not be; a split of which no tuple can be made.
    """
    _refuse_overlap(request, counts)
    if request.bad_rows == "fail":
        _refuse_bad_rows(counts)
    by_split: dict[str, list[ShardTotal]] = {split: [] for split in splits}
    for total in totals:
        by_split[total.split].append(total)
    position_offsets, weight_offsets, candidates, tables, output_shards = {}, {}, {}, {}, {}
    for split, found in by_split.items():
        _check_split(request, split, found, counts)
        position_offsets[split] = _ends(shards, {total.shard: total.rows for total in found})
        if (weight := sum(total.total_weight for total in found)) > MAX_TOTAL_WEIGHT:
            raise DataError(
                f"split {split!r}: the weights of negatives come to 2^{weight.bit_length() - 1}, "
                "and at most 2^62 can be added: draw them uniformly, or from fewer groups"
            )
        weight_offsets[split] = _ends(shards, {total.shard: total.total_weight for total in found})
        candidates[split] = Candidates(
            int(position_offsets[split][-1]),
            int(weight_offsets[split][-1]),
            _top_weights(found, weight_offsets[split]),
        )
        tables[split] = _table(request, found, position_offsets[split], weight_offsets[split])
        output_shards[split] = _tuple_shards(request, split, found, counts)
        if split == TRAIN:
            sizes = [_entity_size(request, name, split, counts)[0] for name in request.entities]
            output_shards[ENTITIES] = _output_shards(request, sum(sizes))
    return Layout(position_offsets, weight_offsets, candidates, tables, output_shards)


def _top_weights(found: list[ShardTotal], weight_offsets: I64) -> tuple[tuple[int, int], ...]:
    """Weight and point of the heaviest entities of all cells."""
    each = [
        (weight, int(weight_offsets[total.shard]) + weight_offset)
        for total in found
        for weight, weight_offset in total.top_weights
    ]
    return tuple(sorted(each, key=lambda one: (-one[0], one[1]))[:TOP_WEIGHTS])


def _ends(shards: int, sizes: Mapping[int, int]) -> I64:
    size = [sizes.get(shard, 0) for shard in range(shards)]
    return np.concatenate([[0], np.cumsum(np.array(size, dtype=np.int64))])


def _table(
    request: Materialization, found: list[ShardTotal], position_offsets: I64, weight_offsets: I64
) -> LabelSetTable | None:
    groups = [
        LabelSet(
            group,
            negatives_group,
            labels,
            int(position_offsets[total.shard]) + start,
            rows,
            int(weight_offsets[total.shard]) + at,
            total_weight,
        )
        for total in found
        for group, negatives_group, labels, start, rows, at, total_weight in total.table
    ]
    if not groups:
        return None
    sampling = getattr(request.relation, "sampling", None)
    assert isinstance(sampling, Sampling)
    negatives = sampling.negatives
    return make_table(groups, negatives.where, negatives.weighted, "relation.source.feature")


def _entity_size(
    request: Materialization, entity: str, split: str, counts: counters.Counts
) -> tuple[int, int]:
    """Bytes and number of the entities of a type that are in a split."""
    home = "*" if entity in request.common else split
    size = counters.count_of(counts, home, entity, counters.BYTES)
    return size, counters.count_of(counts, home, entity, counters.ENTITIES)


def _tuple_shards(
    request: Materialization, split: str, found: list[ShardTotal], counts: counters.Counts
) -> int:
    expected = sum(total.expected for total in found)
    if isinstance(request.relation, kinds.Rows):
        expected = counters.count_of(counts, split, request.relation.source.rows, counters.USED)
    size = 0.0
    for role in request.tuples.roles:
        stored, number = _entity_size(request, role.entity, split, counts)
        size += stored / max(number, 1) + OBJECT_BYTES
    return _output_shards(request, int(size * expected))


def _output_shards(request: Materialization, size: int) -> int:
    most = budget(request.relation.memory_mb).output_shard
    return min(max(-(-size // most), 1), MAX_OUTPUT_SHARDS)


# Not faults of a row: another row with its id, or between its ends, is used in its place.
REPEATED = (
    "duplicate_id",
    "conflicting_id",
    "duplicate_edge",
    "conflicting_edge",
    "duplicate_row",
    "conflicting_row",
)


def _refuse_bad_rows(counts: counters.Counts) -> None:
    faults = []
    for split, source in sorted({(split, source) for split, source, _ in counts}):
        for reason, found in counters.matching(counts, split, source, counters.SKIPPED).items():
            if reason not in REPEATED:
                faults.append(f"split {split!r}: {reason} {found.count}{_shown(found)}")
    if faults:
        raise DataError(
            f"rows that cannot be used: {'; '.join(faults)}; mend them, or let the recipe say "
            "data.bad_rows: skip"
        )


def _refuse_overlap(request: Materialization, counts: counters.Counts) -> None:
    for (_, entity, name), found in sorted(counts.items()):
        if name == counters.OVERLAP and entity not in request.common:
            raise DataError(
                f"entity type {entity!r}: {found.count} ids are in several splits{_shown(found)}; "
                "what is learnt of them in training would be known in evaluation: split by another "
                f"unit, or let the recipe say data.split.shared: [{entity}]"
            )


def _shown(found: counters.Counter) -> str:
    if not found.examples:
        return ""
    ids = ", ".join(show(example) for example in found.examples)
    return f" (ids {ids}{', …' if found.count > len(found.examples) else ''})"


def _check_split(
    request: Materialization, split: str, found: list[ShardTotal], counts: counters.Counts
) -> None:
    """Checks that a split can make tuples."""
    relation = request.relation
    if isinstance(relation, kinds.Rows):
        if not counters.count_of(counts, split, relation.source.rows, counters.USED):
            raise DataError(f"split {split!r}: no row can be used; tuples need some")
        return
    rows = sum(total.rows for total in found)
    if not rows:
        entity = request.ends[1]
        read = counters.count_of(counts, split, entity, counters.READ)
        raise DataError(f"split {split!r}: no row can be used ({read} read); tuples need some")
    if isinstance(relation.source, kinds.SameLabel):
        _check_labels(relation, split, found)
    elif not sum(total.expected for total in found):
        raise DataError(f"split {split!r}: {_NONE[relation.source.type]}, so no tuple can be made")


_NONE = {
    "edges": "no edge between two entities of the split can be used",
    "labels": "no row has a label",
    "graded_group": "no two documents of a query differ in their grade",
    "function": "there are no rows",
}


def _check_labels(relation: kinds.RelationConfig, split: str, found: list[ShardTotal]) -> None:
    assert isinstance(relation.source, kinds.SameLabel)
    feature, sampling = relation.source.feature, relation.sampling
    labels = sum(total.groups for total in found)
    related = sum(total.related for total in found)
    pairs = isinstance(sampling, PairSampling)
    negatives = not isinstance(sampling, PairSampling) or sampling.some_negatives
    if negatives and labels == 1:
        raise DataError(
            f"split {split!r}: feature {feature!r} has one value ({found[0].label}); negatives "
            "need at least two"
        )
    several = any(total.table for total in found)
    if not related and not several and (not pairs or not negatives):
        raise DataError(
            f"split {split!r}: no two of the {labels} rows have the same value of feature "
            f"{feature!r}, so no tuple can be made; positives need two rows with one value"
        )
