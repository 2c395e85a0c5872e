"""The conditioned head: each way to condition against NumPy, and the label truly matters."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.trainer_module.heads.helpers import affine, call, perceptron, relu, shake_biases
from trainer_module.heads.conditioned import Conditioned

RNG = np.random.default_rng(0)
EXAMPLES, LABELS = RNG.normal(size=(9, 6)), RNG.normal(size=(9, 4))
WAYS = ("concatenation", "film", "gate")


def _built(by: str, **options) -> keras.layers.Layer:
    keras.utils.set_random_seed(3)
    layer = Conditioned(by=by, units=16, **options).build()
    call(layer, EXAMPLES, LABELS)
    shake_biases(layer)
    return layer


def _expected(by: str, layer: keras.layers.Layer) -> np.ndarray:
    example, label = affine(EXAMPLES, layer.example), affine(LABELS, layer.label)
    if by == "concatenation":
        hidden = relu(example + label)
    elif by == "film":
        hidden = relu((1 + affine(LABELS, layer.scale)) * example + label)
    else:
        hidden = relu(example) / (1 + np.exp(-label))
    return perceptron(hidden, layer.stack)[:, 0]


@pytest.mark.parametrize("dense", [(), (8,)])
@pytest.mark.parametrize("by", WAYS)
def test_it_is_its_formula(by, dense):
    layer = _built(by, dense=dense)
    assert call(layer, EXAMPLES, LABELS) == pytest.approx(_expected(by, layer), abs=1e-5)


def test_concatenation_is_one_dense_layer_over_both():
    layer = _built("concatenation")
    (example, one), (label, other) = layer.example.get_weights(), layer.label.get_weights()
    joined = np.concatenate([EXAMPLES, LABELS], axis=1)
    hidden = relu(joined @ np.concatenate([example, label]) + one + other)
    expected = perceptron(hidden, layer.stack)[:, 0]
    assert call(layer, EXAMPLES, LABELS) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("by", WAYS)
def test_the_label_decides_how_examples_compare(by):
    """More than a bonus for each label, which would leave the order of examples as it is."""
    layer = _built(by)
    scores = call(layer, EXAMPLES[:, None], LABELS[None])
    gaps = scores[0] - scores[1]  # How much better the first example fits, by label.
    assert np.ptp(gaps) > 0.1


@pytest.mark.parametrize("by", WAYS)
def test_all_labels_are_scored_at_once(by):
    layer = _built(by, dense=(8,))
    every = call(layer, EXAMPLES[:, None], LABELS[None])
    assert every.shape == (9, 9)
    for index, label in enumerate(LABELS):
        alone = call(layer, EXAMPLES, np.tile(label, (9, 1)))
        assert every[:, index] == pytest.approx(alone, abs=1e-5)


@pytest.mark.parametrize("by", WAYS)
def test_it_learns_which_label_fits(by):
    """Label k fits where the example's k-th number is positive."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(1)
    examples, labels = rng.normal(size=(512, 3)), rng.integers(0, 3, 512)
    fits = (examples[np.arange(512), labels] > 0).astype("float32")
    example, label = keras.Input((3,)), keras.Input((3,))
    head = Conditioned(by=by, units=32, dense=(32,))
    layer = head.build()
    model = keras.Model([example, label], layer(example, label))
    model.compile(keras.optimizers.Adam(0.01), keras.losses.BinaryCrossentropy(from_logits=True))
    given = [examples, np.eye(3)[labels]]
    model.fit(given, fits, epochs=40, verbose=0)
    answers = np.asarray(head.score(layer(*(tf.constant(x, tf.float32) for x in given))))
    # Without the label at most about 3 of 4 could be right.
    assert ((answers > 0.5) == fits).mean() > 0.93
