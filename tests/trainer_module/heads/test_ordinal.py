"""Grades of tags: cumulative logits against NumPy, and what they learn."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from relation.spec import tags
from tests.trainer_module.heads.helpers import call, perceptron, shake_biases
from trainer_module.heads.ordinal import Ordinal
from trainer_module.registry import task_of

EMBEDDINGS = np.random.default_rng(0).normal(size=(5, 6))


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_each_tag_has_one_score_and_thresholds_that_rise():
    layer = Ordinal(dense=(8,)).build(2, 3)
    call(layer, EMBEDDINGS)
    shake_biases(layer)
    gaps = np.array([[0.0, 2.0], [-1.0, 0.5]])
    layer.gaps.assign(gaps)
    scores = perceptron(EMBEDDINGS, layer.stack)
    steps = np.log1p(np.exp(gaps))
    thresholds = np.concatenate([np.zeros((2, 1)), steps.cumsum(axis=1)], axis=1)
    expected = (scores[:, :, None] - thresholds).reshape(5, 6)
    actual = call(layer, EMBEDDINGS)
    assert actual == pytest.approx(expected, abs=1e-5)
    assert (np.diff(actual.reshape(5, 2, 3), axis=2) < 0).all()


def test_gaps_are_one_at_first():
    layer = Ordinal().build(1, 3)
    assert np.diff(call(layer, EMBEDDINGS)) == pytest.approx(-np.ones((5, 2)), abs=1e-5)


def test_a_grade_is_above_all_lower_ones_and_the_expected_grade_is_served():
    task = task_of(Ordinal(), tags("item", 2, levels=4), 0)
    label = tf.constant([[0.0, 0.25], [1.0, 0.5]])
    assert task.targets(label, tf.constant(2)).numpy().tolist() == [
        [0, 0, 0, 0, 1, 0, 0, 0],
        [1, 1, 1, 1, 1, 1, 0, 0],
    ]
    logits = np.array([[3.0, 1.0, -1.0, -3.0, 0.0, 0.0, 0.0, 0.0]], "float32")
    assert task.predictions(logits).numpy() == pytest.approx(np.array([[0.5, 0.5]]))
    one = _sigmoid(np.array([2.0, 1.0, 0.0, -1.0])).mean()
    logits[0, :4] = 2.0, 1.0, 0.0, -1.0
    assert task.predictions(logits).numpy()[0, 0] == pytest.approx(one)


def test_it_learns_thresholds_that_are_not_evenly_spaced():
    """One number decides the grade, by thresholds -1, 0 and 2."""
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(1).uniform(-3, 4, size=(512, 1)).astype("float32")
    grades = np.searchsorted([-1.0, 0.0, 2.0], x[:, 0])
    layer = Ordinal(dense=()).build(1, 3)
    task = task_of(Ordinal(), tags("item", 1, levels=3), 0)
    point = keras.Input((1,))
    model = keras.Model(point, layer(point))
    model.compile(keras.optimizers.Adam(0.1), keras.losses.BinaryCrossentropy(from_logits=True))
    targets = task.targets(tf.constant(grades[:, None] / 3, "float32"), tf.constant(512))
    model.fit(x, targets, epochs=40, batch_size=64, verbose=0)
    actual = np.rint(3 * np.asarray(task.predictions(model(x)))[:, 0])
    assert (actual == grades).mean() > 0.9
    low, high = np.log1p(np.exp(np.asarray(layer.gaps)[0]))
    assert 1.5 < high / low < 2.5
