"""Weights of tags: counted over the training entities alone, read by the loss."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform import TFTransformOutput

from relation.schema import Feature, FeatureKind
from relation.spec import tags
from tests.relations import compiled
from tests.trainer_module import transformed
from trainer_module.heads.tag import Tag
from trainer_module.losses.weighted_tag_cross_entropy import WeightedTagCrossEntropy
from trainer_module.objectives.per_tuple import PerTuple
from trainer_module.preprocessing.tag_counts import inverse_frequencies
from trainer_module.registry import task_of
from trainer_module.request import PreprocessingRequest

DOMAIN = ("blue\nsky", "red", "unseen", "x")
TAGGED = [["red"], ["red", "x"], ["red", "blue\nsky"], [], ["red"]]


@pytest.fixture(scope="module")
def transform(tmp_path_factory) -> TFTransformOutput:
    price = Feature(name="price", kind=FeatureKind.NUMERIC, dtype="float", width=1)
    schema = schema_pb2.Schema()
    schema.feature.add(name="tags", type=schema_pb2.BYTES).string_domain.value.extend(DOMAIN)
    request = PreprocessingRequest(
        compiled=compiled(
            {"item": "id"},
            {"type": "tags", "source": {"type": "labels", "feature": "tags"}},
            {"item": schema},
        ),
        features={"item": (price,)},
        counted="tags",
    )
    spec = {
        "example_price": tf.io.VarLenFeature(tf.float32),
        "example_tags": tf.io.VarLenFeature(tf.string),
        "relation": tf.io.VarLenFeature(tf.float32),
    }
    rows = [
        {"example_price": [1.0], "example_tags": [t.encode() for t in found]} for found in TAGGED
    ]
    return transformed.transform(request, spec, rows, tmp_path_factory.mktemp("transform"))[1]


def test_weights_are_inverse_to_counts_and_one_on_average(transform):
    # Counts 1, 4, 0 (taken as 1), 1: inverse 1, 1/4, 1, 1, with a mean of 13/16.
    expected = np.array([16, 4, 16, 16]) / 13
    assert inverse_frequencies(transform, DOMAIN) == pytest.approx(expected)
    assert set(transform.transformed_feature_spec()) == {"example_price", "relation"}


def test_the_loss_of_a_batch_weighs_tags():
    weights = np.array([3.0, 0.5], "float32")
    task = task_of(Tag(), tags("item", 2), 0)
    objective = PerTuple(task, WeightedTagCrossEntropy(), weights)
    targets = tf.constant([[1.0, 0.0], [0.0, 1.0]])
    logits = tf.constant([[2.0, -1.0], [0.5, 0.0]])
    each = np.log1p(np.exp([[-2.0, -1.0], [0.5, 0.0]]))
    expected = np.mean(each * weights)
    assert float(objective({}, targets, logits, None)) == pytest.approx(expected, rel=1e-6)
