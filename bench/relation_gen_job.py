"""What is measured of whole runs, each a function for `isolated.call`; inputs by `rows.write`."""

import glob
import json
import random
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import tensorflow as tf
from google.protobuf import text_format
from isal import isal_zlib
from pydantic import TypeAdapter
from tensorflow_metadata.proto.v0 import schema_pb2

from bench import plain_beam
from bench.relation_gen_rows import CASE
from components.common.input_files import input_files
from components.common.tfrecord_writer import LEVEL
from components.relation_gen.pipeline import materialize
from relation.compiled import CompiledRelation
from relation.compiler import compile_relation
from relation.data import Data
from relation.names import TRAIN
from relation.relation_types import RelationConfig


def ours(
    data: str, output: str, flags: Sequence[str] = (), memory_mb: int | None = None
) -> dict[str, Any]:
    """Materializes a case, in the default budget or another; returns what was counted."""
    asked = json.loads((Path(data) / CASE).read_text(encoding="utf-8"))
    if memory_mb is not None:
        asked["relation"]["memory_mb"] = memory_mb
    inputs = asked["inputs"]
    relation, schemas = compiled(asked)
    stats = materialize(
        relation,
        schemas,
        [file for name, found in inputs.items() for file in input_files(name, [found["files"]])],
        [TRAIN],
        [],
        output,
        lambda: beam.Pipeline(argv=list(flags)),
    )
    found = stats["splits"][TRAIN]
    return {"tuples": found["tuples"], "rows": found["rows_read"], "stored": stored(output)}


def compiled(asked: Mapping[str, Any]) -> tuple[CompiledRelation, dict[str, schema_pb2.Schema]]:
    """The relation of a case, and the schema of each input."""
    schemas = {
        name: text_format.Parse(found["schema"], schema_pb2.Schema())
        for name, found in asked["inputs"].items()
    }
    relation = TypeAdapter[RelationConfig](RelationConfig).validate_python(asked["relation"])
    return compile_relation(Data.model_validate(asked["data"]), relation, schemas), schemas


def plain(data: str, output: str, triplets: int, flags: Sequence[str] = ()) -> dict[str, Any]:
    """The same triplets by the plain pipeline, as far as it goes."""
    asked = json.loads((Path(data) / CASE).read_text(encoding="utf-8"))
    (files,) = (found["files"] for found in asked["inputs"].values())
    folder = Path(output) / f"Split-{TRAIN}"
    with beam.Pipeline(argv=list(flags)) as pipeline:
        plain_beam.triplets(pipeline, files, str(folder / "data"), triplets)
    count = sum(1 for _ in tf.data.TFRecordDataset(files_of(output), "GZIP"))
    return {"tuples": count, "stored": stored(output)}


def files_of(output: str, split: str = TRAIN) -> list[str]:
    return sorted(glob.glob(f"{output}/Split-{split}/*.gz"))


def stored(output: str) -> int:
    """Bytes of the tuples on disk."""
    return sum(Path(path).stat().st_size for path in files_of(output))


def writer(tuples: str, output: str, level: int | None, threads: int, count: int) -> dict[str, Any]:
    """Writes records again with TensorFlow's writer, in threads: records a second of them all.

    Args:
      tuples: a folder that `ours` wrote.
      level: of gzip; None: the writer's own.
      count: records of each thread.
    """
    records = tf.data.TFRecordDataset(files_of(tuples), "GZIP").take(count * threads)
    held = list(records.as_numpy_iterator())
    options = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=level)
    Path(output).mkdir(parents=True)

    def write(number: int) -> None:
        with tf.io.TFRecordWriter(f"{output}/{number}.gz", options) as out:
            for record in held[number * count :][:count]:
                out.write(record)

    workers = [threading.Thread(target=write, args=(number,)) for number in range(threads)]
    begin = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    took = time.monotonic() - begin
    size = sum(path.stat().st_size for path in Path(output).iterdir())
    return {"rate": len(held) / took, "stored": size / len(held)}


def sizes(tuples: str, count: int) -> dict[str, float]:
    """Bytes a tuple of the first tuples, framed: in their order or shuffled, by two compressors."""
    records = tf.data.TFRecordDataset(files_of(tuples), "GZIP").take(count)
    frame = bytes(12)
    framed = [frame + record + frame[:4] for record in records.as_numpy_iterator()]
    shuffled = random.Random(0).sample(framed, len(framed))
    fast: Callable[[], Any] = lambda: isal_zlib.compressobj(LEVEL)  # noqa: E731
    found = {"uncompressed": sum(map(len, framed)) / len(framed)}
    for name, order, make in (
        ("shuffled", shuffled, fast),
        ("zlib level 6", framed, zlib.compressobj),
        ("shuffled, zlib level 6", shuffled, zlib.compressobj),
    ):
        compress = make()
        size = sum(len(compress.compress(record)) for record in order) + len(compress.flush())
        found[name] = size / len(framed)
    return found
