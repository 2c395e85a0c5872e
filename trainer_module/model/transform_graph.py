"""The graph of Transform within a model that is exported."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_transform.saved import saved_transform_io_v2

Tracked = tf.__internal__.tracking.Trackable


class TransformGraph(tf.Module):
    """Transforms raw features; a SavedModel that tracks it holds the tables of its vocabularies.

    `TFTransformOutput.transform_features_layer` computes the same. But it is a Keras model, and
    exporting one rewrites all of Keras that it calls by AutoGraph, for a signature of its own that
    nothing uses: 4 seconds in each process.
    """

    def __init__(self, transform: tft.TFTransformOutput):
        super().__init__()
        loader = saved_transform_io_v2.SavedModelLoader(transform.transform_savedmodel_dir)
        self._apply = loader.apply_transform_model
        self._resources = [each for each in vars(loader).values() if isinstance(each, Tracked)]

    def __call__(self, raw: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        """Transform a batch.

        Args:
          raw: some of the features of tuples, as sparse tensors [batch, ...].

        Returns:
          The transformed features that can be computed from these.
        """
        transformed: dict[str, tf.Tensor] = self._apply(raw)
        return transformed
