"""Batches, micro-batches and their weights, from files of transformed tuples."""

import numpy as np
import pytest
import tensorflow as tf

from demo_data.rows import example
from relation.core.errors import DataError
from relation.names import RELATION, RELATION_WEIGHT
from relation.spec import pairs
from trainer_module.data.inputs import (
    MICRO_BATCH_WEIGHT,
    NUMBER,
    MicroBatches,
    batches_of_epoch,
    count_tuples,
    named_tuples,
    read_features,
    tuple_dataset,
)
from trainer_module.heads.squared_distance import SquaredDistance
from trainer_module.registry import task_of

NUMBERS = tf.io.FixedLenFeature([1], tf.float32)
SPEC = dict.fromkeys(("left_x", "right_x", RELATION, RELATION_WEIGHT), NUMBERS)
WEIGHTS = [1.0, 0.0, 2.0, 3.0, 4.0]


def written(path, *rows):
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for one in rows:
            writer.write(example(one).SerializeToString())
    return str(path)


def tuples(folder):
    """Two files: five tuples n with x of n and 10 n, label n % 2, weight, id and keys."""
    rows = [
        {
            "left_x": float(n),
            "right_x": 10.0 * n,
            "TEXT_left_id": f"l{n}",
            "TEXT_right_id": "größe",
            "keys": [n, 7][: 1 + n % 2],
            RELATION: n % 2.0,
            RELATION_WEIGHT: weight,
        }
        for n, weight in enumerate(WEIGHTS)
    ]
    return [written(folder / "0.gz", *rows[:2]), written(folder / "1.gz", *rows[2:])]


def read(files, spec=SPEC, batch_size=5, **more):
    """The batches as they come: (inputs, targets[, weights]) as lists."""
    dataset = tuple_dataset(
        files,
        spec,
        task_of(SquaredDistance(), pairs("item", "item"), 0),
        {"item": lambda features: {"x": features["x"] / 2}},
        {"item": ("x",)},
        batch_size,
        **more,
    )
    return [tf.nest.map_structure(lambda value: value.numpy().tolist(), one) for one in dataset]


def weightless():
    return {name: kind for name, kind in SPEC.items() if name != RELATION_WEIGHT}


def test_a_batch_has_decoded_features_targets_weights_and_what_is_read(tmp_path):
    spec = {**SPEC, "keys": tf.io.VarLenFeature(tf.int64)}
    files = tuples(tmp_path)[::-1]
    (inputs, targets, weights), last = read(files, spec, batch_size=4, reads=["keys"])
    assert inputs == {
        "left_x": [[0.0], [0.5], [1.0], [1.5]],
        "right_x": [[0.0], [5.0], [10.0], [15.0]],
        "keys": [[0, -1], [1, 7], [2, -1], [3, 7]],
        NUMBER: [0, 1, 2, 3],
    }
    assert targets == [[0.0], [1.0], [0.0], [1.0]]
    assert weights == [1.0, 0.0, 2.0, 3.0]
    assert (last[0]["keys"], last[2]) == ([[4]], [4.0])
    assert len(read(files, weightless())[0]) == 2


@pytest.mark.parametrize(
    ("spec", "shares"),
    # Tuples 0 and 1 beside 2, 3 and 4: of 5 tuples, 2.5 are average; of a weight of 10, 5 is.
    [(weightless(), [0.8, 1.2]), (SPEC, [0.2, 1.8])],
    ids=["tuples", "weights"],
)
def test_micro_batches_weigh_what_their_tuples_do(tmp_path, spec, shares):
    batches = read(tuples(tmp_path), spec, micro_batches=MicroBatches(2))
    assert [one[0][NUMBER] for one in batches] == [[0, 1], [2, 3, 4]]
    for (inputs, *_), share in zip(batches, shares, strict=True):
        count = len(inputs[NUMBER])
        assert inputs[MICRO_BATCH_WEIGHT] == pytest.approx([share] * count)
    (chosen,) = read(tuples(tmp_path), spec, micro_batches=MicroBatches(2, [1]))
    assert chosen == batches[1]


def test_a_step_without_weight_has_micro_batches_of_none(tmp_path):
    one = {"left_x": 1.0, "right_x": 1.0, RELATION: 1.0, RELATION_WEIGHT: 0.0}
    files = [written(tmp_path / "0.gz", one, one)]
    batches = read(files, micro_batches=MicroBatches(2))
    assert [one[0][MICRO_BATCH_WEIGHT] for one in batches] == [[0.0], [0.0]]


def test_a_step_of_fewer_tuples_than_micro_batches_is_left_out(tmp_path):
    numbers = [
        one[0][NUMBER]
        for one in read(tuples(tmp_path), batch_size=4, micro_batches=MicroBatches(2))
    ]
    assert numbers == [[0, 1], [2, 3]]
    numbers = [
        one[0][NUMBER]
        for one in read(tuples(tmp_path), batch_size=3, micro_batches=MicroBatches(2))
    ]
    assert numbers == [[0], [1, 2], [3], [4]]


def test_shuffled_epochs_have_each_tuple_once_in_another_order_and_do_not_end(tmp_path):
    tf.random.set_seed(1)
    dataset = tuple_dataset(
        tuples(tmp_path),
        weightless(),
        task_of(SquaredDistance(), pairs("item", "item"), 0),
        {"item": lambda features: features},
        {"item": ("x",)},
        5,
        shuffle_seed=3,
    )
    epochs = [inputs[NUMBER].numpy().tolist() for inputs, _ in dataset.take(8)]
    assert {tuple(sorted(one)) for one in epochs} == {(0, 1, 2, 3, 4)}
    assert len(set(map(tuple, epochs))) > 1


@pytest.mark.parametrize(
    ("tuples", "micro_batches", "batches"),
    [
        (8, MicroBatches(), 2),
        (9, MicroBatches(), 3),
        (9, MicroBatches(2), 4),  # The ninth tuple is no two micro-batches.
        (10, MicroBatches(2), 6),
        (10, MicroBatches(2, [0]), 3),
        (10, MicroBatches(3, [0, 2]), 4),
        (2, MicroBatches(2), 2),
    ],
)
def test_batches_of_an_epoch(tuples, micro_batches, batches):
    assert batches_of_epoch(tuples, 4, micro_batches) == batches


def test_too_few_tuples_for_a_step():
    with pytest.raises(DataError, match=r"^training: got 2 training tuples; expected at least 3,"):
        batches_of_epoch(2, 4, MicroBatches(3))


def test_tuples_are_counted_and_named_by_their_place_in_the_sorted_files(tmp_path):
    files = tuples(tmp_path)[::-1]
    assert count_tuples(files) == 5
    assert count_tuples([]) == 0
    spec = dict.fromkeys(("TEXT_left_id", "TEXT_right_id"), tf.io.FixedLenFeature([1], tf.string))
    assert named_tuples(files, spec, ["left_id", "right_id"], [4, 0, 2]) == [
        "left_id=l4 right_id=größe",
        "left_id=l0 right_id=größe",
        "left_id=l2 right_id=größe",
    ]


def test_features_are_read_side_by_side(tmp_path):
    spec = {"keys": tf.io.VarLenFeature(tf.int64), "more": tf.io.FixedLenFeature([1], tf.int64, 9)}
    (batch,) = read_features(tuples(tmp_path)[::-1], spec, ["more", "keys"])
    assert batch.dtype == np.int64
    assert batch.tolist() == [[9, 0, -1], [9, 1, 7], [9, 2, -1], [9, 3, 7], [9, 4, -1]]
