"""The Beam transform: the steps of `steps.py` and the shuffles between them.

    read, screen ─ by key ─▶ dedup ─ by label ─▶ index ─▶ (layout) ─▶ draw ─┬ positions ─▶ resolve
                               │                                            ├ by key ───────┐  │
                               └─────────────────── entities ───────────────┼──▶ gather ◀───┴──┘
                                                                            └ heads ─▶ write

Keys of a shuffle are "<split>:<number>"; values are the packed columns of `columns.py`. The many
small elements are in no place: an element is a block of rows, a chunk of a plan, a shard's share.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import tensorflow as tf

from components.relation_gen import assemble, dedup, plan, read, sink, steps, tally
from components.relation_gen.columns import Cell, Entities, Heads, Members, Wanted
from components.relation_gen.job import Job
from components.relation_gen.layout import CellTotal, Layout, make_layout, show
from components.relation_gen.screen import NotAnExample, Screen
from components.relation_gen.wire import Rekey
from relation.errors import DataError
from relation.names import ENTITIES, TRAIN

COUNTS = "counts"
TALLIES = "tallies.json"


def place(split: str, number: int) -> str:
    """The key of a block, cell or shard."""
    return f"{split}:{number}"


def placed(key: str) -> tuple[str, int]:
    """Takes the key of a block, cell or shard apart."""
    split, _, number = key.rpartition(":")
    return split, int(number)


def _counted(split: str, counts: dict[str, int]) -> Iterator[Any]:
    for element in tally.tallied(split, counts):
        yield beam.pvalue.TaggedOutput(COUNTS, element)


class ReadRows(beam.DoFn):
    """InputFile → (block, Entities) of the rows that can be used; counts of all."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def setup(self) -> None:
        """Makes the C++ decoder, which does not pickle."""
        self._screen = Screen(self._job.rows)

    def process(self, file: read.InputFile) -> Iterator[Any]:
        """Reads a file in batches."""
        for records in read.read_batches(file.path):
            try:
                screened = self._screen(records)
            except NotAnExample:
                raise DataError(f"{file.path}: holds a record that is no tf.Example") from None
            yield from self._batch(file, records, screened)

    def _batch(self, file: read.InputFile, records: list[bytes], screened: Any) -> Iterator[Any]:
        job = self._job
        splits = job.splits_of(screened.ids, file.split)
        good: dict[str, list[int]] = {}
        bad: dict[tuple[str, str], list[int]] = {}
        read_rows: dict[str, int] = {}
        for row, (split, reason) in enumerate(zip(splits, screened.reasons, strict=True)):
            read_rows[split] = read_rows.get(split, 0) + 1
            if reason:
                bad.setdefault((split, tally.SKIPPED + reason), []).append(row)
            else:
                good.setdefault(split, []).append(row)
        for split, count in read_rows.items():
            yield from _counted(split, {tally.READ: count})
        for where, rows in bad.items():
            ids = [screened.ids[row] for row in rows if screened.ids[row]]
            yield beam.pvalue.TaggedOutput(COUNTS, (where, tally.of(len(rows), ids)))
        for split, rows in good.items():
            entities = steps.pack_rows(records, screened, rows, job.rows)
            for block, part in steps.by_block(entities, job.blocks):
                yield place(split, block), part


class Dedup(beam.DoFn):
    """(block, [Entities]) → (block, Entities), one row an id; (cell, Labelled); counts."""

    CELLS = "cells"

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, element: tuple[str, Iterable[Entities]]) -> Iterator[Any]:
        """Handles one block."""
        key, parts = element
        split, _ = placed(key)
        found = dedup.unique(list(parts), self._job.rows)
        yield key, found.entities
        for cell, part in steps.labelled(found.entities, self._job.rows, self._job.cells):
            yield beam.pvalue.TaggedOutput(self.CELLS, (place(split, cell), part))
        size = len(found.entities.payload.data)
        yield from _counted(split, {tally.USED: len(found.entities.key), tally.BYTES: size})
        skipped = {dedup.DUPLICATE: found.duplicates, dedup.CONFLICTING: found.conflicts}
        for reason, ids in skipped.items():
            if ids:
                where = (split, tally.SKIPPED + reason)
                yield beam.pvalue.TaggedOutput(COUNTS, (where, tally.of(len(ids), ids)))


