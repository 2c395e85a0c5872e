"""Features that name one domain of the schema share a vocabulary, and so its embeddings."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from relation.schema import Feature, FeatureKind
from tests.relations import compiled
from tests.trainer_module.transformed import transform
from trainer_module.preprocessing.transform import vocabularies
from trainer_module.request import PreprocessingRequest
from trainer_module.towers.dense import Dense

SHARED = {"kind": FeatureKind.CATEGORICAL, "dtype": "bytes", "domain": "country"}
FEATURES = {
    "user": (Feature(name="home", width=1, **SHARED), Feature(name="visited", width=2, **SHARED)),
    "item": (Feature(name="origin", width=1, **SHARED),),
}
EDGES = {"left": {"entity": "user", "id": "user"}, "right": {"entity": "item", "id": "item"}}
REQUEST = PreprocessingRequest(
    compiled=compiled(
        {"user": "id", "item": "id"},
        {"type": "pairs", "source": {"type": "edges", "edges": "bought"}},
        edges={"bought": EDGES},
    ),
    features=FEATURES,
)
# it is there four times, at thrice, ch once: as home, as visited and as origin.
ENTITIES = [
    {"left_home": [b"it"], "left_visited": [b"it", b"at"]},
    {"left_home": [b"at"], "left_visited": [b"it"]},
    {"right_origin": [b"it"]},
    {"right_origin": [b"at"]},
    {"right_origin": [b"ch"]},
]
TUPLE = {
    "left_home": [b"at"],
    "left_visited": [b"ch", b"at"],
    "right_origin": [b"at"],
    "relation": [1.0],
}


@pytest.fixture(scope="module")
def transformed(tmp_path_factory):
    spec = {name: tf.io.VarLenFeature(tf.string) for name in list(TUPLE)[:3]}
    spec["relation"] = tf.io.VarLenFeature(tf.float32)
    folder = tmp_path_factory.mktemp("transform")
    [row], output = transform(REQUEST, spec, ENTITIES, folder, [TUPLE])
    return row, output


def test_one_index_means_one_value_whatever_the_feature_and_its_entity_type(transformed):
    row, output = transformed
    assert output.vocabulary_by_name("domain_country") == [b"it", b"at", b"ch"]
    assert row["left_home"].tolist() == [2]
    assert row["left_visited"].tolist() == [3, 2]
    assert row["right_origin"].tolist() == [2]


def test_features_of_one_tower_share_a_table_of_embeddings(transformed):
    _, output = transformed
    actual = vocabularies(output, FEATURES)["user"]
    assert actual["home"] == actual["visited"]
    assert actual["home"] == vocabularies(output, FEATURES)["item"]["origin"]
    network = Dense(dense=(), embedding=3).build(FEATURES["user"], actual)
    tables = [layer for layer in network.layers if isinstance(layer, keras.layers.Embedding)]
    assert [np.shape(table.embeddings) for table in tables] == [(4, 16)]
