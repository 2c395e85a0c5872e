"""No miner makes a tensor larger than a few matrices [batch, batch], there or in its gradient."""

import pytest
import tensorflow as tf
from tensorflow.python.framework import op_callbacks

from trainer_module.losses.triplet import Triplet
from trainer_module.mining.batch_all import BatchAll
from trainer_module.mining.batch_hard import BatchHard
from trainer_module.mining.batch_semi_hard import BatchSemiHard
from trainer_module.mining.distance_weighted import DistanceWeighted
from trainer_module.ops import weighted_mean

SIZE = 48


@pytest.fixture
def sizes():
    """Elements of every tensor that an operation answers while the test runs."""
    seen = []

    def note(op_type, inputs, attributes, outputs, op_name=None, graph=None):
        seen.extend(output.shape.num_elements() for output in outputs)

    op_callbacks.add_op_callback(note)
    yield seen
    op_callbacks.remove_op_callback(note)


@pytest.mark.parametrize(
    "miner", [BatchHard(), BatchSemiHard(), BatchAll(), DistanceWeighted(dimension=3)],
    ids=lambda miner: type(miner).__name__,
)  # fmt: skip
def test_no_tensor_is_cubic(miner, sizes):
    scores = tf.random.stateless_uniform((SIZE, SIZE), (1, 2))
    group = tf.range(SIZE) % 2
    with tf.GradientTape() as tape:
        tape.watch(scores)
        mined = miner(
            Triplet(), scores, group[:, None] == group[None], ~tf.eye(SIZE, dtype=tf.bool), seed=1
        )
        mean = weighted_mean(*mined)
    assert tape.gradient(mean, scores) is not None
    assert SIZE**2 <= max(sizes) <= 4 * SIZE**2


def test_a_cubic_tensor_would_be_seen(sizes):
    tf.zeros((SIZE, SIZE, 1)) + tf.zeros((1, 1, SIZE))
    assert max(sizes) == SIZE**3
