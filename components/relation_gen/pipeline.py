"""The Beam transform: steps, and the shuffles between them.

    read ─ block ─▶ dedup ─ cell ─▶ index ─▶ (layout) ─▶ draw ─┬ cell ──▶ resolve ─┐
                      │  (edges: ─ left end ─ right end ─▶)    ├ block ────────────┤
                      └─────────────── entities ───────────────┼─ block ─▶ gather ◀┘
                                                               └ shard ──▶ write ◀─ members

Elements are references to packed columns in files (`spill.py`), under keys like
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
from components.relation_gen.batches import Heads, Members
from components.relation_gen.context import Job
from components.relation_gen.index.layout import CellTotal, Layout, make_layout
from components.relation_gen.shuffle_keys import COUNTS, place, placed
from components.relation_gen.stats import counters
from components.relation_gen.transforms import (
    build_index,
    gather,
    join_edges,
    read_inline_tuples,
    read_rows,
    sample,
    write,
)
from components.relation_gen.transforms.join_edges import Refs
from components.relation_gen.transforms.score import Scorer
from components.relation_gen.tuples import assemble, route
from relation import kinds
from relation.names import ENTITIES

TALLIES = "tallies.json"


class Write(beam.DoFn):
    """(shard, Refs of Heads and Members) → a file; the count of its records."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, element: Refs, layout: Layout) -> Iterator[Any]:
        """Writes one shard."""
        key, refs = element
        output, shard = placed(key)
        found = [ref for ref in refs if ref is not None]
        heads = list(shuffle_store.read(ref for ref in found if ref.kind == shuffle_store.HEADS))
        examples: Iterator[list[bytes]] = iter(())
        if heads:
            members = shuffle_store.read(ref for ref in found if ref.kind != shuffle_store.HEADS)
            examples = self._examples(output, route.join_heads(heads), members)
        folder = write.split_folder(write.building(self._job.output), output)
        count = write.write_shard(folder, write.shard_name(shard, layout.shards[output]), examples)
        yield (output, "", counters.WRITTEN), counters.Tally(count)

    def _examples(
        self, output: str, heads: Heads, members: Iterator[Members]
    ) -> Iterator[list[bytes]]:
        if output == ENTITIES:
            return assemble.alone(heads, members)
        request = self._job.request
        found = assemble.assemble(heads, members, request.tuples)
        return (
            Scorer(self._job)(found) if isinstance(request.relation, kinds.ScoredPairs) else found
        )


def _every_shard(layout: Layout) -> Iterator[Any]:
    """A key for each shard without references, so that each is written."""
    for output, shards in layout.shards.items():
        for shard in range(shards):
            yield place(output, shard), None


def _layout(_: None, job: Job, totals: list[CellTotal], counts: list[Any]) -> Layout:
    return make_layout(job.request, job.splits, job.cells, totals, dict(counts))


def _write_tallies(_: None, job: Job, counts: list[Any]) -> None:
    rows = [(*where, found.count) for where, found in sorted(counts)]
    path = os.path.join(write.building(job.output), TALLIES)
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(json.dumps(rows))


