"""Losses and heads against NumPy float64 written from the papers, and their edge cases."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from relation.recipe import ComponentConfig
from relation.spec import pairs, triplets
from trainer_module.heads.distance import Distance
from trainer_module.heads.logistic_distance import LogisticDistance
from trainer_module.heads.squared_distance import SquaredDistance
from trainer_module.losses.binary_cross_entropy import BinaryCrossEntropy
from trainer_module.losses.contrastive import Contrastive
from trainer_module.losses.triplet import Triplet
from trainer_module.registry import LOSSES

RNG = np.random.default_rng(0)
FINAL_SHARE, RIGHT, OTHER = RNG.normal(size=(3, 32, 5))
RELATED = RNG.integers(0, 2, size=(32, 1)).astype(np.float64)


def _value(loss, related, relatedness) -> float:
    tensors = (keras.ops.convert_to_tensor(x, "float32") for x in (related, relatedness))
    return float(keras.ops.mean(loss(*tensors)))


def _head(head, left, right) -> np.ndarray:
    left, right = (keras.ops.convert_to_tensor(x, "float32") for x in (left, right))
    return np.asarray(head.build()(left, right))


def test_contrastive_is_the_seed_formula():
    # ½(1−Y)D² + ½Y·max(0, m−D)², Y = 1 for dissimilar, mean over pairs.
    distance = np.sqrt(((FINAL_SHARE - RIGHT) ** 2).sum(axis=1))
    dissimilar, margin = 1 - RELATED[:, 0], 2.5
    expected = np.mean(
        0.5 * (1 - dissimilar) * distance**2
        + 0.5 * dissimilar * np.maximum(0, margin - distance) ** 2
    )
    relatedness = _head(Distance(), FINAL_SHARE, RIGHT)[:, None]
    assert _value(Contrastive(margin=margin), RELATED, relatedness) == pytest.approx(
        expected, abs=1e-5
    )


def test_contrastive_by_hand():
    # D = 0.6: related 0.5 * 0.36 = 0.18; unrelated 0.5 * 0.4² = 0.08; beyond the margin 0.
    relatedness = np.array([[-0.6], [-0.6], [-1.5]])
    related = np.array([[1.0], [0.0], [0.0]])
    assert _value(Contrastive(margin=1.0), related, relatedness) == pytest.approx(0.26 / 3)


def test_triplet_is_the_seed_formula():
    # max(0, D²ap − D²an + m), mean over triplets.
    positive = ((FINAL_SHARE - RIGHT) ** 2).sum(axis=1)
    negative = ((FINAL_SHARE - OTHER) ** 2).sum(axis=1)
    expected = np.mean(np.maximum(0, positive - negative + 0.7))
    head = SquaredDistance()
    relatedness = np.stack(
        [_head(head, FINAL_SHARE, RIGHT), _head(head, FINAL_SHARE, OTHER)], axis=1
    )
    related = np.tile([1.0, 0.0], (32, 1))
    assert _value(Triplet(margin=0.7), related, relatedness) == pytest.approx(expected, abs=1e-5)


def test_triplet_falls_as_the_negative_moves_away():
    related = np.array([[1.0, 0.0]])
    values = [_value(Triplet(margin=1.0), related, [[-0.5, -far]]) for far in (0.0, 0.5, 1.0, 2.0)]
    assert values == pytest.approx([1.5, 1.0, 0.5, 0.0])


def test_binary_cross_entropy_is_that_of_the_probability():
    logits = RNG.normal(size=(32, 1)) * 3
    probability = 1 / (1 + np.exp(-logits))
    expected = -np.mean(RELATED * np.log(probability) + (1 - RELATED) * np.log(1 - probability))
    assert _value(BinaryCrossEntropy(), RELATED, logits) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("logit", "related", "expected"), [(1e4, 0.0, 1e4), (-1e4, 1.0, 1e4), (1e4, 1.0, 0.0)]
)
def test_binary_cross_entropy_of_saturated_logits_is_finite(logit, related, expected):
    assert _value(BinaryCrossEntropy(), [[related]], [[logit]]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("head", "loss"),
    [
        (Distance(), Contrastive()),
        (SquaredDistance(), Contrastive()),
        (LogisticDistance(), BinaryCrossEntropy()),
    ],
)
@pytest.mark.parametrize("related", [0.0, 1.0])
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_gradients_are_finite_at_zero_distance(head, loss, related, dtype):
    point = tf.Variable(tf.ones((4, 3), dtype))
    layer = head.build()
    with tf.GradientTape() as tape:
        relatedness = layer(point, tf.ones((4, 3), dtype))[:, None]
        value = tf.reduce_mean(
            loss(tf.fill([4, 1], tf.cast(related, relatedness.dtype)), relatedness)
        )
    gradient = tape.gradient(value, point)
    assert np.isfinite(value.numpy())
    assert np.isfinite(tf.convert_to_tensor(gradient).numpy()).all()


def test_distance_at_zero_is_exact():
    assert _head(Distance(), np.ones((1, 3)), np.ones((1, 3))).tolist() == [0.0]
    assert _head(Distance(), [[3.0, 0.0]], [[0.0, 4.0]]).tolist() == [-5.0]


def test_logistic_distance_starts_with_the_right_sign_and_keeps_it():
    head = LogisticDistance(slope=2.0, threshold=1.0)
    layer = head.build()
    near, far = (
        layer(tf.zeros((1, 2)), tf.constant([[0.1, 0.0]])),
        layer(tf.zeros((1, 2)), tf.constant([[3.0, 0.0]])),
    )
    assert float(near[0]) == pytest.approx(2.0 * 0.9)
    assert float(head.score(near)[0]) > 0.5 > float(head.score(far)[0])
    layer.log_slope.assign(-50.0)  # Wherever training takes it, the slope stays positive.
    near, far = (
        layer(tf.zeros((1, 2)), tf.constant([[0.1, 0.0]])),
        layer(tf.zeros((1, 2)), tf.constant([[3.0, 0.0]])),
    )
    assert float(near[0]) >= float(far[0])


def test_triplet_refuses_pairs():
    loss = LOSSES.resolve(ComponentConfig(type="triplet"))
    loss.check(triplets("item", "item"))
    with pytest.raises(ValueError, match="an anchor, a positive and a negative"):
        loss.check(pairs("item", "item"))
