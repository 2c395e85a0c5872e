"""Masks against loops, and the memory of earlier batches."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer_module.losses.in_batch_softmax import InBatchSoftmax
from trainer_module.mining.cross_batch import CrossBatchMemory
from trainer_module.mining.masks import listed, same, without_false_negatives

IDS = st.integers(0, 6)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(IDS, max_size=5), min_size=1, max_size=5),
    st.lists(IDS, min_size=1, max_size=8),
    st.booleans(),
)
def test_listed_is_membership(lists, columns, text):
    expected = [[column in mine for column in columns] for mine in lists]
    if text:
        lists, columns = [[f"id-{i}" for i in mine] for mine in lists], [f"id-{i}" for i in columns]
    dtype = tf.string if text else tf.int64
    mask = listed(tf.ragged.constant(lists, dtype=dtype), tf.constant(columns, dtype))
    assert mask.numpy().tolist() == expected


def test_same_compares_any_values():
    assert same(tf.constant(["a", "b"]), tf.constant(["b", "a", "b"])).numpy().tolist() == [
        [False, True, False],
        [True, False, True],
    ]


def test_false_negatives_go_and_positives_stay():
    # Anchor 0's positive is column 0; column 2 is known to be related to it as well.
    positive = tf.constant(np.eye(3, dtype=bool))
    related = tf.constant([[True, False, True], [False, False, False], [False, False, True]])
    valid = without_false_negatives(tf.ones((3, 3), tf.bool), positive, related)
    assert valid.numpy().tolist() == [[True, True, False], [True, True, True], [True, True, True]]
    # An accidental hit truly leaves the softmax, whatever its score.
    losses = [
        InBatchSoftmax()(tf.constant([[1.0, 0.5, hit], [0, 1, 0], [0, 0, 1]]), positive, valid)[0]
        for hit in (0.0, 1.0)
    ]
    assert float(losses[0]) == float(losses[1])
    assert float(losses[0]) == pytest.approx(np.log1p(np.exp(-10)), rel=1e-5)


@pytest.mark.parametrize("batches", [[2, 2, 2], [3, 4], [5], [7], [1, 9, 2]])
def test_memory_holds_the_last_rows(batches):
    memory, seen = CrossBatchMemory(5, 2, keys=2), []
    assert not memory.contents()[2].numpy().any()
    for count in batches:
        rows = np.arange(len(seen), len(seen) + count)
        memory.push(
            tf.constant(np.stack([rows, rows], 1), "float32"), np.stack([rows, rows * 10], 1)
        )
        seen += rows.tolist()
    embeddings, keys, filled = (x.numpy() for x in memory.contents())
    expected = seen[-5:]
    assert filled.sum() == len(expected)
    assert sorted(embeddings[filled][:, 0]) == expected
    assert (keys[filled][:, 0] == embeddings[filled][:, 0]).all()
    assert (keys[filled][:, 1] == 10 * embeddings[filled][:, 1]).all()


def test_memory_is_not_trained():
    memory = CrossBatchMemory(4, 2)
    assert not memory.trainable_weights
    x = tf.Variable([[1.0, 2.0]])
    with tf.GradientTape() as tape:
        memory.push(x, [[1]])
        total = tf.reduce_sum(memory.contents()[0])
    assert float(total) == 3.0
    assert tape.gradient(total, x) is None


def test_memory_works_within_a_graph_of_unknown_batches():
    memory = CrossBatchMemory(3, 1)
    push = tf.function(
        memory.push,
        input_signature=[tf.TensorSpec([None, 1]), tf.TensorSpec([None, 1], tf.int64)],
    )
    for first in (0, 2, 4):
        push(
            tf.constant([[first], [first + 1]], "float32"),
            tf.constant([[first], [first + 1]], "int64"),
        )
    assert sorted(memory.contents()[0].numpy()[:, 0]) == [3, 4, 5]
