"""Lays out index shards and output shards once all rows are counted.

A pure function of counters; it also refuses data from which no tuple can be made.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from components.common.columns import join
from components.common.hashing import I64
from components.relation_gen.index.shard import MAX_TOTAL_WEIGHT
from components.relation_gen.index.side_inputs import Layout, ShardTotal
from components.relation_gen.memory import budget
from components.relation_gen.sampling.base import Candidates
from components.relation_gen.sampling.label_sets import LabelSetTable, make_table
from components.relation_gen.stats import counters
from relation.compiled import CompiledRelation
from relation.core.errors import DataError, show
from relation.names import ENTITIES, TRAIN

OBJECT_BYTES = 150
"""Memory for a member of a tuple besides its serialized features, in bytes."""
MAX_OUTPUT_SHARDS = 99_999
TOP_WEIGHTS = 16
"""Number of heaviest entities that are kept; an anchor may exclude some of them."""


def make_layout(
    relation: CompiledRelation,
    splits: tuple[str, ...],
    shards: int,
    totals: Iterable[ShardTotal],
    counts: counters.Counts,
) -> Layout:
    """Lays out index and output.

    Raises:
      DataError: unusable rows, where the recipe stops the run for them; entities in several splits
        that must be in one; a split from which no tuple can be made.
    """
    _refuse_overlap(relation, counts)
    if relation.bad_rows == "fail":
        _refuse_bad_rows(counts)
    by_split: dict[str, list[ShardTotal]] = {split: [] for split in splits}
    for total in totals:
        by_split[total.split].append(total)
    position_offsets, weight_offsets, candidates, tables, output_shards = {}, {}, {}, {}, {}
    for split, own in by_split.items():
        _check_split(relation, split, own, counts)
        position_offsets[split] = _ends(shards, {total.shard: total.rows for total in own})
        if (weight := sum(total.total_weight for total in own)) > MAX_TOTAL_WEIGHT:
            raise DataError(
                f"split {split!r}: the weights of negatives add up to 2^{weight.bit_length() - 1}; "
                "expected at most 2^62: draw them uniformly, from fewer groups, or by a "
                "popularity that is scaled down"
            )
        weight_offsets[split] = _ends(shards, {total.shard: total.total_weight for total in own})
        candidates[split] = Candidates(
            int(position_offsets[split][-1]),
            int(weight_offsets[split][-1]),
            _top_weights(own, weight_offsets[split]),
        )
        tables[split] = _table(relation, own, position_offsets[split], weight_offsets[split])
        output_shards[split] = _tuple_shards(relation, split, own, counts)
        if split == TRAIN:
            sizes = [_entity_size(relation, name, split, counts)[0] for name in relation.entities]
            output_shards[ENTITIES] = _output_shards(relation, sum(sizes))
    return Layout(position_offsets, weight_offsets, candidates, tables, output_shards)


def _top_weights(totals: list[ShardTotal], weight_offsets: I64) -> tuple[tuple[int, int], ...]:
    """Weight and weight offset of the heaviest entities of all shards.

    Args:
      weight_offsets: where each shard begins on the cumulative-weight axis, int64 [shards + 1].
    """
    each = [
        (weight, int(weight_offsets[total.shard]) + weight_offset)
        for total in totals
        for weight, weight_offset in total.top_weights
    ]
    return tuple(sorted(each, key=lambda one: (-one[0], one[1]))[:TOP_WEIGHTS])


def _ends(shards: int, sizes: Mapping[int, int]) -> I64:
    size = [sizes.get(shard, 0) for shard in range(shards)]
    return np.concatenate([[0], np.cumsum(np.array(size, dtype=np.int64))])


def _table(
    relation: CompiledRelation, totals: list[ShardTotal], position_offsets: I64, weight_offsets: I64
) -> LabelSetTable | None:
    groups = [
        total.label_sets.shifted(
            int(position_offsets[total.shard]), int(weight_offsets[total.shard])
        )
        for total in totals
        if len(total.label_sets)
    ]
    if not groups:
        return None
    negatives = relation.sampling.negative_sampler
    assert negatives is not None
    return make_table(join(groups), negatives.where, negatives.weighted, "relation.source.feature")


def _entity_size(
    relation: CompiledRelation, entity: str, split: str, counts: counters.Counts
) -> tuple[int, int]:
    """Total bytes and number of the entities of a type in a split."""
    home = "*" if entity in relation.shared else split
    size = counters.count_of(counts, home, entity, counters.BYTES)
    return size, counters.count_of(counts, home, entity, counters.ENTITIES)


def _tuple_shards(
    relation: CompiledRelation, split: str, totals: list[ShardTotal], counts: counters.Counts
) -> int:
    expected = sum(total.expected for total in totals)
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


# These rows are not faulty: another row with the same id or ends replaces them.
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
        for reason, counter in counters.matching(counts, split, source, counters.SKIPPED).items():
            if reason not in REPEATED:
                faults.append(f"split {split!r}: {reason} {counter.count}{_shown(counter)}")
    if faults:
        raise DataError(
            f"some rows cannot be used: {'; '.join(faults)}; fix them, or set data.bad_rows: skip "
            "in the recipe"
        )


def _refuse_overlap(relation: CompiledRelation, counts: counters.Counts) -> None:
    for (_, entity, name), counter in sorted(counts.items()):
        if name == counters.OVERLAP and entity not in relation.shared:
            raise DataError(
                f"entity type {entity!r}: {counter.count} ids are in several "
                f"splits{_shown(counter)}; the model would be evaluated on entities that it was "
                f"trained on: split by another unit, or set data.split.shared: [{entity}]"
            )


def _shown(counter: counters.Counter) -> str:
    if not counter.examples:
        return ""
    ids = ", ".join(show(example) for example in counter.examples)
    return f" (ids {ids}{', …' if counter.count > len(counter.examples) else ''})"


def _check_split(
    relation: CompiledRelation, split: str, totals: list[ShardTotal], counts: counters.Counts
) -> None:
    """Checks that a split can make tuples."""
    homes = (split, counters.ANY, counters.UNASSIGNED)
    if relation.tuple_table is not None:
        if not counters.count_of(counts, split, relation.tuple_table.name, counters.USED):
            read = counters.described(counts, homes, relation.tuple_table.name)
            raise DataError(f"split {split!r}: no row can be used ({read}); expected at least one")
        return
    rows = sum(total.rows for total in totals)
    if not rows:
        read = counters.described(counts, homes, relation.candidate)
        raise DataError(f"split {split!r}: no row can be used ({read}); expected at least one")
    if relation.structure == "groups":
        _check_groups(relation, split, totals)
    elif not sum(total.expected for total in totals):
        reason = _NO_LABELS if relation.generated else _NOTHING_RELATED[relation.structure]
        name = relation.related_table or relation.anchor
        read = counters.described(counts, homes, name)
        raise DataError(f"split {split!r}: {reason} ({name}: {read}), so no tuple can be made")
    if relation.weighted and not sum(total.weighing for total in totals):
        raise DataError(
            f"split {split!r}: every weight, {_weight_column(relation)!r}, is 0, so nothing could "
            "be learnt; expected some above 0, or a recipe that names no weight"
        )


def _weight_column(relation: CompiledRelation) -> str | None:
    edges = relation.edge_table
    return relation.sampling.weight if edges is None else edges.weight


_NO_LABELS = "no row has a label"
_NOTHING_RELATED = {
    "edges": "no edge between two entities of the split can be used",
    "tags": _NO_LABELS,
    "ranking": "no two documents of a query differ in grade",
    "scored": "there are no rows",
}


def _check_groups(relation: CompiledRelation, split: str, totals: list[ShardTotal]) -> None:
    feature, sampling = relation.group_by, relation.sampling
    labels = sum(total.groups for total in totals)
    related = sum(total.related for total in totals)
    if sampling.some_negatives and labels == 1:
        raise DataError(
            f"split {split!r}: feature {feature!r} has only the value {totals[0].label}; negatives "
            "need at least two"
        )
    several = any(len(total.label_sets) for total in totals)
    only_negatives = sampling.form == "pairs" and sampling.some_negatives
    if not related and not several and not only_negatives:
        raise DataError(
            f"split {split!r}: no two of the {labels} rows have the same value of feature "
            f"{feature!r}, so no tuple can be made; positives need two rows with the same value"
        )
