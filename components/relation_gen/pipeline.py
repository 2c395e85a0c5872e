"""The Beam transform: steps, and the shuffles between them.

    read ─ block ─▶ dedup ─ cell ─▶ index ─▶ (layout) ─▶ draw ─┬ cell ──▶ resolve ─┐
                      │  (edges: ─ left end ─ right end ─▶)    ├ block ────────────┤
                      └─────────────── entities ───────────────┼─ block ─▶ gather ◀┘
                                                               └ shard ──▶ write ◀─ members

Elements are references to packed columns in files (`shuffle_store`), under keys like
"<entity type>/<split>:<number>": what the runner holds grows with blocks, not with rows.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import tensorflow as tf

from components.common import shuffle_store, tfrecord_reader
from components.relation_gen.batches import GatheredMembers, TupleRows
from components.relation_gen.context import Context
from components.relation_gen.index.layout import Layout, ShardTotal, make_layout
from components.relation_gen.shuffle_keys import COUNTS, shuffle_key, split_key
from components.relation_gen.stats import counters
from components.relation_gen.transforms import (
    build_index,
    deduplicate,
    gather,
    join_edges,
    read_edges,
    read_entities,
    read_inline_tuples,
    sample,
    write,
)
from components.relation_gen.transforms.deduplicate import Refs
from components.relation_gen.transforms.score import Scorer
from components.relation_gen.tuples import assemble, route
from relation.names import ENTITIES

COUNTERS = "counters.json"


class Write(beam.DoFn):
    """(shard, Refs of Heads and Members) → a file; the count of its records."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def process(self, element: Refs, layout: Layout) -> Iterator[Any]:
        """Writes one shard."""
        key, refs = element
        output, output_shard = split_key(key)
        found = [ref for ref in refs if ref is not None]
        tuple_rows = list(
            shuffle_store.read(ref for ref in found if ref.kind == shuffle_store.TUPLE_ROWS)
        )
        examples: Iterator[list[bytes]] = iter(())
        if tuple_rows:
            members = shuffle_store.read(
                ref for ref in found if ref.kind != shuffle_store.TUPLE_ROWS
            )
            examples = self._examples(output, route.join_tuple_rows(tuple_rows), members)
        folder = write.split_folder(write.building(self._context.output), output)
        count = write.write_shard(
            folder, write.shard_name(output_shard, layout.output_shards[output]), examples
        )
        yield (output, "", counters.WRITTEN), counters.Counter(count)

    def _examples(
        self, output: str, tuple_rows: TupleRows, members: Iterator[GatheredMembers]
    ) -> Iterator[list[bytes]]:
        if output == ENTITIES:
            return assemble.alone(tuple_rows, members)
        relation = self._context.relation
        found = assemble.assemble(tuple_rows, members, relation.tuples)
        return found if relation.function is None else Scorer(self._context)(found)


def _every_output_shard(layout: Layout) -> Iterator[Any]:
    """A key for each shard without references, so that each is written."""
    for output, output_shards in layout.output_shards.items():
        for output_shard in range(output_shards):
            yield shuffle_key(output, output_shard), None


def _layout(_: None, context: Context, totals: list[ShardTotal], counts: list[Any]) -> Layout:
    return make_layout(context.relation, context.splits, context.shards, totals, dict(counts))


def _write_counters(_: None, context: Context, counts: list[Any]) -> None:
    rows = [(*where, found.count) for where, found in sorted(counts)]
    path = os.path.join(write.building(context.output), COUNTERS)
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(json.dumps(rows))


