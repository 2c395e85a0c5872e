"""Heads with a perceptron at their end, against NumPy float64."""

import keras
import numpy as np
import pytest

from relation.spec import LabelKind
from tests.trainer_module.heads.helpers import call, perceptron, shake_biases
from trainer_module.heads.concat_mlp import ConcatMlp
from trainer_module.heads.scorer import Scorer
from trainer_module.heads.tag import Tag
from trainer_module.heads.vector import Vector

LEFT, RIGHT = np.random.default_rng(0).normal(size=(2, 9, 6))
FEATURES = {
    "left": LEFT,
    "right": RIGHT,
    "difference": np.abs(LEFT - RIGHT),
    "product": LEFT * RIGHT,
    "cosine": ((LEFT * RIGHT).sum(1) / np.sqrt((LEFT**2).sum(1) * (RIGHT**2).sum(1)))[:, None],
    "distance": np.sqrt(((LEFT - RIGHT) ** 2).sum(1))[:, None],
}


@pytest.mark.parametrize(
    "inputs",
    [*((name,) for name in FEATURES), ("distance", "left", "cosine"), tuple(FEATURES)],
    ids="+".join,
)
def test_concat_mlp(inputs):
    layer = ConcatMlp(inputs=inputs, dense=(8, 4)).build()
    call(layer, LEFT, RIGHT)
    shake_biases(layer)
    expected = perceptron(
        np.concatenate([FEATURES[name] for name in inputs], axis=1), layer.pair.stack
    )
    assert call(layer, LEFT, RIGHT) == pytest.approx(expected[:, 0], abs=1e-5)


def test_concat_mlp_of_symmetric_inputs_is_symmetric():
    symmetric = ConcatMlp(inputs=("difference", "product", "cosine", "distance")).build()
    assert call(symmetric, LEFT, RIGHT) == pytest.approx(call(symmetric, RIGHT, LEFT), abs=1e-6)
    ordered = ConcatMlp(inputs=("left", "right")).build()
    assert np.abs(call(ordered, LEFT, RIGHT) - call(ordered, RIGHT, LEFT)).max() > 0.01


def test_concat_mlp_is_served_as_a_probability_or_a_number():
    values = np.array([0.0, 2.0])
    probability, number = ConcatMlp(), ConcatMlp(output="number")
    assert (probability.is_logit, number.is_logit) == (True, False)
    assert np.asarray(probability.score(values)) == pytest.approx([0.5, 1 / (1 + np.exp(-2))])
    assert np.asarray(number.score(values)).tolist() == [0.0, 2.0]


def test_concat_mlp_learns_what_no_distance_can_say():
    """Regression onto the first number of the left embedding."""
    keras.utils.set_random_seed(0)
    left, right = keras.Input((6,)), keras.Input((6,))
    head = ConcatMlp(inputs=("left", "right"), dense=(), output="number").build()
    model = keras.Model([left, right], head(left, right))
    model.compile(keras.optimizers.Adam(0.05), "mse")
    rows = np.tile(np.arange(9), 50)
    model.fit([LEFT[rows], RIGHT[rows]], LEFT[rows, 0], epochs=10, verbose=0)
    assert call(head, LEFT, RIGHT) == pytest.approx(LEFT[:, 0], abs=0.15)


def test_vector():
    head = Vector(inputs=("right", "difference"), dense=(8,))
    layer = head.build(3)
    call(layer, LEFT, RIGHT)
    shake_biases(layer)
    inputs = np.concatenate([RIGHT, FEATURES["difference"]], axis=1)
    expected = perceptron(inputs, layer.stack)
    assert expected.shape == (9, 3)
    assert call(layer, LEFT, RIGHT) == pytest.approx(expected, abs=1e-5)


def test_vector_is_served_as_numbers_or_as_probabilities_of_classes():
    values = np.array([[0.0, np.log(3.0)], [1.0, 1.0]])
    assert np.asarray(Vector().score(values, LabelKind.VECTOR)).tolist() == values.tolist()
    classes = np.asarray(Vector().score(values, LabelKind.CLASS))
    assert classes == pytest.approx(np.array([[0.25, 0.75], [0.5, 0.5]]))


def test_tag():
    layer = Tag(dense=(8,)).build(4)
    call(layer, LEFT)
    shake_biases(layer)
    expected = perceptron(LEFT, layer)
    assert expected.shape == (9, 4)
    assert call(layer, LEFT) == pytest.approx(expected, abs=1e-5)
    # Tags are independent: both may be certain.
    assert np.asarray(Tag().score(np.array([[0.0, np.log(3)]]))) == pytest.approx(
        np.array([[0.5, 0.75]])
    )


def test_scorer():
    layer = Scorer(dense=(8, 8)).build()
    call(layer, LEFT)
    shake_biases(layer)
    assert call(layer, LEFT) == pytest.approx(perceptron(LEFT, layer.stack)[:, 0], abs=1e-5)
