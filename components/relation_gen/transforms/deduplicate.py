"""Keep one row for each id, and find ids and contents that several splits have."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np

from components.common import example_wire, hashing
from components.common.columns import Index, Strings, join, take
from components.common.rows.row_requirements import EntitySpec
from components.common.shuffle_store import Writer
from components.relation_gen.batches import (
    Contents,
    Edges,
    Endpoints,
    Entities,
    FilteredEdges,
    GroupLabels,
    Indexed,
    Queries,
    Tuples,
)
from components.relation_gen.context import Context
from components.relation_gen.rows import unique_rows
from components.relation_gen.rows.group_key import group_label
from components.relation_gen.rows.repeated import AVERAGED_ROW, merge_tuples
from components.relation_gen.shuffle_keys import (
    Element,
    Gathered,
    ShuffleKey,
    part_of,
    routed,
)
from components.relation_gen.stats import counters
from relation.compiled import CompiledRelation
from relation.names import TRAIN
from relation.spec import LabelKind


@beam.typehints.with_output_types(Element)
@dataclass(eq=False)
class Deduplicate(beam.DoFn):
    """Keep one row for each id: the `Entities` of a partition → those of each split, by partition.

    Tagged outputs: INDEXED, the rows of the dense index, by index shard; ENDPOINTS, the entities
    that edges are joined with, by partition; CONTENTS, by partition of the content's hash.
    """

    TAGS = INDEXED, ENDPOINTS, CONTENTS = "indexed", "endpoints", "contents"

    context: Context

    def process(self, element: Gathered) -> Iterator[Any]:
        (entity, _, partition), refs = element
        context = self.context
        everything: Entities = join(list(context.store.read(refs)))
        repeated = ids_in_several_splits(everything)
        if len(repeated):
            shown = take(everything, repeated[: counters.SHOWN * 100])
            ids = [unique_rows.id_of(payload) for payload in shown.payload]
            where = (counters.ANY, entity, counters.OVERLAP)
            yield counters.tagged(where, counters.of(len(repeated), ids))
        with context.store.writer() as out:
            for code in np.unique(everything.split).tolist():
                home = context.name(entity, code)
                mine = take(everything, np.flatnonzero(everything.split == code))
                unique = unique_rows.unique(mine, context.entities[entity])
                yield from self._counted(home, entity, unique)
                ref = out.add(unique.entities)
                for split in context.splits_of(home):
                    yield ShuffleKey(entity, split, partition), ref
                yield from self._index(out, entity, home, unique.entities)
                if context.lists:
                    entities = unique.entities
                    ends = Endpoints(entities.key, entities.split, entities.group)
                    key = ShuffleKey(entity, "", partition)
                    yield beam.pvalue.TaggedOutput(self.ENDPOINTS, (key, out.add(ends)))
                if home != counters.ANY and len(context.splits) > 1:
                    by_content = contents(unique.entities)
                    index = part_of(by_content.content, context.partitions)
                    for routed_to in routed(out, by_content, index, entity):
                        yield beam.pvalue.TaggedOutput(self.CONTENTS, routed_to)

    def _counted(self, home: str, entity: str, unique: unique_rows.Unique) -> Iterator[Any]:
        size, number = unique.entities.payload.size, len(unique.entities.key)
        used = {counters.ENTITIES: number, counters.BYTES: size}
        skipped = {
            unique_rows.DUPLICATE: unique.duplicates,
            unique_rows.CONFLICTING: unique.conflicts,
        }
        prefix = counters.SKIPPED
        if self.context.relation.tuple_table is not None:
            # Several rows may name one entity.
            del skipped[unique_rows.DUPLICATE]
            prefix = counters.WARNINGS
        else:
            used[counters.USED] = number
        yield from counters.counted(home, entity, used)
        for reason, ids in skipped.items():
            if ids:
                yield counters.tagged((home, entity, prefix + reason), counters.of(len(ids), ids))

    def _index(self, out: Writer, entity: str, home: str, entities: Entities) -> Iterator[Any]:
        """Emits the rows of the dense index, for each split."""
        for batch, index, owner in self._indexed(entity, entities):
            for (_, _, number), ref in routed(out, batch, index, owner):
                splits = (home,) if isinstance(batch, Edges) else self.context.splits_of(home)
                for split in splits:
                    key = ShuffleKey(owner, split, number)
                    yield beam.pvalue.TaggedOutput(self.INDEXED, (key, ref))

    def _indexed(self, entity: str, entities: Entities) -> Iterator[tuple[Any, hashing.I64, str]]:
        """Batches for the index, the shard of each row, int64 [n], and the entity type indexed."""
        context, spec = self.context, self.context.entities[entity]
        if entity == context.indexed:
            index = context.shard_of(entity, entities.key, entities.group)
            columns = entities.key, entities.group, entities.negatives_group, entities.numbers
            yield Indexed(*columns), index, entity
            if spec.group is not None:
                labels = group_labels(spec, entities)
                yield labels, context.shard_of(entity, labels.group, labels.group), entity
        if entity == context.relation.query:
            index = part_of(entities.key, context.partitions)
            yield Queries(entities.key), index, context.relation.primary
        if context.relation.generated and entity == context.relation.anchor:
            labelled, edges = context.relation.candidate, own_label_edges(context, spec, entities)
            index = context.shard_of(labelled, edges.destination, edges.destination)
            yield edges, index, labelled


def ids_in_several_splits(entities: Entities) -> Index:
    """One row for each id that several splits have, [m]."""
    order = np.lexsort((entities.split, entities.key))
    key, split = entities.key[order], entities.split[order]
    same = (key[1:] == key[:-1]) & (split[1:] != split[:-1])
    rows: Index = order[1:][same]
    return rows[np.unique(entities.key[rows], return_index=True)[1]]


def group_labels(spec: EntitySpec, entities: Entities) -> GroupLabels:
    """The labels of each group of some entities."""
    assert spec.group is not None
    feature = spec.rows.names.index(spec.group)
    group, first = np.unique(entities.group, return_index=True)
    labels = [
        group_label(spec, example_wire.values_at(payload, feature))
        for payload in entities.payload.take(first)
    ]
    return GroupLabels(group, entities.negatives_group[first], Strings.of(labels))


def own_label_edges(context: Context, spec: EntitySpec, entities: Entities) -> Edges:
    """Makes edges from entities to their own labels."""
    assert spec.tags is not None
    feature, tags = spec.rows.names.index(spec.tags), context.entities[context.relation.candidate]
    values = [
        sorted(set(example_wire.values_at(payload, feature)) - {b""})
        for payload in entities.payload
    ]
    count = np.array([len(row) for row in values], dtype=np.int64)
    labels = [value for row in values for value in row]
    n, nothing = len(labels), np.zeros(0, dtype=np.int64)
    weight = np.zeros(0, dtype=np.float32)
    column = spec.rows.number(context.relation.sampling.weight)
    if column is not None:
        numbers = entities.numbers.reshape(len(entities.key), -1)[:, column]
        weight = np.repeat(numbers, count).astype(np.float32)
    return Edges(
        source=np.repeat(entities.key, count),
        destination=hashing.hash_values(labels, integers=tags.id.integer),
        split=np.repeat(entities.split, count),
        group=np.repeat(entities.group, count),
        value=np.ones(n, dtype=np.float32),
        weight=weight,
        positive=np.ones(n, dtype=np.uint8),
        shard=nothing.astype(np.int32),
        position=nothing,
        weight_offset=nothing,
        destination_weight=nothing,
        source_id=Strings.of([b""] * n),
        destination_id=Strings.of(labels),
    )


def contents(entities: Entities) -> Contents:
    """Hashes all features of each entity except its id."""
    values = [example_wire.content(payload) for payload in entities.payload]
    return Contents(hashing.hash_values(values, integers=False), entities.split, entities.key)


def equal_contents(contents: Contents) -> int:
    """The number of contents that two splits have under different ids.

    >>> key = np.uint64([1, 2, 3, 3])
    >>> equal_contents(Contents(np.uint64([7, 7, 8, 8]), np.uint8([0, 1, 0, 1]), key))
    1
    """
    order = np.lexsort((contents.key, contents.split, contents.content))
    content, split, key = contents.content[order], contents.split[order], contents.key[order]
    first = np.searchsorted(content, content)
    other = (split != split[first]) & (key != key[first])
    return len(np.unique(content[other]))


@beam.typehints.with_output_types(counters.Counted)
@dataclass(eq=False)
class CountEqualContents(beam.DoFn):
    """The `Contents` of a partition → how many contents two splits have under different ids."""

    context: Context

    def process(self, element: Gathered) -> Iterator[counters.Counted]:
        (entity, _, _), refs = element
        count = equal_contents(join(list(self.context.store.read(refs))))
        if count:
            yield (counters.ANY, entity, counters.EQUAL), counters.Counter(count)


@beam.typehints.with_output_types(Element)
@dataclass(eq=False)
class DeduplicateInlineTuples(beam.DoFn):
    """Merge tuples of the same members, where they are to be: the `Tuples` of a partition → one
    batch; and their positives as `FilteredEdges` of each other split but training."""

    context: Context

    def process(self, element: Gathered) -> Iterator[Any]:
        key, refs = element
        store = self.context.store
        table = self.context.relation.tuple_table
        assert table is not None
        tuples, skipped, averaged = merge_tuples(join(list(store.read(refs))), table.repeated)
        with store.writer() as out:
            yield key, out.add(dataclasses.replace(tuples, candidate_id=Strings.of([])))
            if self.context.relation.filtered:
                positives = positives_of_tuples(tuples, self.context.relation)
                for split in self.context.splits:
                    if split not in (TRAIN, key.split):
                        yield ShuffleKey(key.entity, split, key.number), out.add(positives)
        counts = {counters.USED: len(tuples.key) + averaged}
        counts |= {counters.SKIPPED + reason: count for reason, count in skipped.items()}
        counts[counters.WARNINGS + AVERAGED_ROW] = averaged
        yield from counters.counted(key.split, table.name, counts)


def positives_of_tuples(tuples: Tuples, relation: CompiledRelation) -> FilteredEdges:
    """The first two members of the tuples that say "related", as edges with the ids of the second.

    Their `value` is 0: none is known to be a positive of another split.
    """
    rows = np.arange(len(tuples.key))
    if relation.tuples.label is LabelKind.BINARY:
        rows = np.flatnonzero(tuples.label > 0.5)
    member = tuples.member.reshape(len(tuples.key), -1)[rows]
    nothing: Any = np.zeros(0, dtype=np.int64)
    byte, word = nothing.astype(np.uint8), nothing.astype(np.uint64)
    return FilteredEdges(
        source=member[:, 0],
        destination=member[:, 1],
        split=byte,
        group=word,
        value=np.zeros(len(rows), dtype=np.float32),
        weight=nothing.astype(np.float32),
        positive=byte,
        shard=nothing.astype(np.int32),
        position=nothing,
        weight_offset=nothing,
        destination_weight=nothing,
        source_id=Strings.of([]),
        destination_id=tuples.candidate_id.take(rows),
    )
