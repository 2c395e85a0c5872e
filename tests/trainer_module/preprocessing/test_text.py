"""Texts become indices of words: one vocabulary an entity type, rare words by their hash."""

import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from relation.schema import Feature, FeatureKind, read_features
from tests.relations import compiled
from tests.trainer_module.transformed import transform
from trainer_module.model.transform_graph import TransformGraph
from trainer_module.preprocessing.transform import (
    RARE_BUCKETS,
    TEXT_WORDS,
    vocabularies,
)
from trainer_module.preprocessing.vocabulary import Vocabulary
from trainer_module.request import PreprocessingRequest

FEATURES = (
    Feature(name="title", kind=FeatureKind.TEXT, dtype="bytes", width=4),
    Feature(name="maker", kind=FeatureKind.TEXT, dtype="bytes", width=1),
)
SAME_BRAND = {"type": "triplets", "source": {"type": "same_label", "feature": "brand"}}
REQUEST = PreprocessingRequest(
    compiled=compiled({"item": "sku"}, SAME_BRAND),
    features={"item": FEATURES},
)


def _row(title: list, maker: list, right: list = (), right_maker: list = ()) -> dict[str, list]:
    return {
        "anchor_title": title,
        "anchor_maker": maker,
        "positive_title": list(right),
        "positive_maker": list(right_maker),
        "negative_title": [],
        "negative_maker": [],
        "negative_prob": [0.5],
    }


# Of both features together: canon 3 times, camera 2; each other word once, hence rare.
ENTITIES = [
    _row([b"Canon CAMERA, W-120"], [b"canon"]),
    _row([b"the canon"], []),
    _row(["Kamera; camera größe".encode()], []),
]
TUPLES = [
    _row([b"Camera  canon"], [b"CANON!"], [b"one two three four five"], [b""]),
    _row([b"unseen", b"canon"], [], ["GRÖßE w 120 unseen".encode()], ["unseen größe".encode()]),
]


SPEC = dict.fromkeys(TUPLES[0], tf.io.VarLenFeature(tf.string)) | {
    "negative_prob": tf.io.VarLenFeature(tf.float32)
}


@pytest.fixture(scope="module")
def transformed(tmp_path_factory):
    return transform(REQUEST, SPEC, ENTITIES, tmp_path_factory.mktemp("text"), TUPLES)


def test_a_natural_language_domain_makes_bytes_a_text():
    schema = text_format.Parse(
        """
        feature { name: "title" type: BYTES natural_language_domain {} value_count { max: 9 } }
        feature { name: "words" type: INT natural_language_domain {} }
        feature { name: "brand" type: BYTES }
        """,
        schema_pb2.Schema(),
    )
    features = read_features(schema)
    assert (features["title"].kind, features["title"].width) == (FeatureKind.TEXT, 9)
    assert features["words"].kind is FeatureKind.NUMERIC
    assert features["brand"].kind is FeatureKind.CATEGORICAL


def test_all_texts_of_a_type_share_the_words_that_are_frequent_together(transformed):
    _, output = transformed
    assert output.vocabulary_by_name("item_words") == [b"canon", b"camera"]
    # 0 is padding, then two words, then the buckets.
    words = Vocabulary("item_words", 1 + 2 + RARE_BUCKETS)
    assert vocabularies(output, {"item": FEATURES})["item"] == {"title": words, "maker": words}


def test_words_keep_their_order_and_case_and_punctuation_do_not_count(transformed):
    rows, _ = transformed
    assert rows[0]["anchor_title"].tolist() == [2, 1, 0, 0]
    assert rows[0]["anchor_maker"].tolist() == [1] + [0] * (TEXT_WORDS - 1)
    assert rows[0]["positive_maker"].tolist() == [0] * TEXT_WORDS


def test_a_text_longer_than_its_width_is_cut(transformed):
    rows, _ = transformed
    assert rows[0]["positive_title"].shape == (4,)
    assert (rows[0]["positive_title"] > 2).all()


def test_several_texts_of_a_row_are_read_in_order(transformed):
    rows, _ = transformed
    assert rows[1]["anchor_title"].tolist()[1:] == [1, 0, 0]


def test_a_rare_word_is_known_again_in_every_role_and_feature(transformed):
    rows, output = transformed
    unseen = rows[1]["anchor_title"][0]
    assert 2 < unseen < vocabularies(output, {"item": FEATURES})["item"]["title"].size
    assert rows[1]["positive_title"][3] == rows[1]["positive_maker"][0] == unseen
    groesse, w, number, _ = rows[1]["positive_title"]
    assert len({groesse, w, number, unseen}) == 4
    assert rows[1]["positive_maker"][1] == groesse  # Lower case beyond ASCII, too.


def test_one_role_can_be_fed_alone(transformed):
    _, output = transformed
    alone = {"anchor_title": tf.sparse.from_dense([["canon camera"]])}
    assert TransformGraph(output)(alone)["anchor_title"].numpy().tolist() == [[1, 2, 0, 0]]


def test_without_any_word_there_is_room_for_every_index(tmp_path):
    words = [_row([f"word{i}".encode()], []) for i in range(4_000)]
    rows, output = transform(REQUEST, SPEC, [_row([], [])], tmp_path, words)
    size = vocabularies(output, {"item": FEATURES})["item"]["title"].size
    # Four thousand words leave few of the 1,024 buckets empty.
    assert size - 40 <= max(row["anchor_title"].max() for row in rows) < size
