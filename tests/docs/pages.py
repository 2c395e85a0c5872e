"""Code blocks of the documentation's pages, and files made of them."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a language on a page, in order."""
    text = (DOCS / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def write_rows(path: Path, table: str, schema: str) -> None:
    """Writes a CSV table as a TFRecord file of tf.Examples, typed as a TFDV schema says."""
    types = {f.name: f.type for f in text_format.Parse(schema, schema_pb2.Schema()).feature}
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for row in csv.DictReader(io.StringIO(table)):
            example = tf.train.Example()
            for name, cell in row.items():
                if cell:
                    _fill(example.features.feature[name], types[name], cell)
            writer.write(example.SerializeToString(deterministic=True))


def _fill(feature: Any, kind: int, cell: str) -> None:
    if kind == schema_pb2.BYTES:
        feature.bytes_list.value.append(cell.encode())
    elif kind == schema_pb2.INT:
        feature.int64_list.value.append(int(cell))
    else:
        feature.float_list.value.append(float(cell))
