"""Keeps one row an id, and counts ids and contents that several splits have."""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from components.common import example_wire, hashing, shuffle_store
from components.common.row_requirements import EntitySpec
from components.relation_gen.batches import (
    Edges,
    Endpoints,
    Entities,
    GroupLabels,
    Indexed,
    Queries,
    Strings,
    join,
    take,
)
from components.relation_gen.context import ANY, Context, range_of
from components.relation_gen.rows import deduplicate
from components.relation_gen.rows.group_key import group_label
from components.relation_gen.shuffle_keys import COUNTS, population, routed, shuffle_key, split_key
from components.relation_gen.stats import counters

Refs = tuple[str, Iterable[shuffle_store.Ref]]


def counted(name: str, input_name: str, counts: dict[str, int]) -> Iterator[Any]:
    """Counts without examples; zeros are left out."""
    for what, count in counts.items():
        if count:
            yield beam.pvalue.TaggedOutput(
                COUNTS, ((name, input_name, what), counters.Counter(count))
            )


class Deduplicate(beam.DoFn):
    """(block, Refs of Entities) → (block of one population, Ref of Entities), one row an id.

    Outputs beside: INDEXED by cell, ENDS by block, CONTENT by block of the content's hash.
    """

    TAGS = INDEXED, ENDPOINTS, CONTENT = "indexed", "ends", "content"

    def __init__(self, context: Context) -> None:
        self._context = context

    def process(self, element: Refs) -> Iterator[Any]:
        """Handles one block."""
        key, refs = element
        entity, partition = split_key(key)
        context, spec = self._context, self._context.entities[entity]
        everything = join(list(shuffle_store.read(refs)))
        yield from self._overlap(entity, everything)
        inline = context.relation.tuple_table is not None
        with shuffle_store.Writer(context.shuffle_folder) as out:
            for code in np.unique(everything.split).tolist():
                name = context.name(entity, code)
                mine = take(everything, np.flatnonzero(everything.split == code))
                found = deduplicate.unique(mine, spec)
                ref = out.add(found.entities)
                for split in context.splits_of(name):
                    yield shuffle_key(population(entity, split), partition), ref
                yield from self._emit(out, entity, name, partition, found.entities)
                size = len(found.entities.payload.data)
                used = {counters.ENTITIES: len(found.entities.key), counters.BYTES: size}
                if not inline:
                    used[counters.USED] = len(found.entities.key)
                yield from counted(name, entity, used)
                skipped = {
                    deduplicate.DUPLICATE: found.duplicates,
                    deduplicate.CONFLICTING: found.conflicts,
                }
                if inline:  # A row may well name an entity that another row names.
                    skipped = {deduplicate.CONFLICTING: found.conflicts}
                for reason, ids in skipped.items():
                    if ids:
                        kind = counters.WARNINGS if inline else counters.SKIPPED
                        yield beam.pvalue.TaggedOutput(
                            COUNTS, ((name, entity, kind + reason), counters.of(len(ids), ids))
                        )

    def _overlap(self, entity: str, found: Entities) -> Iterator[Any]:
        """Counts ids that are in several splits."""
        order = np.lexsort((found.split, found.key))
        key, split = found.key[order], found.split[order]
        same = (key[1:] == key[:-1]) & (split[1:] != split[:-1])
        rows = order[1:][same]
        rows = rows[np.unique(found.key[rows], return_index=True)[1]]
        if len(rows):
            shown = take(found, rows[: counters.SHOWN * 100])
            ids = [deduplicate.id_of(payload) for payload in shown.payload]
            where = (ANY, entity, counters.OVERLAP)
            yield beam.pvalue.TaggedOutput(COUNTS, (where, counters.of(len(rows), ids)))

    def _emit(
        self, out: shuffle_store.Writer, entity: str, name: str, partition: int, found: Entities
    ) -> Iterator[Any]:
        context, spec = self._context, self._context.entities[entity]
        tag = beam.pvalue.TaggedOutput
        if entity == context.indexed:
            shard = context.shard_of(entity, found.key, found.group)
            indexed = Indexed(found.key, found.group, found.negatives_group, found.numbers)
            parts: list[tuple[Any, hashing.I64]] = [(indexed, shard)]
            if spec.group is not None:
                labelled = group_labels(spec, found)
                index = context.shard_of(entity, labelled.group, labelled.group)
                parts.append((labelled, index))
            for part, index in parts:
                for where, ref in routed(out, part, index, entity):
                    for split in context.splits_of(name):
                        at = shuffle_key(population(entity, split), split_key(where)[1])
                        yield tag(self.INDEXED, (at, ref))
        if context.lists:
            ends = Endpoints(found.key, found.split, found.group)
            yield tag(self.ENDPOINTS, (shuffle_key(entity, partition), out.add(ends)))
        if entity == context.relation.query:
            index = range_of(found.key, context.shards)
            for at, ref in routed(out, Queries(found.key), index, entity):
                for split in context.splits_of(name):
                    documents = population(context.relation.primary, split)
                    yield tag(self.INDEXED, (shuffle_key(documents, split_key(at)[1]), ref))
        if context.relation.generated and entity == context.relation.anchor:
            edges = own_labels(context, spec, found)
            index = context.shard_of(
                context.relation.candidate, edges.destination, edges.destination
            )
            labels = population(context.relation.candidate, name)
            for where, ref in routed(out, edges, index, labels):
                yield tag(self.INDEXED, (where, ref))
        if name != ANY and len(context.splits) > 1:
            content = hashing.hash_values(
                [example_wire.content(payload) for payload in found.payload], integers=False
            )
            contents = Endpoints(content, found.split, found.key)
            for where, ref in routed(out, contents, range_of(content, context.partitions), entity):
                yield tag(self.CONTENT, (where, ref))


