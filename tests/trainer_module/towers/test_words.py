"""The tower that keeps words apart."""

import keras
import numpy as np
import pytest

from tests.trainer_module.towers.helpers import (
    MAKER,
    PRICE,
    TITLE,
    embed,
    gradients,
    saved_and_loaded,
)
from trainer_module.preprocessing.vocabulary import Vocabulary
from trainer_module.towers.layers import FASTEST, SLOWEST, WAVES
from trainer_module.towers.words import Words

VOCABULARY = Vocabulary("words", 20)
INPUTS = {
    "title": np.array([[3, 19, 0, 0, 0, 0], [0] * 6], np.int64),
    "maker": np.array([[3, 0, 0, 0], [7, 1, 0, 0]], np.int64),
}
PRICES = np.array([[0.5, -1.0], [2.0, 0.0]], np.float32)
LENGTHS = np.zeros((2, 2, 6))
LENGTHS[0, 0, :2] = np.log([4, 20]) / np.log(21)
LENGTHS[:, 1, 0] = np.log([4, 8]) / np.log(21)
LENGTHS[1, 1, 1] = np.log(2) / np.log(21)


def _built(*more, **parameters) -> keras.Model:
    keras.utils.set_random_seed(1)
    tower = Words(embedding=5, **parameters)
    return tower.build((TITLE, *more, MAKER), {"title": VOCABULARY, "maker": VOCABULARY})


def test_words_are_as_long_as_they_are_rare_and_shared_by_all_texts():
    words = embed(_built(), INPUTS)
    assert words.shape == (2, 2, 6, 5)
    np.testing.assert_allclose(np.linalg.norm(words, axis=-1), LENGTHS, rtol=1e-5)
    np.testing.assert_array_equal(words[0, 0, 0], words[0, 1, 0])


def test_a_number_is_a_word_that_is_alike_to_near_numbers_alone():
    words = embed(_built(PRICE), INPUTS | {"price": PRICES})
    assert words.shape == (2, 4, 6, 5 + 2 * 2 * WAVES)
    np.testing.assert_allclose(np.linalg.norm(words[:, :2], axis=-1), LENGTHS, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(words[:, 2:, 0], axis=-1), 1.0, rtol=1e-5)
    assert not words[:, 2:, 1:].any()
    products = np.einsum("afd,bgd->afbg", words[:, :, 0], words[:, :, 0])
    # cos a·cos b + sin a·sin b = cos(a − b), at each frequency.
    frequencies = np.geomspace(SLOWEST, FASTEST, WAVES)
    alike = np.cos(np.subtract.outer(PRICES, PRICES)[..., None] * frequencies).mean(axis=-1)
    for number in (0, 1):
        np.testing.assert_allclose(
            products[:, 2 + number, :, 2 + number], alike[:, number, :, number], atol=1e-5
        )
    assert not products[:, 2, :, [0, 1, 3]].any()


def test_dropout_leaves_out_whole_words():
    network = _built(dropout=0.5)
    words = embed(network, {name: np.full_like(INPUTS[name], 4) for name in INPUTS}, training=True)
    present = words[:, 0]  # Of the title, which has no padding.
    left_out = (present == 0).all(axis=-1)
    assert left_out.any()
    assert not left_out.all()
    assert (present != 0).all(axis=-1)[~left_out].all()


def test_lengths_are_learnt_and_directions_kept_and_both_are_saved(tmp_path):
    network = _built(PRICE)
    inputs = INPUTS | {"price": PRICES}
    (lengths,) = gradients(network, inputs)
    assert lengths.shape == (20, 1)
    assert np.abs(lengths).sum() > 0
    np.testing.assert_allclose(
        saved_and_loaded(network, inputs, tmp_path), embed(network, inputs), rtol=1e-6
    )


def test_an_entity_is_embedded_as_the_sum_of_its_words():
    words = np.arange(16, dtype="float32").reshape(2, 2, 2, 2)
    rows = np.asarray(Words(embedding=2).vector(words))
    assert rows.tolist() == [[0 + 2 + 4 + 6, 1 + 3 + 5 + 7], [8 + 10 + 12 + 14, 9 + 11 + 13 + 15]]


def test_words_take_some_text():
    with pytest.raises(ValueError, match="at least one text"):
        Words().check((PRICE,))
