"""Transform's graph of a request, learnt from rows in memory, and what it makes of tuples."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_transform.beam as tft_beam
from tensorflow_transform import TFTransformOutput
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from trainer_module.preprocessing.transform import preprocessing_fn
from trainer_module.request import KEY, PreprocessingRequest

Row = Mapping[str, Any]


def transform(
    request: PreprocessingRequest,
    spec: Mapping[str, tf.io.VarLenFeature],
    entities: Sequence[Row],
    folder: Path,
    tuples: Sequence[Row] = (),
) -> tuple[list[dict[str, Any]], TFTransformOutput]:
    """Analyze entities and transform tuples.

    Args:
      request: of the preprocessing.
      spec: of the features of rows.
      entities: rows that are analyzed; the features that a row lacks are empty.
      folder: where the graph is written.
      tuples: rows that are transformed, likewise.

    Returns:
      The transformed tuples, in order; the graph.
    """
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(dict(spec)))
    config = {KEY: request.model_dump_json()}
    empty: dict[str, Any] = {name: [] for name in spec}
    analyzed, transformed = ([{**empty, **row} for row in rows] for rows in (entities, tuples))
    with tft_beam.Context(temp_dir=str(folder / "temp")):
        function = (analyzed, metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: preprocessing_fn(inputs, config)
        )
        function | tft_beam.WriteTransformFn(str(folder / "graph"))
        if transformed:
            transformed, _ = ((transformed, metadata), function) | tft_beam.TransformDataset()
    return transformed, TFTransformOutput(str(folder / "graph"))
