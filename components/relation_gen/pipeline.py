"""The Beam transform: steps, and the shuffles between them.

    read ─▶ deduplicate ─▶ build index ─▶ (layout) ─▶ sample ─┬─────────▶ resolve
              │  └▶ join source ─▶ join destination ─▶ index   ├ by key ────┬┘
              └─────────────────── entities ───────────────────┼─▶ gather ◀─┘
                                                               └─ tuples ─▶ write ◀─ members

Elements are references to batches in a store, under keys of entity type, split and number. So the
runner's memory grows with the number of partitions, not of rows.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import apache_beam as beam
import tensorflow as tf
from apache_beam.typehints.native_type_compatibility import convert_to_beam_type
from tensorflow_metadata.proto.v0 import schema_pb2

from components.common import beam_errors
from components.common.input_files import InputFile, RedistributedFiles
from components.common.shuffle_store import NO_BATCH
from components.relation_gen.context import Context, building
from components.relation_gen.index.layout import make_layout
from components.relation_gen.index.side_inputs import Layout, ShardTotal
from components.relation_gen.shuffle_keys import Element, Gathered, ShuffleKey
from components.relation_gen.stats import counters, summary
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
from relation.compiled import CompiledRelation
from relation.core.errors import DataError
from relation.names import ENTITIES, EVAL, TRAIN

COUNTERS = "counters.json"


def _every_output_shard(layout: Layout) -> Iterator[Element]:
    """Emit each output shard's key without a batch, so that empty shards are written, too."""
    for output, shards in layout.output_shards.items():
        for number in range(shards):
            yield ShuffleKey("", output, number), NO_BATCH


def _layout(
    _: None, context: Context, totals: list[ShardTotal], counts: list[counters.Counted]
) -> Layout:
    return make_layout(context.relation, context.splits, context.partitions, totals, dict(counts))


def _write_counters(_: None, context: Context, counts: list[counters.Counted]) -> None:
    rows = [(*where, counter.count) for where, counter in sorted(counts)]
    path = os.path.join(building(context.output), COUNTERS)
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(json.dumps(rows))


MAIN = "main"


def _step(elements: Any, step: beam.DoFn, *layout: Any, tags: tuple[str, ...] = ()) -> Any:
    """Apply a step that counts, and type its tagged outputs, which are `Any` to Beam."""
    outputs = elements | beam.ParDo(step, *layout).with_outputs(counters.TAG, *tags, main=MAIN)
    types = {counters.TAG: counters.Counted, build_index.BuildIndex.TOTALS: ShardTotal}
    for tag in (counters.TAG, *tags):
        outputs[tag].element_type = convert_to_beam_type(types.get(tag, Element))
    return outputs


def _by_key(name: str, *elements: Any) -> Any:
    """Group the outputs of several steps by key."""
    return elements | f"{name}Inputs" >> beam.Flatten() | name >> beam.GroupByKey()


def _start(pipeline: Any, name: str) -> beam.PCollection:
    """One for each use: with a shared one, the in-memory runner fuses steps into a cycle."""
    return pipeline | name >> beam.Create([None])


