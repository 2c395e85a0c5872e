"""The warm-up schedule, and what the optimizer does, by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from relation.training import Training
from trainer_module.training.optimizers import WarmupSchedule, optimizer_of


@pytest.mark.parametrize(
    ("form", "warmup", "batches", "expected"),
    [
        ("constant", 3, 1, [0.5, 1.0, 1.5, 2.0, 2.0, 2.0]),
        ("cosine", 0, 1, [2.0, 1.5, 0.5, 0.0]),
        ("cosine", 1, 1, [1.0, 2.0, 1.0, 0.0, 0.0]),
        ("cosine", 0, 2, [2.0, 2.0, 1.5, 1.5, 0.5, 0.5, 0.0]),
        ("exponential", 0, 1, [2.0, 2 * 0.01 ** (1 / 3), 2 * 0.01 ** (2 / 3), 0.02, 0.02]),
    ],
)
def test_the_learning_rate_by_step(form, warmup, batches, expected):
    course = WarmupSchedule(2.0, form, warmup, 3, batches)
    actual = [float(course(step)) for step in range(len(expected))]
    assert actual == pytest.approx(expected, abs=1e-6)
    again = WarmupSchedule.from_config(course.get_config())
    assert [float(again(step)) for step in range(len(expected))] == actual


def test_warmup_and_end_are_counted_in_epochs():
    training = Training(epochs=4, warmup=0.5, schedule="cosine", learning_rate=1.0)
    course = optimizer_of(training, steps=10)._learning_rate
    assert (course.warmup, course.total) == (5, 40)


def test_keras_own_step_clips_what_it_has_accumulated():
    """The mean of gradients (12, 0) and (0, 16) is (6, 8), of norm 10, which is clipped to 1."""
    training = Training(learning_rate=0.1, clip_norm=1.0, accumulate=2)
    weights = keras.Variable([1.0, 1.0])
    optimizer = optimizer_of(training, steps=1)
    optimizer.apply([tf.constant([12.0, 0.0])], [weights])
    assert np.asarray(weights).tolist() == [1.0, 1.0]
    optimizer.apply([tf.constant([0.0, 16.0])], [weights])
    # Adam's first step has the sign of the gradient; its momentum, a tenth of it, has the value.
    assert np.asarray(weights) == pytest.approx([0.9, 0.9], abs=1e-4)
    first = next(v for v in optimizer.variables if "momentum" in v.path)
    assert np.asarray(first) == pytest.approx([0.06, 0.08], rel=1e-4)


def test_adamw_takes_its_share_of_each_weight():
    training = Training(learning_rate=0.1, optimizer="adamw", weight_decay=0.5)
    weights = keras.Variable([2.0])
    optimizer_of(training, steps=1).apply([tf.constant([1e-9])], [weights])
    # Decay of 0.1 · 0.5 · 2; a gradient below Adam's epsilon hardly moves it.
    assert np.asarray(weights) == pytest.approx([1.9], abs=0.01)


@pytest.mark.parametrize("changes", [{}, {"optimizer": "adamw", "weight_decay": 1e-9}])
def test_a_row_that_a_batch_meets_twice_has_the_sum_as_its_gradient(changes):
    """Gradients 3 and -1 of the first row are 2, so Adam's second moment is 0.001 · 2²."""
    table = keras.Variable([[1.0], [1.0]])
    optimizer = optimizer_of(Training(learning_rate=0.1, **changes), steps=1)
    rows = tf.IndexedSlices(tf.constant([[3.0], [-1.0]]), tf.constant([0, 0]), tf.constant([2, 1]))
    optimizer.apply([rows], [table])
    second = next(v for v in optimizer.variables if "velocity" in v.path)
    assert np.asarray(second).ravel() == pytest.approx([0.004, 0.0])
    assert np.asarray(table).ravel() == pytest.approx([0.9, 1.0], abs=1e-4)
