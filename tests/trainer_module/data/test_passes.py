"""Passes that share one iterator are each the whole dataset, in its order."""

import pytest
import tensorflow as tf

from trainer_module.data.passes import Passes


def _read(passes):
    return [batch.numpy().tolist() for batch in passes]


@pytest.fixture
def passes():
    """Three batches of the numbers below five."""
    return Passes(tf.data.Dataset.range(5).batch(2), 3)


def test_each_pass_has_all_batches_in_order(passes):
    assert [_read(passes) for _ in range(3)] == [[[0, 1], [2, 3], [4]]] * 3


def test_a_pass_that_was_left_early_does_not_shift_the_next(passes):
    assert next(iter(passes)).numpy().tolist() == [0, 1]
    assert _read(passes) == [[0, 1], [2, 3], [4]]


def test_the_first_batches_are_passes_of_their_own(passes):
    assert [_read(passes.first(2)), _read(passes.first(9))] == [
        [[0, 1], [2, 3]],
        [[0, 1], [2, 3], [4]],
    ]
    assert passes.first(9).batches == 3
    some = passes.first(2)
    assert [_read(some), _read(some)] == [[[0, 1], [2, 3]]] * 2


def test_passes_share_an_iterator(passes, monkeypatch):
    made = []
    create = type(passes.endless).__iter__
    for kind in (tf.data.Dataset, type(passes.endless)):
        monkeypatch.setattr(kind, "__iter__", lambda data: made.append(data) or create(data))
    for _ in range(4):
        _read(passes)
    assert made == [passes.endless]
