"""What is known once all rows were counted: offsets of the dense index, and output shards.

It is a small pure function of counts; and the place where data is refused that has no tuples.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from components.common.hashing import I64
from components.relation_gen.index.shard import MAX_TOTAL_WEIGHT
from components.relation_gen.memory import budget
from components.relation_gen.sampling.base import Candidates
from components.relation_gen.sampling.label_sets import LabelSet, LabelSetTable, make_table
from components.relation_gen.stats import counters
from relation.compiled import CompiledRelation
from relation.core.errors import DataError, show
from relation.names import ENTITIES, TRAIN

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
    relation: CompiledRelation,
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
    _refuse_overlap(relation, counts)
    if relation.bad_rows == "fail":
        _refuse_bad_rows(counts)
    by_split: dict[str, list[ShardTotal]] = {split: [] for split in splits}
    for total in totals:
        by_split[total.split].append(total)
    position_offsets, weight_offsets, candidates, tables, output_shards = {}, {}, {}, {}, {}
    for split, found in by_split.items():
        _check_split(relation, split, found, counts)
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
        tables[split] = _table(relation, found, position_offsets[split], weight_offsets[split])
        output_shards[split] = _tuple_shards(relation, split, found, counts)
        if split == TRAIN:
            sizes = [_entity_size(relation, name, split, counts)[0] for name in relation.entities]
            output_shards[ENTITIES] = _output_shards(relation, sum(sizes))
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
    relation: CompiledRelation, found: list[ShardTotal], position_offsets: I64, weight_offsets: I64
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
    negatives = relation.sampling.negative_sampler
    assert negatives is not None
    return make_table(groups, negatives.where, negatives.weighted, "relation.source.feature")


def _entity_size(
    relation: CompiledRelation, entity: str, split: str, counts: counters.Counts
) -> tuple[int, int]:
    """Bytes and number of the entities of a type that are in a split."""
    home = "*" if entity in relation.shared else split
    size = counters.count_of(counts, home, entity, counters.BYTES)
    return size, counters.count_of(counts, home, entity, counters.ENTITIES)


def _tuple_shards(
    relation: CompiledRelation, split: str, found: list[ShardTotal], counts: counters.Counts
) -> int:
    expected = sum(total.expected for total in found)
    if relation.tuple_table is not None:
        expected = counters.count_of(counts, split, relation.tuple_table.name, counters.USED)
    size = 0.0
    for role in relation.tuples.roles:
        stored, number = _entity_size(relation, role.entity, split, counts)
        size += stored / max(number, 1) + OBJECT_BYTES
    return _output_shards(relation, int(size * expected))


def _output_shards(relation: CompiledRelation, size: int) -> int:
    most = budget(relation.memory_mb).output_shard
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


def _refuse_overlap(relation: CompiledRelation, counts: counters.Counts) -> None:
    for (_, entity, name), found in sorted(counts.items()):
        if name == counters.OVERLAP and entity not in relation.shared:
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
    relation: CompiledRelation, split: str, found: list[ShardTotal], counts: counters.Counts
) -> None:
    """Checks that a split can make tuples."""
    if relation.tuple_table is not None:
        if not counters.count_of(counts, split, relation.tuple_table.name, counters.USED):
            raise DataError(f"split {split!r}: no row can be used; tuples need some")
        return
    rows = sum(total.rows for total in found)
    if not rows:
        read = counters.count_of(counts, split, relation.candidate, counters.READ)
        raise DataError(f"split {split!r}: no row can be used ({read} read); tuples need some")
    if relation.structure == "groups":
        _check_groups(relation, split, found)
    elif not sum(total.expected for total in found):
        reason = _NO_LABELS if relation.generated else _NOTHING_RELATED[relation.structure]
        raise DataError(f"split {split!r}: {reason}, so no tuple can be made")


_NO_LABELS = "no row has a label"
_NOTHING_RELATED = {
    "edges": "no edge between two entities of the split can be used",
    "tags": _NO_LABELS,
    "ranking": "no two documents of a query differ in their grade",
    "scored": "there are no rows",
}


def _check_groups(relation: CompiledRelation, split: str, found: list[ShardTotal]) -> None:
    feature, sampling = relation.group_by, relation.sampling
    labels = sum(total.groups for total in found)
    related = sum(total.related for total in found)
    if sampling.some_negatives and labels == 1:
        raise DataError(
            f"split {split!r}: feature {feature!r} has one value ({found[0].label}); negatives "
            "need at least two"
        )
    several = any(total.table for total in found)
    only_negatives = sampling.form == "pairs" and sampling.some_negatives
    if not related and not several and not only_negatives:
        raise DataError(
            f"split {split!r}: no two of the {labels} rows have the same value of feature "
            f"{feature!r}, so no tuple can be made; positives need two rows with one value"
        )
