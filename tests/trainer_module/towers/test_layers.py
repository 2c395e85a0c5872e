"""Layers of towers by hand, and that nothing is random unless it is training."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer_module.towers.flips import DrawnFlips, Flipped
from trainer_module.towers.layers import (
    InInference,
    L2Normalize,
    MaskedMean,
    PiecewiseLinearEncoding,
    RandomlyMasked,
    Stacked,
    WithNumbers,
    WordVectors,
)


def test_flips_are_drawn_while_training_alone():
    images = tf.ones((400, 2, 2, 1))
    assert not DrawnFlips((2, 1))(images).numpy().any()
    drawn = DrawnFlips((2, 1))(images, training=True).numpy()
    assert drawn.shape == (400, 2)
    # Four standard deviations of a share of one half.
    assert np.abs(drawn.mean(axis=0) - 0.5).max() < 4 * 0.5 / 20
    assert 0.15 < (drawn[:, 0] & drawn[:, 1]).mean() < 0.35


def test_each_image_is_flipped_along_what_was_drawn_for_it():
    image = np.arange(4, dtype="float32").reshape(1, 2, 2, 1)
    images = np.repeat(image, 4, axis=0)
    drawn = tf.constant([[False, False], [True, False], [False, True], [True, True]])
    layer = Flipped((2, 1))
    assert layer(images, drawn).numpy().tolist() == images.tolist()
    flipped = layer(images, drawn, training=True)
    assert [one.ravel().tolist() for one in flipped.numpy()] == [
        [0, 1, 2, 3],
        [1, 0, 3, 2],
        [2, 3, 0, 1],
        [3, 2, 1, 0],
    ]
    assert layer(flipped, drawn, training=True).numpy().tolist() == images.tolist()


def test_values_are_masked_while_training_alone():
    indices = tf.ones((100, 20), tf.int64)
    layer = RandomlyMasked(0.25)
    assert layer(indices).numpy().tolist() == indices.numpy().tolist()
    masked = layer(indices, training=True).numpy()
    assert masked.dtype == np.int64
    assert set(np.unique(masked)) == {0, 1}
    assert masked.mean() == pytest.approx(0.75, abs=4 * math.sqrt(0.25 * 0.75 / 2000))


def test_a_network_stays_in_inference():
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.9, seed=1)])
    layer = InInference(network)
    ones = tf.ones((4, 3))
    assert layer(ones, training=True).numpy().tolist() == ones.numpy().tolist()
    assert (layer.name, layer.trainable) == ("frozen", False)


def test_lengths_and_masked_means():
    assert L2Normalize()(tf.constant([[3.0, 4.0]])).numpy() == pytest.approx(
        np.array([[0.6, 0.8]]), abs=1e-6
    )
    values = tf.constant([[[1.0, 2.0], [3.0, 6.0], [100.0, 100.0]], [[5.0, 5.0]] * 3])
    kept = tf.constant([[True, True, False], [False] * 3])
    assert MaskedMean()(values, kept).numpy().tolist() == [[2.0, 4.0], [0.0, 0.0]]


def test_bins_hold_equal_shares_of_a_normal_distribution():
    numbers = tf.constant([[0.0, 100.0], [-100.0, 0.6744897501960817]])
    encoded = PiecewiseLinearEncoding(4)(numbers).numpy()
    # 0 is the half of all, so it fills two of four bins; the third quartile fills three.
    assert encoded == pytest.approx(
        np.array([[1, 1, -1, -1, 1, 1, 1, 1], [-1, -1, -1, -1, 1, 1, 1, -1]], float), abs=1e-5
    )
    # A share of 3/8 fills the first bin of four, and the second by a half.
    half = PiecewiseLinearEncoding(4)(tf.constant([[-0.31863936396437514]])).numpy()
    assert half == pytest.approx(np.array([[1.0, 0.0, -1.0, -1.0]]), abs=1e-5)


def test_texts_are_stacked_and_padded():
    texts = [tf.constant([[1, 2]], tf.int64), tf.constant([[3, 4, 5]], tf.int64)]
    stacked = Stacked()(texts)
    assert stacked.dtype == tf.int64
    assert stacked.numpy().tolist() == [[[1, 2, 0], [3, 4, 5]]]


def test_a_word_is_as_long_as_it_is_rare():
    layer = WordVectors(7, 16)
    vectors = layer(tf.constant([[0, 1, 7 - 1]], tf.int64)).numpy()[0]
    lengths = np.linalg.norm(vectors, axis=1)
    assert lengths == pytest.approx(
        [0, math.log(2) / math.log(8), math.log(7) / math.log(8)], abs=1e-5
    )
    assert [variable.shape for variable in layer.trainable_variables] == [(7, 1)]
    layer.scales.set_weights([np.full((7, 1), math.log(3.0))])
    longer = np.linalg.norm(layer(tf.constant([[1]], tf.int64)).numpy()[0], axis=1)
    assert longer == pytest.approx([3 * math.log(2) / math.log(8)], abs=1e-5)


def test_a_number_is_a_word_of_length_one_in_places_of_its_own():
    words = tf.fill((1, 2, 3, 4), 0.5)
    out = WithNumbers()([words, tf.constant([[0.0, 1.0]]), tf.constant([[-1.0]])]).numpy()
    assert out.shape == (1, 2 + 3, 3, 4 + 3 * 32)
    assert (out[0, :2, :, :4] == 0.5).all()
    assert not out[0, :2, :, 4:].any()
    assert not out[0, 2:, 1:].any()
    numbers = out[0, 2:, 0]
    assert not numbers[:, :4].any()
    frequencies = 0.5 * 32.0 ** (np.arange(16) / 15)
    for place, value in enumerate((0.0, 1.0, -1.0)):
        waves = [*np.cos(value * frequencies), *np.sin(value * frequencies)]
        own = slice(4 + 32 * place, 4 + 32 * (place + 1))
        assert numbers[place, own] == pytest.approx(np.array(waves) / 4, abs=1e-4)
        assert np.linalg.norm(numbers[place]) == pytest.approx(1, abs=1e-5)
        assert np.count_nonzero(np.delete(numbers[place], np.arange(own.start, own.stop))) == 0
