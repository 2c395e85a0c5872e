"""Quantile normalization of numbers, by their ranks among distinct quantiles."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import norm

from trainer_module.preprocessing.quantile_normalization import QUANTILES, quantile_normalize

LEAST = norm.ppf(0.5 / QUANTILES)


def _scores(numbers, quantiles):
    columns = tf.constant([[number] for number in numbers], tf.float32)
    return quantile_normalize(columns, tf.constant([quantiles], tf.float32)).numpy()[:, 0]


def test_a_number_between_two_quantiles_has_its_share_of_the_step():
    # Four quantiles are three steps: 5 is half of the second, 1.75 three quarters of the first.
    shares = [0.5, 0.25, 1 / 3, 2 / 3]
    assert _scores([5.0, 1.75, 2.0, 8.0], [1.0, 2.0, 8.0, 9.0]) == pytest.approx(
        norm.ppf(shares), abs=1e-5
    )


def test_equal_quantiles_count_once_wherever_they_lie():
    # Of 0, 1 and 5 there are two steps, whichever of them most rows have.
    expected = [LEAST, norm.ppf(0.25), 0.0, norm.ppf(0.75), -LEAST]
    for quantiles in ([0, 0, 0, 1, 5], [0, 1, 1, 1, 5], [0, 1, 5, 5, 5]):
        actual = _scores([0.0, 0.5, 1.0, 3.0, 5.0], quantiles)
        assert actual == pytest.approx(expected, abs=1e-5)


def test_what_is_outside_the_quantiles_is_as_the_outermost():
    assert _scores([-1e30, 1.0, 2.0, 1e30], [1.0, 2.0]) == pytest.approx(
        [LEAST, LEAST, -LEAST, -LEAST], abs=1e-5
    )


def test_a_component_without_spread_says_nothing():
    assert _scores([3.0, 7.0, 9.0], [7.0, 7.0, 7.0]).tolist() == [0.0, 0.0, 0.0]


def test_each_component_has_its_own_quantiles():
    actual = quantile_normalize(
        tf.constant([[1.0, 10.0], [2.0, 40.0]]), tf.constant([[0, 2], [0, 40.0]])
    )
    assert np.asarray(actual) == pytest.approx(norm.ppf([[0.5, 0.25], [1 - 0.5 / QUANTILES] * 2]))
