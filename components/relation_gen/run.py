"""Runs one materialization from start to end: the one way in for the executor and for the CLI."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import apache_beam as beam
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2

from components.common import beam_errors
from components.common.row_requirements import edge_spec, entity_spec, given_spec, inline_spec
from components.common.tfrecord_reader import InputFile
from components.relation_gen.context import Context, parts
from components.relation_gen.memory import budget
from components.relation_gen.pipeline import COUNTERS, Materialize
from components.relation_gen.stats import summary
from components.relation_gen.transforms import write
from relation import kinds
from relation.core.errors import DataError
from relation.materialization import Materialization
from relation.names import ENTITIES, TRAIN


def materialize(
    request: Materialization,
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
      schemas: of each entity type of the request, and of edge lists, by name.
      files: of each input, by its name.
      splits: names of the splits; one must be "train".
      buckets: hash buckets of each split, for rows of files without a split.
      make_pipeline: makes the Beam pipeline to run in.
      texts: text files to be written beside the splits, content by name.
      split_by: the feature whose values share a split, where that is not the id.

    Returns:
      the counts, as in `relation_stats.json`.

    Raises:
      UserError: data, recipe or output folder cannot serve. Nothing is left under `output`.
    """
    if TRAIN not in splits or ENTITIES in splits:
        raise DataError(
            f"splits {', '.join(splits) or 'none'}: one must be {TRAIN!r}, and none {ENTITIES!r}"
        )
    context = _context(request, schemas, files, splits, buckets, output, split_by)
    entity_files = tuple(file for file in files if file.input in request.entities)
    edge_files = tuple(file for file in files if file.input not in request.entities)
    write.prepare(output)
    try:
        with make_pipeline() as pipeline:
            _ = pipeline | Materialize(context, entity_files, edge_files)
        with tf.io.gfile.GFile(os.path.join(write.building(output), COUNTERS)) as file:
            found = summary.build(
                json.loads(file.read()), splits, {context.edge_input, *context.lists}
            )
        write.publish(output, found, texts)
    except Exception as error:
        known = beam_errors.user_error(error)
        if known is None:
            raise
        raise known from None
    finally:
        write.discard(output)
    return found


def _context(
    request: Materialization,
    schemas: Mapping[str, schema_pb2.Schema],
    files: Sequence[InputFile],
    splits: Sequence[str],
    buckets: Sequence[int],
    output: str,
    split_by: str | None,
) -> Context:
    source, edges, edge_input = request.relation.source, None, ""
    if isinstance(source, kinds.EdgeSource):
        edge_input = source.edges
        everywhere = all(entity in request.common for entity in request.entities)
        edges = edge_spec(request, schemas[edge_input], split_by if everywhere else None)
    elif isinstance(source, kinds.Row):
        edge_input = source.rows
        edges = inline_spec(request, schemas[edge_input], split_by)
    listed_negatives = request.given_input
    partitions, shards = parts(files, budget(request.relation.memory_mb))
    return Context(
        request=request,
        entities={
            name: entity_spec(request, name, schemas[name], _split_by(request, name, split_by))
            for name in request.entities
        },
        edges=edges,
        edge_input=edge_input,
        listed_negatives=None
        if listed_negatives is None
        else given_spec(request, schemas[listed_negatives]),
        splits=tuple(splits),
        buckets=tuple(buckets) or tuple(request.shares.get(split, 1) for split in splits),
        split_by=split_by,
        partitions=partitions,
        shards=shards,
        output=output,
    )


def _split_by(request: Materialization, entity: str, split_by: str | None) -> str | None:
    inline = isinstance(request.relation.source, kinds.Row)
    return None if inline or entity in request.common else split_by


def input_files(name: str, patterns: Sequence[str], split: str | None = None) -> list[InputFile]:
    """The files of an input that globs name, in order; those under `Split-<name>/` have that split.

    Args:
      split: the split of all of them, if it is known.

    Raises:
      DataError: a glob matches no file.
    """
    found: dict[str, InputFile] = {}
    for pattern in patterns:
        paths = [path for path in tf.io.gfile.glob(pattern) if not tf.io.gfile.isdir(path)]
        if not paths:
            raise DataError(f"input {pattern}: no file matches")
        for path in paths:
            folder = os.path.basename(os.path.dirname(os.path.abspath(path)))
            named = folder.removeprefix("Split-") if folder.startswith("Split-") else None
            size = int(tf.io.gfile.stat(path).length)
            found[path] = InputFile(name, path, split or named, size)
    return [found[path] for path in sorted(found)]