@dataclass(eq=False)  # Beam sets attributes on it.
class Materialize(beam.PTransform):
    """Files of rows → shards and TALLIES under the job's building folder."""

    context: Context
    entity_files: tuple[tfrecord_reader.InputFile, ...]
    edge_files: tuple[tfrecord_reader.InputFile, ...]

    def expand(self, pipeline: Any) -> beam.PCollection:
        """Builds the graph."""
        context = self.context
        counts: list[Any] = []
        late: list[Any] = []
        parts: list[Any] = []
        if self.entity_files:
            rows = _spread(pipeline, "EntityFiles", self.entity_files) | beam.ParDo(
                read_entities.ReadEntities(context)
            ).with_outputs(COUNTS, main="rows")
            parts.append(rows.rows)
            counts.append(rows[COUNTS])
        if context.relation.generated:
            labels = _start(pipeline, "LabelsStart") | beam.ParDo(
                read_entities.MakeLabels(context)
            ).with_outputs(COUNTS, main="rows")
            parts.append(labels.rows)
            counts.append(labels[COUNTS])
        tuples = None
        if context.relation.tuple_table is not None:
            found = _spread(pipeline, "RowFiles", self.edge_files) | beam.ParDo(
                read_inline_tuples.ReadInlineTuples(context)
            ).with_outputs(COUNTS, read_inline_tuples.ReadInlineTuples.ENTITIES, main="tuples")
            parts.append(found[read_inline_tuples.ReadInlineTuples.ENTITIES])
            once = (
                found.tuples
                | "ByTuple" >> beam.GroupByKey()
                | beam.ParDo(deduplicate.DeduplicateInlineTuples(context)).with_outputs(
                    COUNTS, main="tuples"
                )
            )
            tuples = once.tuples
            counts += [found[COUNTS], once[COUNTS]]
        unique = (
            parts
            | "Rows" >> beam.Flatten()
            | "ById" >> beam.GroupByKey()
            | beam.ParDo(deduplicate.Deduplicate(context)).with_outputs(
                COUNTS, *deduplicate.Deduplicate.TAGS, main="entities"
            )
        )
        content = (
            unique[deduplicate.Deduplicate.CONTENT]
            | "ByContent" >> beam.GroupByKey()
            | beam.ParDo(deduplicate.CountEqualContents(context))
        )
        counts += [unique[COUNTS], content]
        indexed = [unique[deduplicate.Deduplicate.INDEXED]]
        if context.lists:
            indexed.append(self._edges(pipeline, unique[deduplicate.Deduplicate.ENDPOINTS], counts))
        index = (
            indexed
            | "Indexed" >> beam.Flatten()
            | "ByCell" >> beam.GroupByKey()
            | beam.ParDo(build_index.Index(context)).with_outputs(
                COUNTS, build_index.Index.TOTALS, build_index.Index.EDGES, main="shards"
            )
        )
        counts.append(index[COUNTS])
        early = counts | "EarlyCounts" >> beam.Flatten() | "MergeEarly" >> counters.Merged()
        layout = beam.pvalue.AsSingleton(
            _start(pipeline, "LayoutStart")
            | beam.Map(
                _layout,
                context,
                beam.pvalue.AsList(index[build_index.Index.TOTALS]),
                beam.pvalue.AsList(early),
            )
        )
        drawn = self._draw(index, tuples, layout)
        late.append(drawn[COUNTS])
        resolved = (
            (index.shards, drawn[sample.BY_POSITION])
            | "Places" >> beam.Flatten()
            | "ByPlace" >> beam.GroupByKey()
            | beam.ParDo(gather.Resolve(context), layout)
        )
        gathered = (
            (unique.entities, drawn[sample.BY_KEY], resolved)
            | "Members" >> beam.Flatten()
            | "ByBlock" >> beam.GroupByKey()
            | beam.ParDo(gather.Gather(context), layout)
        )
        every = _start(pipeline, "ShardsStart") | "Shards" >> beam.FlatMap(
            lambda _, known: _every_output_shard(known), layout
        )
        late.append(
            (gathered, drawn[sample.TUPLE_ROWS], every)
            | "Shares" >> beam.Flatten()
            | "ByShard" >> beam.GroupByKey()
            | beam.ParDo(Write(context), layout)
        )
        merged = late | "LateCounts" >> beam.Flatten() | "MergeLate" >> counters.Merged()
        everything = (early, merged) | "Counts" >> beam.Flatten()
        return _start(pipeline, "TalliesStart") | beam.Map(
            _write_counters, context, beam.pvalue.AsList(everything)
        )

    def _edges(self, pipeline: Any, ends: beam.PCollection, counts: list[Any]) -> beam.PCollection:
        """Edges and given negatives whose ends are there, by the cell of the right one."""
        read = _spread(pipeline, "EdgeFiles", self.edge_files) | beam.ParDo(
            read_edges.ReadEdges(self.context)
        ).with_outputs(COUNTS, main="edges")
        left = (
            (ends, read.edges)
            | "Left" >> beam.Flatten()
            | "ByLeft" >> beam.GroupByKey()
            | beam.ParDo(join_edges.JoinSource(self.context)).with_outputs(COUNTS, main="edges")
        )
        right = (
            (ends, left.edges)
            | "Right" >> beam.Flatten()
            | "ByRight" >> beam.GroupByKey()
            | beam.ParDo(join_edges.JoinDestination(self.context)).with_outputs(
                COUNTS, main="edges"
            )
        )
        counts += [read[COUNTS], left[COUNTS], right[COUNTS]]
        return right.edges

    def _draw(self, index: Any, tuples: Any, layout: Any) -> Any:
        """Plans, taken apart."""
        context = self.context
        tags = (COUNTS, sample.TUPLE_ROWS, sample.BY_KEY, sample.BY_POSITION)
        relation, edges = context.relation, index[build_index.Index.EDGES]
        if tuples is not None or (not context.lists and relation.structure != "edges"):
            shards = index.shards if tuples is None else tuples
            anchors = shards | "Alone" >> beam.MapTuple(lambda key, ref: (key, [ref]))
        else:
            same = relation.anchor == relation.candidate
            found = (edges, index.shards) if same else (edges,)
            anchors = found | "Edges" >> beam.Flatten() | "ByAnchor" >> beam.GroupByKey()
        return anchors | beam.ParDo(sample.Sample(context), layout).with_outputs(*tags)


def _start(pipeline: Any, name: str) -> beam.PCollection:
    """One for each use: from a shared one the in-memory runner fuses steps into a circle."""
    return pipeline | name >> beam.Create([None])


def _spread(
    pipeline: Any, name: str, files: tuple[tfrecord_reader.InputFile, ...]
) -> beam.PCollection:
    return pipeline | name >> beam.Create(files) | f"Spread{name}" >> beam.Reshuffle()
