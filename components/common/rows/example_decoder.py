"""Decodes batches of serialized tf.Examples into columns, in C++ where their types are right."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.coders import example_coder

from relation.core.errors import DataError
from relation.files.tfrecord_reader import read_batches

D = TypeVar("D")

_KINDS = {
    schema_pb2.BYTES: "bytes_list",
    schema_pb2.INT: "int64_list",
    schema_pb2.FLOAT: "float_list",
}


class NotAnExample(Exception):
    """A record is not a tf.Example: the file has another format, so none of its rows is used."""


class Decoded(NamedTuple):
    """n rows.

    Attributes:
      batch: a column for each feature of the schema: lists of large_binary, int64 or float32, null
        or empty where a row has no value of the feature's type.
      ill_typed: the rows with a feature of another type than the schema says, ascending.
    """

    batch: pa.RecordBatch
    ill_typed: list[int]


class ExampleDecoder:
    """Decodes the features of a schema."""

    def __init__(self, schema: bytes) -> None:
        """Prepares the C++ decoder, which does not pickle.

        Args:
          schema: a serialized schema; names and types matter.
        """
        self._schema = schema
        self._kinds = {
            feature.name: _KINDS[feature.type]
            for feature in schema_pb2.Schema.FromString(schema).feature
        }
        self._decoder = self._new()

    def __call__(self, records: list[bytes]) -> Decoded:
        """Decodes n rows.

        Raises:
          NotAnExample: a record cannot be parsed as tf.Example.
        """
        batch = self._decode(records)
        if batch is not None:
            return Decoded(batch, [])
        ill_typed = [row for row, record in enumerate(records) if self._decode([record]) is None]
        records = list(records)
        for row in ill_typed:
            records[row] = self._without_ill_typed(records[row])
        return Decoded(self._decoder.DecodeBatch(records), ill_typed)

    def _new(self) -> Any:
        return example_coder.ExamplesToRecordBatchDecoder(self._schema)

    def _decode(self, records: list[bytes]) -> pa.RecordBatch | None:
        """The batch; None if a record is ill-typed, or not a tf.Example."""
        try:
            return self._decoder.DecodeBatch(records)
        except RuntimeError:
            self._decoder = self._new()  # It keeps values of the batch that failed.
            return None

    def _without_ill_typed(self, record: bytes) -> bytes:
        """A row without its features of another type than the schema says."""
        try:
            example = tf.train.Example.FromString(record)
        except DecodeError:
            raise NotAnExample from None
        features = example.features.feature
        for name, kind in self._kinds.items():
            if name in features and features[name].WhichOneof("kind") not in (None, kind):
                del features[name]
        return bytes(example.SerializeToString())


def read_decoded(path: str, decode: Callable[[list[bytes]], D]) -> Iterator[tuple[list[bytes], D]]:
    """Reads a TFRecord file in batches: n serialized rows, and what `decode` makes of them.

    Raises:
      DataError: the file cannot be read, or a record of it is not a tf.Example.
    """
    for records in read_batches(path):
        try:
            yield records, decode(records)
        except NotAnExample:
            raise DataError(f"{path}: holds a record that is not a tf.Example") from None
