"""Rows, files and runs for the tests of RelationGen."""

import glob
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from PIL import Image
from tensorflow_metadata.proto.v0 import schema_pb2

from components.common.input_files import input_files
from components.relation_gen.pipeline import materialize
from relation.compiled import CompiledRelation
from tests.relations import compiled

SCHEMA = text_format.Parse(
    """
    feature { name: "id" type: BYTES }
    feature { name: "label" type: INT int_domain { is_categorical: true } }
    feature { name: "x" type: FLOAT }
    """,
    schema_pb2.Schema(),
)
IMAGE_SCHEMA = text_format.Parse(
    """
    feature { name: "id" type: BYTES }
    feature { name: "label" type: INT int_domain { is_categorical: true } }
    feature { name: "image" type: BYTES image_domain {} }
    """,
    schema_pb2.Schema(),
)


def row(**values: Any) -> bytes:
    """A serialized tf.Example; each value is one of bytes, int or float, or a list of them."""
    example = tf.train.Example()
    for name, value in values.items():
        items = value if isinstance(value, list) else [value]
        feature = example.features.feature[name]
        for item in items:
            if isinstance(item, bytes):
                feature.bytes_list.value.append(item)
            elif isinstance(item, int):
                feature.int64_list.value.append(item)
            else:
                feature.float_list.value.append(item)
    return example.SerializeToString(deterministic=True)


def png(seed: int = 0, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def write(path: Path, rows: Iterable[bytes], compression: str = "GZIP") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path), tf.io.TFRecordOptions(compression_type=compression)) as w:
        for serialized in rows:
            w.write(serialized)
    return path


def request(kind: str = "triplets", bad_rows: str = "fail", **sampling: int) -> CompiledRelation:
    return compiled(
        {"item": "id"},
        {
            "type": kind,
            "source": {"type": "same_label", "feature": "label"},
            "sampling": sampling,
            "seed": 7,
        },
        {"item": SCHEMA},
        bad_rows=bad_rows,
    )


def run(
    asked: CompiledRelation,
    folder: Path,
    splits: Mapping[str, Sequence[Sequence[bytes]]],
    schema: schema_pb2.Schema = SCHEMA,
    flags: Sequence[str] = (),
) -> tuple[dict[str, Any], Path]:
    """Writes {split: [rows of each file]}, materializes; returns statistics and the output."""
    for split, files in splits.items():
        for index, rows in enumerate(files):
            write(folder / "in" / f"Split-{split}" / f"{index}.gz", rows)
    output = folder / "out"
    stats = materialize(
        asked,
        {"item": schema},
        input_files("item", [str(folder / "in" / "Split-*" / "*")]),
        list(splits),
        [],
        str(output),
        lambda: beam.Pipeline(argv=list(flags)),
    )
    return stats, output


def shards(output: Path, split: str) -> list[list[bytes]]:
    """The records of each shard of a split."""
    paths = sorted(glob.glob(str(output / f"Split-{split}" / "*")))
    return [
        list(tf.data.TFRecordDataset(path, compression_type="GZIP").as_numpy_iterator())
        for path in paths
    ]


def tuples(output: Path, split: str) -> list[dict[str, Any]]:
    """The tuples of a split as {feature: value, or list of values if not one}."""
    return [as_dict(record) for shard in shards(output, split) for record in shard]


def as_dict(record: bytes) -> dict[str, Any]:
    found = {}
    for name, feature in tf.train.Example.FromString(record).features.feature.items():
        kind = feature.WhichOneof("kind")  # None: of no values, and no type.
        values = list(getattr(feature, kind).value) if kind else []
        found[name] = values[0] if len(values) == 1 else values
    return found
