"""`score_labels`: every label for an example, against one at a time."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from relation.schema import Feature, FeatureKind
from relation.spec import pairs
from trainer_module.heads.conditioned import Conditioned
from trainer_module.heads.cosine import Cosine
from trainer_module.model.relational_model import RelationalModel
from trainer_module.model.signatures import ServingModule
from trainer_module.preprocessing.vocabulary import Vocabulary
from trainer_module.registry import task_of
from trainer_module.towers.dense import Dense

LABELS = ("red", "blue", "round")
X = Feature(name="x", kind=FeatureKind.NUMERIC, dtype="float", width=2)
ID = Feature(name="id", kind=FeatureKind.CATEGORICAL, dtype="bytes", width=1)
NUMBER = Feature(name="id", kind=FeatureKind.CATEGORICAL, dtype="int", width=1)
ROWS = np.random.default_rng(0).normal(size=(4, 2)).astype("float32")


class Transform:
    """As TransformGraph: numbers as they are, ids as the place of the label from 1 on."""

    def __init__(self, labels):
        self.labels = tf.constant(labels, tf.string if isinstance(labels[0], str) else tf.int64)

    def __call__(self, raw):
        transformed = {}
        if "left_x" in raw:
            transformed["left_x"] = tf.sparse.to_dense(raw["left_x"])
        if "right_id" in raw:
            ids = tf.reshape(raw["right_id"].values, [-1, 1])
            place = tf.argmax(ids == self.labels[None, :], axis=1)
            transformed["right_id"] = place[:, None] + 1
        return transformed


def _module(head, key, labels, branch=()) -> ServingModule:
    """`branch`: layers of the labels' own tower."""
    keras.utils.set_random_seed(1)
    features = {"scene": (X,), "tag": (key,)}
    towers = {"scene": Dense(dense=(), embedding=4), "tag": Dense(dense=branch, embedding=4)}
    vocabularies = {"id": Vocabulary("tag", 4)}
    task = task_of(head, pairs("scene", "tag"), 0)
    networks = {name: tower.build(features[name], vocabularies) for name, tower in towers.items()}
    model = RelationalModel(task, {"scene": ("x",), "tag": ("id",)}, networks)
    ids = [0, 7, 2] if key is NUMBER else LABELS
    return ServingModule(model, Transform(ids), features, towers, labels)


def _example(row=None, label=None) -> bytes:
    example = tf.train.Example()
    feature = example.features.feature
    if label is None:
        feature["x"].float_list.value.extend(row)
    else:
        feature["left_x"].float_list.value.extend(row)
        feature["right_id"].bytes_list.value.append(label.encode())
    return example.SerializeToString()


@pytest.mark.parametrize(
    ("by", "branch"),
    [("concatenation", ()), ("film", ()), ("gate", ()), ("concatenation", (6, 5))],
)
def test_all_labels_at_once_are_scored_as_one_at_a_time(by, branch, tmp_path):
    module = _module(Conditioned(by=by, units=8), ID, LABELS, branch)
    module.save(str(tmp_path))
    signatures = tf.saved_model.load(str(tmp_path)).signatures
    actual = signatures["score_labels"](examples=tf.constant([_example(row) for row in ROWS]))
    assert actual["label"].numpy().tolist() == [label.encode() for label in LABELS]
    assert actual["score"].shape == (4, 3)
    for place, label in enumerate(LABELS):
        pairs_ = tf.constant([_example(row, label) for row in ROWS])
        one = signatures["score"](examples=pairs_)["score"].numpy()
        assert actual["score"].numpy()[:, place] == pytest.approx(one, abs=1e-5)
    score = actual["score"].numpy().astype(float)
    assert np.ptp(score, axis=1).min() > 1e-4  # It depends on the label.
    odds = score / (1 - score)
    expected = odds / odds.sum(axis=1, keepdims=True)
    assert actual["probability"].numpy() == pytest.approx(expected, abs=1e-4)


def test_heads_without_logits_have_no_probability_and_labels_may_be_integers():
    module = _module(Cosine(), NUMBER, ("0", "7", "2"))
    actual = module.score_labels(tf.constant([_example(row) for row in ROWS]))
    assert set(actual) == {"label", "score"}
    examples, labels = module.model.towers["scene"], module.model.towers["tag"]
    rows = examples({"x": ROWS}).numpy()
    columns = labels({"id": np.array([[1], [2], [3]])}).numpy()
    assert actual["score"].numpy() == pytest.approx(rows @ columns.T, abs=1e-5)


def test_without_labels_there_is_no_such_signature():
    module = _module(Cosine(), ID, ())
    assert "score_labels" not in module.signatures()
