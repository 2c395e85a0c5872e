"""Transform on a few tuples, without TFX: the graph of preprocessing, and transformed tuples."""

import glob
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_transform.beam as tft_beam
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.coders import example_proto_coder
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from relation.files.feature_values import values_of
from relation.load import LoadedRecipe
from relation.names import ENTITIES, EVAL, TRAIN
from trainer_module.build_request import preprocessing_request
from trainer_module.preprocessing.transform import preprocessing_fn
from trainer_module.request import KEY
from trainer_module.training.training_run import Files

_TYPES = {
    schema_pb2.BYTES: tf.string,
    schema_pb2.INT: tf.int64,
    schema_pb2.FLOAT: tf.float32,
}


def transform(loaded: LoadedRecipe, folder: Path, limit: int) -> Files:
    """Analyze the entities of `folder/tuples/`, and transform the first `limit` tuples of a split.

    Raises:
      UserError: see `preprocessing_fn`.
    """
    types = {feature.name: _TYPES[feature.type] for feature in loaded.tuple_schema.feature}
    spec = {name: tf.io.VarLenFeature(dtype) for name, dtype in types.items()}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    config = {KEY: preprocessing_request(loaded).model_dump_json()}
    entities = list(_values(folder, ENTITIES, types))
    with tft_beam.Context(temp_dir=str(folder / "temp")):
        function = (entities, metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: preprocessing_fn(inputs, config)
        )
        function | tft_beam.WriteTransformFn(str(folder / "graph"))
        files = {}
        for split in (TRAIN, EVAL):
            values = list(islice(_values(folder, split, types), limit))
            data, transformed = ((values, metadata), function) | tft_beam.TransformDataset()
            files[split] = str(folder / f"{split}.gz")
            _write(files[split], data, transformed.schema)
    return Files(str(folder / "graph"), [files[TRAIN]], [files[EVAL]])


def _values(
    folder: Path, split: str, types: dict[str, tf.DType]
) -> Iterator[dict[str, Sequence[Any]]]:
    """The values of each tuple of a split, by feature."""
    files = sorted(glob.glob(str(folder / "tuples" / f"Split-{split}" / "*")))
    for record in tf.data.TFRecordDataset(files, compression_type="GZIP").as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        yield {name: list(values_of(features[name])) if name in features else [] for name in types}


def _write(path: str, rows: Sequence[dict[str, Any]], schema: schema_pb2.Schema) -> None:
    coder = example_proto_coder.ExampleProtoCoder(schema, serialized=True)
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for row in rows:
            writer.write(coder.encode(row))