class Index(beam.DoFn):
    """(cell, [Labelled]) → (cell, Anchors with offset 0); CellTotal."""

    TOTALS = "totals"

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, element: tuple[str, Iterable[Any]]) -> Iterator[Any]:
        """Handles one cell."""
        key, found = element
        parts = list(found)
        split, cell = placed(key)
        values = steps.label_values(parts, self._job.rows.label_feature)
        anchors = plan.dense_index(*steps.joined(parts), self._job.request.relation.seed)
        yield key, anchors
        total = CellTotal(
            split=split,
            cell=cell,
            rows=len(anchors.key),
            labels=len(values),
            related=int((anchors.end - anchors.start > 1).sum()),
            label=show(min(values.values())),
        )
        yield beam.pvalue.TaggedOutput(self.TOTALS, total)
        yield from _counted(split, {tally.LABELS: len(values)})


class Draw(beam.DoFn):
    """(cell, Anchors) → (cell, Cell); heads by shard; members by block, or by cell."""

    HEADS, KNOWN, POSITIONS = "heads", "known", "positions"

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, element: tuple[str, plan.Anchors], layout: Layout) -> Iterator[Any]:
        """Plans all tuples of one cell's anchors."""
        key, anchors = element
        split, number = placed(key)
        offset, cell = layout.offsets[split][number], Cell(anchors.key)
        yield key, cell
        relation = self._job.request.relation
        count = plan.asked_of(relation).tuples
        out = beam.pvalue.TaggedOutput
        for chunk in steps.chunks(anchors.shift(offset), count):
            drawn = plan.make_plan(chunk, layout.total(split), relation)
            heads, known, unknown = steps.wanted(drawn, self._job.roles, cell, offset)
            for shard, part in steps.split_heads(heads, layout.shards[split]):
                yield out(self.HEADS, (place(split, shard), part))
            for block, found in steps.split_keys(known, self._job.blocks):
                yield out(self.KNOWN, (place(split, block), found))
            for other, found in steps.split_positions(unknown, layout.offsets[split]):
                yield out(self.POSITIONS, (place(split, other), found))
            made = {tally.MADE: len(heads.anchor), tally.REQUESTED: len(chunk.key) * count}
            yield from _counted(split, made | plan.kinds(drawn))
            lacking = {tally.SHORTFALL + name: lost for name, lost in drawn.shortfall.items()}
            yield from _counted(split, lacking)


class Resolve(beam.DoFn):
    """(cell, [Cell, Wanted…]) → (block, Wanted): positions become entity keys."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, element: tuple[str, Iterable[Any]], layout: Layout) -> Iterator[Any]:
        """Handles one cell."""
        key, found = element
        split, number = placed(key)
        parts = list(found)
        (cell,) = [part for part in parts if isinstance(part, Cell)]
        for part in parts:
            if isinstance(part, Wanted):
                known = steps.resolve(part, cell, layout.offsets[split][number])
                for block, members in steps.split_keys(known, self._job.blocks):
                    yield place(split, block), members


class Gather(beam.DoFn):
    """(block, [Entities, Wanted…]) → (shard, Members); also the `entities` split."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def setup(self) -> None:
        """Prepares the names that each role gives to features."""
        rows = self._job.rows
        self._rekeys = [Rekey(role, rows.names, rows.id_feature) for role in self._job.roles]

    def process(self, element: tuple[str, Iterable[Any]], layout: Layout) -> Iterator[Any]:
        """Handles one block."""
        key, found = element
        split, _ = placed(key)
        parts = list(found)
        (entities,) = [part for part in parts if isinstance(part, Entities)]
        wanted = [part for part in parts if isinstance(part, Wanted)]
        if wanted:
            yield from self._gather(split, entities, wanted, layout)
        if split == TRAIN:
            heads, everything = steps.all_members(entities)
            for shard, part in steps.split_heads(heads, layout.shards[ENTITIES]):
                yield place(ENTITIES, shard), part
            yield from self._gather(ENTITIES, entities, [everything], layout)

    def _gather(
        self, output: str, entities: Entities, wanted: list[Wanted], layout: Layout
    ) -> Iterator[Any]:
        shards = layout.shards[output]
        for shard, members in steps.gather(entities, wanted, self._rekeys, shards):
            yield place(output, shard), members


