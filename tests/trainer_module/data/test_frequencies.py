"""Shares of candidates among the training tuples, counted by hand."""

import numpy as np
import pytest
import tensorflow as tf

from trainer_module.data.frequencies import Frequencies


def test_the_log_of_each_share_and_of_one_occurrence_for_what_is_new():
    counted = Frequencies([np.array([[5, 9], [5, -3]]), np.array([5, 9, 7, 5])])
    logs = counted.log_q(tf.constant([5, 9, -3, 7, 6, 100, -100], tf.int64))
    assert logs.dtype == tf.float32
    shares = [4 / 8, 2 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 8]
    assert logs.numpy() == pytest.approx(np.log(shares), abs=1e-6)
    # Of more tuples what is new is rarer.
    more = Frequencies([np.array([5, 5, 5, 5, 9, 9, 9, 9, 9, 9])])
    assert more.log_q(tf.constant([1], tf.int64)).numpy() == pytest.approx([np.log(1 / 10)])