@dataclass(eq=False)  # Beam sets attributes on it.
class Materialize(beam.PTransform):
    """Files of rows → shards and TALLIES under the job's building folder."""

    job: Job
    entity_files: tuple[tfrecord_reader.InputFile, ...]
    edge_files: tuple[tfrecord_reader.InputFile, ...]

    def expand(self, pipeline: Any) -> beam.PCollection:
        """Builds the graph."""
        job = self.job
        source = job.request.relation.source
        counts: list[Any] = []
        late: list[Any] = []
        parts: list[Any] = []
        if self.entity_files:
            rows = _spread(pipeline, "EntityFiles", self.entity_files) | beam.ParDo(
                read_rows.ReadEntities(job)
            ).with_outputs(COUNTS, main="rows")
            parts.append(rows.rows)
            counts.append(rows[COUNTS])
        if job.own_labels:
            labels = _start(pipeline, "LabelsStart") | beam.ParDo(
                read_rows.MakeLabels(job)
            ).with_outputs(COUNTS, main="rows")
            parts.append(labels.rows)
            counts.append(labels[COUNTS])
        tuples = None
        if isinstance(source, kinds.Row):
            found = _spread(pipeline, "RowFiles", self.edge_files) | beam.ParDo(
                read_inline_tuples.ReadRows(job)
            ).with_outputs(COUNTS, read_inline_tuples.ReadRows.ENTITIES, main="tuples")
            parts.append(found[read_inline_tuples.ReadRows.ENTITIES])
            once = (
                found.tuples
                | "ByTuple" >> beam.GroupByKey()
                | beam.ParDo(join_edges.UniqueRows(job)).with_outputs(COUNTS, main="tuples")
            )
            tuples = once.tuples
            counts += [found[COUNTS], once[COUNTS]]
        unique = (
            parts
            | "Rows" >> beam.Flatten()
            | "ById" >> beam.GroupByKey()
            | beam.ParDo(join_edges.Dedup(job)).with_outputs(
                COUNTS, *join_edges.Dedup.TAGS, main="entities"
            )
        )
        content = (
            unique[join_edges.Dedup.CONTENT]
            | "ByContent" >> beam.GroupByKey()
            | beam.ParDo(join_edges.Content(job))
        )
        counts += [unique[COUNTS], content]
        indexed = [unique[join_edges.Dedup.INDEXED]]
        if job.lists:
            indexed.append(self._edges(pipeline, unique[join_edges.Dedup.ENDS], counts))
        index = (
            indexed
            | "Indexed" >> beam.Flatten()
            | "ByCell" >> beam.GroupByKey()
            | beam.ParDo(build_index.Index(job)).with_outputs(
                COUNTS, build_index.Index.TOTALS, build_index.Index.EDGES, main="cells"
            )
        )
        counts.append(index[COUNTS])
        early = counts | "EarlyCounts" >> beam.Flatten() | "MergeEarly" >> counters.Merged()
        layout = beam.pvalue.AsSingleton(
            _start(pipeline, "LayoutStart")
            | beam.Map(
                _layout,
                job,
                beam.pvalue.AsList(index[build_index.Index.TOTALS]),
                beam.pvalue.AsList(early),
            )
        )
        drawn = self._draw(index, tuples, layout)
        late.append(drawn[COUNTS])
        resolved = (
            (index.cells, drawn[sample.PLACES])
            | "Places" >> beam.Flatten()
            | "ByPlace" >> beam.GroupByKey()
            | beam.ParDo(gather.Resolve(job), layout)
        )
        gathered = (
            (unique.entities, drawn[sample.KNOWN], resolved)
            | "Members" >> beam.Flatten()
            | "ByBlock" >> beam.GroupByKey()
            | beam.ParDo(gather.Gather(job), layout)
        )
        every = _start(pipeline, "ShardsStart") | "Shards" >> beam.FlatMap(
            lambda _, known: _every_shard(known), layout
        )
        late.append(
            (gathered, drawn[sample.HEADS], every)
            | "Shares" >> beam.Flatten()
            | "ByShard" >> beam.GroupByKey()
            | beam.ParDo(Write(job), layout)
        )
        merged = late | "LateCounts" >> beam.Flatten() | "MergeLate" >> counters.Merged()
        everything = (early, merged) | "Counts" >> beam.Flatten()
        return _start(pipeline, "TalliesStart") | beam.Map(
            _write_tallies, job, beam.pvalue.AsList(everything)
        )

    def _edges(self, pipeline: Any, ends: beam.PCollection, counts: list[Any]) -> beam.PCollection:
        """Edges and given negatives whose ends are there, by the cell of the right one."""
        read_edges = _spread(pipeline, "EdgeFiles", self.edge_files) | beam.ParDo(
            read_rows.ReadEdges(self.job)
        ).with_outputs(COUNTS, main="edges")
        left = (
            (ends, read_edges.edges)
            | "Left" >> beam.Flatten()
            | "ByLeft" >> beam.GroupByKey()
            | beam.ParDo(join_edges.LeftEnd(self.job)).with_outputs(COUNTS, main="edges")
        )
        right = (
            (ends, left.edges)
            | "Right" >> beam.Flatten()
            | "ByRight" >> beam.GroupByKey()
            | beam.ParDo(join_edges.RightEnd(self.job)).with_outputs(COUNTS, main="edges")
        )
        counts += [read_edges[COUNTS], left[COUNTS], right[COUNTS]]
        return right.edges

    def _draw(self, index: Any, tuples: Any, layout: Any) -> Any:
        """Plans, taken apart."""
        job = self.job
        tags = (COUNTS, sample.HEADS, sample.KNOWN, sample.PLACES)
        if tuples is not None:
            return tuples | beam.ParDo(sample.DrawRows(job), layout).with_outputs(*tags)
        (left, right), edges = job.request.ends, index[build_index.Index.EDGES]
        blocks = not isinstance(job.request.relation.source, kinds.EdgeSource) and left == right
        draw = sample.DrawBlocks(job) if blocks else sample.DrawEdges(job)
        if blocks and job.given is None:
            anchors = index.cells | "Alone" >> beam.MapTuple(lambda key, ref: (key, [ref]))
        else:
            found = (edges, index.cells) if left == right else (edges,)
            anchors = found | "Edges" >> beam.Flatten() | "ByAnchor" >> beam.GroupByKey()
        return anchors | beam.ParDo(draw, layout).with_outputs(*tags)


def _start(pipeline: Any, name: str) -> beam.PCollection:
    """One for each use: from a shared one the in-memory runner fuses steps into a circle."""
    return pipeline | name >> beam.Create([None])


def _spread(
    pipeline: Any, name: str, files: tuple[tfrecord_reader.InputFile, ...]
) -> beam.PCollection:
    return pipeline | name >> beam.Create(files) | f"Spread{name}" >> beam.Reshuffle()
