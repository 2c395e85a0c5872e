"""Columns beside an image, and values that are masked in training."""

import keras
import numpy as np
import pytest

from tests.trainer_module.towers.helpers import IMAGE, PRICE, TRIM, embed
from trainer_module.preprocessing.vocabulary import Vocabulary
from trainer_module.towers.cnn import Cnn
from trainer_module.towers.dense import Dense

VOCABULARIES = {"trim": Vocabulary("item_trim", 6)}
RNG = np.random.default_rng(0)
ROWS = {
    "photo": RNG.random((5, 8, 8, 1), dtype="float32"),
    "price": RNG.normal(size=(5, 2)).astype("float32"),
    "trim": np.array([[1, 2, 0], [3, 0, 0], [0, 0, 0], [5, 4, 1], [1, 0, 0]]),
}


def _cnn(**changes) -> keras.Model:
    keras.utils.set_random_seed(1)
    shape = {"height": 8, "width": 8, "filters": (4,), "dense": (8,), "embedding": 4}
    return Cnn(**shape, norm="none", **changes).build((PRICE, IMAGE, TRIM), VOCABULARIES)


@pytest.mark.parametrize("name", sorted(ROWS))
def test_an_embedding_depends_on_image_and_columns(name):
    network = _cnn()
    changed = {**ROWS, name: np.roll(ROWS[name], 1, axis=0)}
    apart = np.abs(embed(network, ROWS) - embed(network, changed)).max(axis=1)
    assert apart.min() > 1e-3


def test_what_is_masked_is_as_if_missing_and_only_in_training():
    keras.utils.set_random_seed(1)
    network = Dense(dense=(), embedding=4, masked=0.5).build((TRIM,), VOCABULARIES)
    one = {"trim": np.array([[3, 0, 0]] * 400)}
    given, missing = (embed(network, {"trim": np.array([[i, 0, 0]])})[0] for i in (3, 0))
    assert embed(network, one) == pytest.approx(np.tile(given, (400, 1)))
    actual = embed(network, one, training=True)
    hidden = np.isclose(actual, missing, atol=1e-6).all(axis=1)
    shown = np.isclose(actual, given, atol=1e-6).all(axis=1)
    assert (hidden ^ shown).all()
    assert 150 < hidden.sum() < 250