@dataclass(eq=False)  # Beam sets attributes on it.
class Materialize(beam.PTransform):
    """Files of rows → output shards and COUNTERS under the context's building folder."""

    context: Context
    entity_files: tuple[InputFile, ...]
    edge_files: tuple[InputFile, ...]

    def expand(self, pipeline: Any) -> beam.PCollection:
        context = self.context
        counts: list[Any] = []
        rows, tuples = self._rows(pipeline, counts)
        unique = _step(
            _by_key("ById", *rows),
            deduplicate.Deduplicate(context),
            tags=deduplicate.Deduplicate.TAGS,
        )
        content = _by_key("ByContent", unique[deduplicate.Deduplicate.CONTENTS]) | beam.ParDo(
            deduplicate.CountEqualContents(context)
        )
        counts += [unique[counters.TAG], content]
        indexed = [unique[deduplicate.Deduplicate.INDEXED]]
        if context.lists:
            ends = unique[deduplicate.Deduplicate.ENDPOINTS]
            indexed.append(self._edges(pipeline, ends, counts))
        index = _step(
            _by_key("ByIndexShard", *indexed),
            build_index.BuildIndex(context),
            tags=build_index.BuildIndex.TAGS,
        )
        counts.append(index[counters.TAG])
        early = counts | "EarlyCounts" >> beam.Flatten() | "MergeEarly" >> counters.Merged()
        layout = beam.pvalue.AsSingleton(
            _start(pipeline, "LayoutStart")
            | beam.Map(
                _layout,
                context,
                beam.pvalue.AsList(index[build_index.BuildIndex.TOTALS]),
                beam.pvalue.AsList(early),
            ).with_output_types(Layout)
        )
        drawn = self._draw(index, tuples, layout)
        resolved = _by_key("ByPosition", index[MAIN], drawn[sample.BY_POSITION]) | beam.ParDo(
            gather.Resolve(context), layout
        )
        gathered = _by_key(
            "ByPartition", unique[MAIN], drawn[sample.BY_KEY], resolved
        ) | beam.ParDo(gather.Gather(context), layout)
        every = _start(pipeline, "OutputShardsStart") | "OutputShards" >> beam.FlatMap(
            lambda _, laid_out: _every_output_shard(laid_out), layout
        ).with_output_types(Element)
        written = _by_key("ByOutputShard", gathered, drawn[sample.TUPLE_ROWS], every) | beam.ParDo(
            write.Write(context), layout
        )
        late = (drawn[counters.TAG], written) | "LateCounts" >> beam.Flatten()
        merged = late | "MergeLate" >> counters.Merged()
        everything = (early, merged) | "Counts" >> beam.Flatten()
        return _start(pipeline, "CountersStart") | beam.Map(
            _write_counters, context, beam.pvalue.AsList(everything)
        )

    def _rows(self, pipeline: Any, counts: list[Any]) -> tuple[list[Any], Any]:
        """Read entities of all inputs, by partition; and inline tuples, where there are some."""
        context, rows, tuples = self.context, [], None
        if self.entity_files:
            files = pipeline | "EntityFiles" >> RedistributedFiles(self.entity_files)
            entities = _step(files, read_entities.ReadEntities(context))
            rows.append(entities[MAIN])
            counts.append(entities[counters.TAG])
        if context.relation.generated:
            labels = _step(_start(pipeline, "LabelsStart"), read_entities.MakeLabels(context))
            rows.append(labels[MAIN])
            counts.append(labels[counters.TAG])
        if context.relation.tuple_table is not None:
            reader = read_inline_tuples.ReadInlineTuples(context)
            files = pipeline | "TupleFiles" >> RedistributedFiles(self.edge_files)
            inline = _step(files, reader, tags=(reader.ENTITIES,))
            rows.append(inline[reader.ENTITIES])
            once = _step(
                _by_key("ByTuple", inline[MAIN]), deduplicate.DeduplicateInlineTuples(context)
            )
            tuples = once[MAIN]
            counts += [inline[counters.TAG], once[counters.TAG]]
        return rows, tuples

    def _edges(self, pipeline: Any, ends: beam.PCollection, counts: list[Any]) -> beam.PCollection:
        """Edges and listed negatives whose endpoints exist, by the shard of the destination."""
        files = pipeline | "EdgeFiles" >> RedistributedFiles(self.edge_files)
        read = _step(files, read_edges.ReadEdges(self.context))
        source = _step(_by_key("BySource", ends, read[MAIN]), join_edges.JoinSource(self.context))
        destination = _step(
            _by_key("ByDestination", ends, source[MAIN]), join_edges.JoinDestination(self.context)
        )
        counts += [step[counters.TAG] for step in (read, source, destination)]
        return destination[MAIN]

    def _draw(self, index: Any, tuples: Any, layout: Any) -> Any:
        """Draw tuples, and request their members by key, position or weight."""
        context = self.context
        relation, edges = context.relation, index[build_index.BuildIndex.EDGES]
        if tuples is not None and relation.filtered:
            anchors = _by_key("ByAnchor", tuples)
        elif tuples is not None or (not context.lists and relation.structure != "edges"):
            shards = index[MAIN] if tuples is None else tuples
            anchors = shards | "Alone" >> beam.MapTuple(
                lambda key, ref: (key, [ref])
            ).with_output_types(Gathered)
        else:
            own = (index[MAIN],) if relation.anchor == relation.candidate else ()
            anchors = _by_key("ByAnchor", edges, *own)
        tags = (sample.TUPLE_ROWS, sample.BY_KEY, sample.BY_POSITION)
        return _step(anchors, sample.Sample(context), layout, tags=tags)


def materialize(
    relation: CompiledRelation,
    schemas: Mapping[str, schema_pb2.Schema],
    files: Sequence[InputFile],
    splits: Sequence[str],
    buckets: Sequence[int],
    output: str,
    make_pipeline: Callable[[], beam.Pipeline],
    texts: Mapping[str, str] = MappingProxyType({}),
    split_by: str | None = None,
) -> summary.Stats:
    """Reads rows, makes the tuples and writes them under `output`.

    Args:
      schemas: of each entity type and table of the relation, by name.
      files: of each input, by its name.
      splits: names of the splits; one must be "train", unless "eval" is the only one.
      buckets: hash buckets of each split, for rows of files without a split.
      make_pipeline: makes the Beam pipeline to run in.
      texts: content of text files to write beside the splits, by name.
      split_by: the feature whose values share a split, where that is not the id.

    Returns:
      the counts, as in `relation_stats.json`.

    Raises:
      UserError: data, recipe or output folder cannot be used. Nothing is left under `output`.
    """
    if (TRAIN not in splits and list(splits) != [EVAL]) or ENTITIES in splits:
        raise DataError(
            f"splits: got {', '.join(splits) or 'none'}; expected {TRAIN!r} among them, and not "
            f"{ENTITIES!r}"
        )
    context = Context.of(relation, schemas, files, splits, buckets, output, split_by)
    entity_files = tuple(file for file in files if file.input in relation.entities)
    edge_files = tuple(file for file in files if file.input not in relation.entities)
    write.prepare(output)
    try:
        with make_pipeline() as pipeline:
            _ = pipeline | Materialize(context, entity_files, edge_files)
        with tf.io.gfile.GFile(os.path.join(building(output), COUNTERS)) as file:
            rows = json.loads(file.read())
        stats = summary.build(
            rows,
            splits,
            context.tables,
            filtered=relation.filtered and relation.structure == "edges",
            weighted=relation.weighted,
        )
        write.publish(output, stats, texts)
    except Exception as error:
        for_user = beam_errors.user_error(error)
        if for_user is None:
            raise
        raise for_user from None
    finally:
        write.discard(output)
    return stats
