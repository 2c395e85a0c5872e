"""The objective of each tuple: arguments of a loss beside targets and predictions."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from relation.spec import ntuples, pairs
from trainer_module.data.inputs import tuple_dataset
from trainer_module.heads.cosine import Cosine
from trainer_module.heads.dot import Dot
from trainer_module.losses.candidate_softmax import CandidateSoftmax
from trainer_module.losses.cosent import Cosent
from trainer_module.losses.mse import Mse
from trainer_module.model.relational_model import RelationalModel
from trainer_module.objectives.per_tuple import PerTuple
from trainer_module.registry import task_of
from trainer_module.towers.dense import Dense

RNG = np.random.default_rng(0)


def _model(task, objective) -> RelationalModel:
    """Embeddings are the two inputs themselves."""
    x = keras.Input((2,), name="x")
    same = keras.Model({"x": x}, keras.layers.Identity()(x))
    model = RelationalModel(task, {"item": ("x",)}, {"item": same}, objective)
    model.compile()
    return model


def _inputs(relation, batch=3) -> dict[str, np.ndarray]:
    return {
        f"{role.name}_x": RNG.normal(size=(batch, 2)).astype("float32") for role in relation.roles
    }


def test_a_softmax_over_candidates_is_corrected_for_how_likely_each_was_drawn():
    relation = ntuples("item", "item", 1, 2)
    task = task_of(Dot(), relation, 0)
    objective = PerTuple(task, CandidateSoftmax(temperature=0.5))
    assert objective.reads == ("negative_prob",)
    inputs = _inputs(relation)
    drawn = np.array([[0.5, 0.125], [0.01, 0.2], [0.25, 0.25]], "float32")
    targets = np.tile([1.0, 0.0, 0.0], (3, 1)).astype("float32")
    loss = _model(task, objective).evaluate(
        tf.data.Dataset.from_tensors(({**inputs, "negative_prob": drawn}, targets)), verbose=0
    )
    others = [inputs[f"{name}_x"] for name in ("positive", "negative_0", "negative_1")]
    logits = np.stack([(inputs["anchor_x"] * other).sum(1) / 0.5 for other in others], 1)
    logits[:, 1:] -= np.log(2 * drawn)
    expected = np.mean(np.log(np.exp(logits).sum(1)) - logits[:, 0])
    assert loss == pytest.approx(expected, rel=1e-5)


def test_a_softmax_over_candidates_need_not_be_corrected():
    task = task_of(Dot(), ntuples("item", "item", 1, 2), 0)
    assert PerTuple(task, CandidateSoftmax(log_q=False)).reads == ()
    assert PerTuple(task, Mse()).reads == ()


def test_a_loss_of_the_whole_batch_gets_the_weights_of_tuples():
    relation = pairs("item", "item")
    task = task_of(Cosine(), relation, 0)
    model = _model(task, PerTuple(task, Cosent(scale=2.0)))
    inputs, targets = _inputs(relation, 4), np.array([[1.0], [0.0], [0.5], [0.2]], "float32")
    weights = np.array([1.0, 2.0, 0.0, 3.0], "float32")
    data = tf.data.Dataset.from_tensors((inputs, targets, weights))
    left, right = inputs["left_x"], inputs["right_x"]
    cosines = (left * right).sum(1) / np.linalg.norm(left, axis=1) / np.linalg.norm(right, axis=1)
    total = 1.0 + sum(
        weights[k] * weights[m] * np.exp(2.0 * (cosines[k] - cosines[m]))
        for k in range(4)
        for m in range(4)
        if targets[k, 0] < targets[m, 0]
    )
    assert model.evaluate(data, verbose=0) == pytest.approx(np.log(total), rel=1e-5)


def test_the_dataset_hands_on_what_is_read(tmp_path):
    relation = ntuples("item", "item", 1, 2)
    path = str(tmp_path / "tuples.gz")
    example = tf.train.Example()
    for role in relation.roles:
        example.features.feature[f"{role.name}_x"].float_list.value.extend([1.0])
    example.features.feature["negative_prob"].float_list.value.extend([0.5, 0.25])
    example.features.feature["ids"].int64_list.value.extend([7, 8])
    shorter = tf.train.Example.FromString(example.SerializeToString())
    del shorter.features.feature["ids"].int64_list.value[1:]
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        writer.write(example.SerializeToString())
        writer.write(shorter.SerializeToString())
    spec = {f"{r.name}_x": tf.io.FixedLenFeature([1], tf.float32) for r in relation.roles}
    spec["negative_prob"] = tf.io.FixedLenFeature([2], tf.float32)
    spec["ids"] = tf.io.VarLenFeature(tf.int64)
    task = task_of(Dot(), relation, 0)
    reads = ("negative_prob", "ids")
    names = {"item": ("x",)}
    ((inputs, _),) = tuple_dataset(
        [path], spec, task, {"item": Dense().decode}, names, 2, reads=reads
    ).as_numpy_iterator()
    assert inputs["negative_prob"].tolist() == [[0.5, 0.25]] * 2
    assert inputs["ids"].tolist() == [[7, 8], [7, -1]]
