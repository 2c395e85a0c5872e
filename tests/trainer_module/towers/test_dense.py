"""The dense tower, with weights set by hand."""

import keras
import numpy as np
import pytest

from tests.trainer_module.towers.helpers import COLOUR, PRICE, TRIM, embed
from trainer_module.preprocessing.vocabulary import Vocabulary
from trainer_module.towers.dense import Dense

PALETTE = Vocabulary("palette", 4)
APART = {"colour": Vocabulary("colour", 4), "trim": Vocabulary("trim", 4)}
PLAIN = Dense(category=2, dense=(), embedding=6, normalize=False)
TABLE = np.array([[9.0, 9.0], [1.0, 2.0], [3.0, 4.0], [-5.0, 0.5]])


def _tables(network: keras.Model) -> list[keras.layers.Embedding]:
    return [layer for layer in network.layers if isinstance(layer, keras.layers.Embedding)]


def _identity(network: keras.Model) -> keras.Model:
    """Embeddings as in TABLE, and the last layer hands on what it gets."""
    for table in _tables(network):
        table.set_weights([TABLE])
    network.layers[-1].set_weights([np.eye(6), np.zeros(6)])
    return network


def test_numbers_pass_and_categories_are_the_mean_of_those_that_are_there():
    network = _identity(PLAIN.build((PRICE, COLOUR, TRIM), {"colour": PALETTE, "trim": PALETTE}))
    result = embed(
        network,
        {
            "price": np.array([[0.5, -1.5], [0.0, 0.0]], "float32"),
            "colour": np.array([[1], [0]]),
            "trim": np.array([[2, 3, 0], [0, 0, 0]]),
        },
    )
    # (3, 4) and (-5, .5) have mean (-1, 2.25); what is missing is no category, so TABLE[0] is
    # nowhere to be seen.
    assert result.tolist() == [[0.5, -1.5, 1.0, 2.0, -1.0, 2.25], [0.0] * 6]


def test_numbers_as_steps():
    plain = {"category": 2, "dense": (), "embedding": 8, "normalize": False}
    network = Dense(bins=4, **plain).build((PRICE,))
    network.layers[-1].set_weights([np.eye(8), np.zeros(8)])
    # Quarters of a normal distribution end at ±.67449 and 0; below .31864 lie .625 of it.
    price = np.array([[0.0, 0.67449], [0.31864, -9.0]], "float32")
    expected = [[1, 1, -1, -1, 1, 1, 1, -1], [1, 1, 0, -1, -1, -1, -1, -1]]
    np.testing.assert_allclose(embed(network, {"price": price}), expected, atol=1e-4)


def test_features_that_share_a_vocabulary_share_its_embeddings():
    shared = PLAIN.build((COLOUR, TRIM), {"colour": PALETTE, "trim": PALETTE})
    apart = PLAIN.build((COLOUR, TRIM), APART)
    assert len(_tables(shared)) == 1
    assert len(_tables(apart)) == 2
    assert _tables(shared)[0].get_weights()[0].shape == (4, 2)


def test_the_last_index_of_a_vocabulary_has_an_embedding():
    network = PLAIN.build((COLOUR,), APART)
    assert np.abs(embed(network, {"colour": np.array([[3]])})).sum() > 0


def test_hidden_layers_are_a_perceptron():
    keras.utils.set_random_seed(3)
    network = Dense(dense=(5, 4), embedding=3, normalize=False).build((PRICE,))
    weights = [w.astype(np.float64) for w in network.get_weights()]
    x = np.array([[0.3, -2.0], [1.0, 1.0]])
    expected = x
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        expected = np.maximum(expected @ kernel + bias, 0)
    expected = expected @ weights[-2] + weights[-1]
    assert [w.shape for w in weights] == [(2, 5), (5,), (5, 4), (4,), (4, 3), (3,)]
    assert embed(network, {"price": x.astype("float32")}) == pytest.approx(expected, abs=1e-5)
