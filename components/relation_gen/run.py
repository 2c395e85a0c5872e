"""Runs one materialization from start to end: the one way in for the executor and for the CLI."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import apache_beam as beam
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2

from components.relation_gen import failure, sink, stats
from components.relation_gen.job import Job, parts
from components.relation_gen.read import InputFile
from components.relation_gen.rows import row_spec
from components.relation_gen.transform import TALLIES, Materialize
from relation.errors import DataError
from relation.names import ENTITIES, TRAIN
from relation.recipe import Materialization


def materialize(
    request: Materialization,
    schema: schema_pb2.Schema,
    files: Sequence[InputFile],
    splits: Sequence[str],
    buckets: Sequence[int],
    output: str,
    make_pipeline: Callable[[], beam.Pipeline],
    texts: Mapping[str, str] = MappingProxyType({}),
) -> stats.Stats:
    """Reads rows, makes the tuples and writes them under `output`.

    Args:
      splits: names of the splits; one must be "train".
      buckets: hash buckets of each split, for rows of files without a split.
      make_pipeline: makes the Beam pipeline to run in.
      texts: text files to be written beside the splits, content by name.

    Returns:
      the counts, as in `relation_stats.json`.

    Raises:
      UserError: data, recipe or output folder cannot serve. Nothing is left under `output`.
    """
    if TRAIN not in splits or ENTITIES in splits:
        raise DataError(
            f"splits {', '.join(splits) or 'none'}: one must be {TRAIN!r}, and none {ENTITIES!r}"
        )
    blocks, cells = parts(files)
    rows = row_spec(request, schema)
    job = Job(request, rows, tuple(splits), tuple(buckets), blocks, cells, output)
    sink.prepare(output)
    try:
        with make_pipeline() as pipeline:
            _ = pipeline | beam.Create(list(files)) | Materialize(job)
        with tf.io.gfile.GFile(os.path.join(sink.building(output), TALLIES)) as file:
            found = stats.build(json.loads(file.read()), splits)
        sink.publish(output, found, texts)
    except Exception as error:
        known = failure.user_error(error)
        if known is None:
            raise
        raise known from None
    finally:
        sink.discard(output)
    return found


def input_files(patterns: Sequence[str], split: str | None = None) -> list[InputFile]:
    """The files that globs name, in order; a file under `Split-<name>/` is of that split.

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
            found[path] = InputFile(path, split or named, size)
    return [found[path] for path in sorted(found)]
