"""Runs one materialization from start to end: the one way in for the executor and for the CLI."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import apache_beam as beam
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2

from components.common import beam_errors
from components.common.row_requirements import entity_spec, row_spec
from components.common.tfrecord_reader import InputFile
from components.relation_gen.context import Context, building, partitions_of
from components.relation_gen.memory import budget
from components.relation_gen.pipeline import COUNTERS, Materialize
from components.relation_gen.stats import summary
from components.relation_gen.transforms import write
from relation.compiled import CompiledRelation
from relation.core.errors import DataError
from relation.names import ENTITIES, TRAIN


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
    context = _context(relation, schemas, files, splits, buckets, output, split_by)
    entity_files = tuple(file for file in files if file.input in relation.entities)
    edge_files = tuple(file for file in files if file.input not in relation.entities)
    write.prepare(output)
    try:
        with make_pipeline() as pipeline:
            _ = pipeline | Materialize(context, entity_files, edge_files)
        with tf.io.gfile.GFile(os.path.join(building(output), COUNTERS)) as file:
            found = summary.build(json.loads(file.read()), splits, context.tables)
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
    relation: CompiledRelation,
    schemas: Mapping[str, schema_pb2.Schema],
    files: Sequence[InputFile],
    splits: Sequence[str],
    buckets: Sequence[int],
    output: str,
    split_by: str | None,
) -> Context:
    inline = relation.tuple_table is not None
    by_column = relation.related_table if inline or relation.edges_are_split else None
    return Context(
        relation=relation,
        entities={
            name: entity_spec(
                relation,
                name,
                schemas[name],
                None if inline or name in relation.shared else split_by,
            )
            for name in relation.entities
        },
        tables={
            name: row_spec(
                relation.rows[name], schemas[name], split_by if name == by_column else None
            )
            for name in relation.tables
        },
        splits=tuple(splits),
        buckets=tuple(buckets) or tuple(relation.shares.get(split, 1) for split in splits),
        split_by=split_by,
        partitions=partitions_of(files, budget(relation.memory_mb)),
        output=output,
    )


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