def group_labels(spec: EntitySpec, found: Entities) -> GroupLabels:
    """What the blocks of some entities stand for."""
    assert spec.group is not None
    at = spec.rows.names.index(spec.group)
    group, first = np.unique(found.group, return_index=True)
    payloads = found.payload.take(first)
    labels = [group_label(spec, example_wire.values_at(payload, at)) for payload in payloads]
    return GroupLabels(group, found.negatives_group[first], Strings.of(labels))


def own_labels(context: Context, spec: EntitySpec, found: Entities) -> Edges:
    """Edges from entities to their own labels."""
    assert spec.tags is not None
    at, tags = spec.rows.names.index(spec.tags), context.entities[context.relation.candidate]
    values = [sorted(set(example_wire.values_at(payload, at)) - {b""}) for payload in found.payload]
    count = np.array([len(row) for row in values], dtype=np.int64)
    labels = [value for row in values for value in row]
    n, nothing = len(labels), np.zeros(0, dtype=np.int64)
    weight = np.zeros(0, dtype=np.float32)
    column = spec.rows.number(context.relation.sampling.weight)
    if column is not None:
        numbers = found.numbers.reshape(len(found.key), -1)[:, column]
        weight = np.repeat(numbers, count).astype(np.float32)
    return Edges(
        np.repeat(found.key, count),
        hashing.hash_values(labels, integers=tags.id.integer),
        np.repeat(found.split, count),
        np.repeat(found.group, count),
        np.ones(n, dtype=np.float32),
        weight,
        np.ones(n, dtype=np.uint8),
        nothing.astype(np.int32),
        nothing,
        nothing,
        nothing,
        Strings.of([b""] * n),
        Strings.of(labels),
    )


class CountEqualContents(beam.DoFn):
    """(block, Refs of Ends: content, split, key) → counts of equal contents under two ids."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def process(self, element: Refs) -> Iterator[Any]:
        """Handles one block."""
        key, refs = element
        entity, _ = split_key(key)
        found = join(list(shuffle_store.read(refs)))
        order = np.lexsort((found.group, found.split, found.key))
        content, split, entity_key = found.key[order], found.split[order], found.group[order]
        first = np.searchsorted(content, content)
        other = (split != split[first]) & (entity_key != entity_key[first])
        if other.any():
            count = counters.Counter(len(np.unique(content[other])))
            yield (ANY, entity, counters.EQUAL), count


class DeduplicateInlineTuples(beam.DoFn):
    """(block, Refs of Tuples) → (block, Ref of Tuples): tuples that came as rows, each once."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def process(self, element: Refs) -> Iterator[Any]:
        """Handles one block."""
        key, refs = element
        split, _ = split_key(key)
        found = join(list(shuffle_store.read(refs)))
        n = len(found.key)
        order = np.lexsort((*found.label.reshape(n, -1).T[::-1], found.key))
        found = take(found, order)
        first = np.r_[True, found.key[1:] != found.key[:-1]]
        label = found.label.reshape(n, -1)
        begin = np.maximum.accumulate(np.where(first, np.arange(n), 0))
        differs = (label != label[begin]).any(axis=1)
        with shuffle_store.Writer(self._context.shuffle_folder) as out:
            yield key, out.add(take(found, np.flatnonzero(first)))
        repeated = {
            counters.USED: int(first.sum()),
            counters.SKIPPED + "duplicate_row": int((~first & ~differs).sum()),
            counters.SKIPPED + "conflicting_row": int(differs.sum()),
        }
        yield from counted(split, self._context.related_table, repeated)
