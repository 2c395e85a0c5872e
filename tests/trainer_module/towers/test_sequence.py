"""The sequence tower: padding changes nothing, order and text do."""

import keras
import numpy as np
import pytest

from tests.trainer_module.towers.helpers import COLOUR, IMAGE, MAKER, PRICE, TITLE, embed
from trainer_module.preprocessing.vocabulary import Vocabulary
from trainer_module.towers.layers import Place
from trainer_module.towers.sequence import Sequence

WORDS = Vocabulary("item_words", 30)
VOCABULARIES = {"title": WORDS, "maker": WORDS, "colour": Vocabulary("item_colour", 5)}
TOWER = Sequence(width=8, heads=2, dense=16, embedding=5, normalize=False)


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return TOWER.build((TITLE, MAKER), VOCABULARIES)


def _embed(network, title, maker) -> np.ndarray:
    return embed(network, {"title": np.array([title]), "maker": np.array([maker])})[0]


def test_padding_does_not_change_the_embedding(network):
    plain = _embed(network, [4, 7, 9], [12])
    padded = _embed(network, [4, 7, 9, 0, 0, 0, 0, 0], [12, 0, 0])
    assert padded == pytest.approx(plain, abs=1e-5)
    assert np.abs(plain).max() > 0.1


def test_neighbours_in_a_batch_do_not_change_the_embedding(network):
    alone = _embed(network, [4, 7, 0, 0], [12])
    batch = {"title": np.array([[4, 7, 0, 0], [1, 2, 3, 4]]), "maker": np.array([[12], [5]])}
    assert embed(network, batch)[0] == pytest.approx(alone, abs=1e-5)


@pytest.mark.parametrize(
    ("title", "maker"),
    [([7, 4, 9], [12]), ([4, 7], [12]), ([4, 7, 8], [12]), ([4, 7, 12], [9]), ([12], [4, 7, 9])],
    ids=["order", "a word less", "another word", "words of two texts swapped", "texts swapped"],
)
def test_what_the_texts_say_changes_the_embedding(network, title, maker):
    plain = _embed(network, [4, 7, 9], [12])
    assert np.abs(_embed(network, title, maker) - plain).max() > 0.01


def test_a_row_without_any_word_has_an_embedding(network):
    assert np.isfinite(_embed(network, [0, 0, 0], [0])).all()


def test_texts_share_the_embeddings_of_words(network):
    tables = [layer for layer in network.layers if isinstance(layer, keras.layers.Embedding)]
    assert [table.get_weights()[0].shape for table in tables] == [(30, 8)]


def test_places_are_sinusoids_of_the_position():
    layer = Place()
    words = np.array([[[1.0, 0, 0, 0], [0, 0, 0, 1.0]]], "float32")
    layer.build(words.shape)
    layer.set_weights([np.array([0.0, 0.0, 0.0, 10.0])])
    # d = 4: 2·word + (sin p, sin p/100, cos p, cos p/100) + mark.
    expected = [
        [2.0, 0.0, 1.0, 11.0],
        [np.sin(1), np.sin(0.01), np.cos(1), 2 + np.cos(0.01) + 10],
    ]
    assert np.asarray(layer(words))[0] == pytest.approx(np.array(expected), abs=1e-5)


def test_numbers_and_categories_enter_beside_the_texts():
    keras.utils.set_random_seed(0)
    network = TOWER.build((TITLE, PRICE, COLOUR), VOCABULARIES)
    rows = {
        "title": np.array([[4, 7]] * 3),
        "price": np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 0.0]], "float32"),
        "colour": np.array([[1], [1], [2]]),
    }
    plain, price, colour = embed(network, rows)
    kernel = network.layers[-1].get_weights()[0]
    assert price - plain == pytest.approx(kernel[8 + 1], abs=1e-5)  # 8 of the words, then prices.
    assert np.abs(colour - plain).max() > 1e-4


def test_what_it_cannot_take_is_told():
    with pytest.raises(ValueError, match="at least one text"):
        TOWER.check((PRICE,))
    with pytest.raises(ValueError, match="'photo' is of kind image"):
        TOWER.check((TITLE, IMAGE))
    with pytest.raises(ValueError, match="width: got 8; expected a multiple of heads, 3"):
        Sequence(width=8, heads=3).check((TITLE,))
    with pytest.raises(ValueError, match="multiple of 2"):
        Sequence(width=7)


def test_transformed_words_enter_as_they_are():
    features = {"title": np.array([[4]]), "price": np.array([[0.5]])}
    decoded = TOWER.decode(features)
    assert decoded == features
    assert decoded is not features
    assert TOWER.decoder(0)(features) == features