class Write(beam.DoFn):
    """(shard, [Heads…, Members…]) → a file; the count of its records."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, element: tuple[str, Iterable[Any]], layout: Layout) -> Iterator[Any]:
        """Writes one shard."""
        key, found = element
        output, shard = placed(key)
        parts = list(found)
        records = assemble.assemble(
            [part for part in parts if isinstance(part, Heads)],
            [part for part in parts if isinstance(part, Members)],
            1 if output == ENTITIES else len(self._job.roles),
        )
        folder = sink.split_folder(sink.building(self._job.output), output)
        count = sink.write_shard(folder, sink.shard_name(shard, layout.shards[output]), records)
        yield (output, tally.WRITTEN), tally.Tally(count)


def _every_shard(layout: Layout) -> Iterator[Any]:
    """An empty element for each shard, so that each is written."""
    for output, shards in layout.shards.items():
        for shard in range(shards):
            yield place(output, shard), Heads.none()


def _layout(_: None, job: Job, totals: list[CellTotal], counts: list[Any]) -> Layout:
    return make_layout(job.request, job.splits, job.cells, totals, dict(counts))


def _write_tallies(_: None, job: Job, counts: list[Any]) -> None:
    rows = [(split, name, found.count) for (split, name), found in sorted(counts)]
    path = os.path.join(sink.building(job.output), TALLIES)
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(json.dumps(rows))


@dataclass(eq=False)  # Beam sets attributes on it.
class Materialize(beam.PTransform):
    """InputFiles → shards and TALLIES under the job's building folder."""

    job: Job

    def expand(self, files: beam.PCollection) -> beam.PCollection:
        """Builds the graph."""
        job = self.job

        def start(name: str) -> beam.PCollection:
            # One for each use: from a shared one the in-memory runner fuses steps into a circle.
            return files.pipeline | name >> beam.Create([None])

        rows = (
            files | beam.Reshuffle() | beam.ParDo(ReadRows(job)).with_outputs(COUNTS, main="rows")
        )
        unique = (
            rows.rows
            | "ByKey" >> beam.GroupByKey()
            | beam.ParDo(Dedup(job)).with_outputs(COUNTS, Dedup.CELLS, main="rows")
        )
        index = (
            unique[Dedup.CELLS]
            | "ByLabel" >> beam.GroupByKey()
            | beam.ParDo(Index(job)).with_outputs(COUNTS, Index.TOTALS, main="cells")
        )
        early = (rows[COUNTS], unique[COUNTS], index[COUNTS])
        counts = early | "EarlyCounts" >> beam.Flatten() | "MergeEarly" >> tally.Merged()
        layout = beam.pvalue.AsSingleton(
            start("LayoutStart")
            | beam.Map(
                _layout,
                job,
                beam.pvalue.AsList(index[Index.TOTALS]),
                beam.pvalue.AsList(counts),
            )
        )
        drawn = index.cells | beam.ParDo(Draw(job), layout).with_outputs(
            COUNTS, Draw.HEADS, Draw.KNOWN, Draw.POSITIONS, main="cells"
        )
        resolved = (
            (drawn.cells, drawn[Draw.POSITIONS])
            | "Positions" >> beam.Flatten()
            | "ByCell" >> beam.GroupByKey()
            | beam.ParDo(Resolve(job), layout)
        )
        gathered = (
            (unique.rows, drawn[Draw.KNOWN], resolved)
            | "Members" >> beam.Flatten()
            | "ByBlock" >> beam.GroupByKey()
            | beam.ParDo(Gather(job), layout)
        )
        every = start("ShardsStart") | "Shards" >> beam.FlatMap(
            lambda _, found: _every_shard(found), layout
        )
        written = (
            (gathered, drawn[Draw.HEADS], every)
            | "Shares" >> beam.Flatten()
            | "ByShard" >> beam.GroupByKey()
            | beam.ParDo(Write(job), layout)
        )
        late = (drawn[COUNTS], written) | "LateCounts" >> beam.Flatten()
        merged = late | "MergeLate" >> tally.Merged()
        everything = (counts, merged) | "Counts" >> beam.Flatten()
        return start("TalliesStart") | beam.Map(_write_tallies, job, beam.pvalue.AsList(everything))
