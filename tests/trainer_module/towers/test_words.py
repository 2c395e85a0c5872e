"""The tower that keeps words apart."""

import keras
import numpy as np

from tests.trainer_module.towers.helpers import MAKER, TITLE, embed, gradients, saved_and_loaded
from trainer_module.towers.words import Words
from trainer_module.vocabulary import Vocabulary

VOCABULARY = Vocabulary("words", 20)
INPUTS = {
    "title": np.array([[3, 19, 0, 0, 0, 0], [0] * 6], np.int64),
    "maker": np.array([[3, 0, 0, 0], [7, 1, 0, 0]], np.int64),
}


def _built(**parameters) -> keras.Model:
    keras.utils.set_random_seed(1)
    tower = Words(embedding=5, **parameters)
    return tower.build((TITLE, MAKER), {"title": VOCABULARY, "maker": VOCABULARY})


def test_words_are_as_long_as_they_are_rare_and_shared_by_all_texts():
    words = embed(_built(), INPUTS)
    assert words.shape == (2, 10, 5)
    lengths = np.zeros((2, 10))
    lengths[0, [0, 1, 6]] = np.log([4, 20, 4]) / np.log(21)
    lengths[1, [6, 7]] = np.log([8, 2]) / np.log(21)
    np.testing.assert_allclose(np.linalg.norm(words, axis=-1), lengths, rtol=1e-5)
    np.testing.assert_array_equal(words[0, 0], words[0, 6])


def test_dropout_leaves_out_whole_words():
    network = _built(dropout=0.5)
    words = embed(network, {name: np.full_like(INPUTS[name], 4) for name in INPUTS}, training=True)
    left_out = (words == 0).all(axis=-1)
    assert left_out.any()
    assert not left_out.all()
    assert (words != 0).all(axis=-1)[~left_out].all()


def test_directions_and_lengths_are_learnt_and_saved(tmp_path):
    network = _built()
    assert all(np.abs(part).sum() > 0 for part in gradients(network, INPUTS))
    assert len(network.trainable_variables) == 2
    np.testing.assert_allclose(
        saved_and_loaded(network, INPUTS, tmp_path), embed(network, INPUTS), rtol=1e-6
    )


def test_an_entity_is_embedded_as_the_sum_of_its_words():
    words = np.arange(12, dtype="float32").reshape(2, 3, 2)
    rows = np.asarray(Words(embedding=2).vector(words))
    assert rows.tolist() == [[0 + 2 + 4, 1 + 3 + 5], [6 + 8 + 10, 7 + 9 + 11]]
