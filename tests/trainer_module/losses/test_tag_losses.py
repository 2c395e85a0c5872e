"""Losses of tags and of numbers against sums written from the papers, in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainer_module.losses.helpers import gradient, value
from trainer_module.losses.asymmetric import Asymmetric
from trainer_module.losses.focal import Focal
from trainer_module.losses.tag_cross_entropy import TagCrossEntropy
from trainer_module.losses.tag_mae import TagMae
from trainer_module.losses.tag_mse import TagMse
from trainer_module.losses.value_mae import ValueMae
from trainer_module.losses.value_mse import ValueMse
from trainer_module.losses.weighted_tag_cross_entropy import WeightedTagCrossEntropy

RNG = np.random.default_rng(4)
LOGITS = RNG.normal(size=(6, 5)) * 3
P = 1 / (1 + np.exp(-LOGITS))
HARD = RNG.integers(0, 2, (6, 5)).astype(float)
SOFT = RNG.uniform(size=(6, 5))
WEIGHTS = np.array([0.0, 1.0, 2.0, 0.5, 7.0])
ALL = [TagCrossEntropy(), Focal(), Asymmetric(), TagMse(), TagMae()]


def _name(loss) -> str:
    return type(loss).__name__


every_loss = pytest.mark.parametrize("loss", ALL, ids=_name)


def _cross_entropy(y):
    return -y * np.log(P) - (1 - y) * np.log(1 - P)


@pytest.mark.parametrize("labels", [HARD, SOFT], ids=["hard", "soft"])
@pytest.mark.parametrize(
    ("loss", "tags"),
    [
        (TagCrossEntropy(), _cross_entropy),
        (TagMse(), lambda y: (y - P) ** 2),
        (TagMae(), lambda y: np.abs(y - P)),
        (Focal(), lambda y: (y * 0.25 + (1 - y) * 0.75) * (y * (1 - P) + (1 - y) * P) ** 2 * _cross_entropy(y)),
        (Focal(alpha=0.5, gamma=0.5), lambda y: 0.5 * np.sqrt(y * (1 - P) + (1 - y) * P) * _cross_entropy(y)),
        (Asymmetric(), lambda y: -y * (1 - P) * np.log(P) - (1 - y) * np.maximum(P - 0.05, 0) ** 4 * np.log(1 - np.maximum(P - 0.05, 0))),
        (Asymmetric(clip=0, gamma_positive=0, gamma_negative=2), lambda y: -y * np.log(P) - (1 - y) * P**2 * np.log(1 - P)),
    ],
)  # fmt: skip
def test_each_tag_costs_what_the_paper_says(loss, tags, labels):
    expected = tags(labels)
    np.testing.assert_allclose(value(loss, labels, LOGITS), expected.mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(
        value(loss, labels, LOGITS, WEIGHTS), (expected * WEIGHTS).mean(axis=1), atol=1e-5
    )


def test_focal_and_asymmetric_without_focus_are_cross_entropy():
    plain = value(TagCrossEntropy(), HARD, LOGITS)
    focal = Focal(alpha=0.5, gamma=0.0)
    asymmetric = Asymmetric(gamma_negative=0, gamma_positive=0, clip=0)
    np.testing.assert_allclose(2 * value(focal, HARD, LOGITS), plain, atol=1e-6)
    np.testing.assert_allclose(value(asymmetric, HARD, LOGITS), plain, atol=1e-6)


def test_weighted_cross_entropy_cannot_do_without_weights():
    loss = WeightedTagCrossEntropy()
    np.testing.assert_allclose(
        value(loss, HARD, LOGITS, WEIGHTS), (_cross_entropy(HARD) * WEIGHTS).mean(1), atol=1e-5
    )
    with pytest.raises(ValueError, match="needs a weight for each tag"):
        value(loss, HARD, LOGITS)


def test_asymmetric_drops_easy_negatives():
    # σ(−3) = .047 is below the clip of .05.
    assert value(Asymmetric(), [[0.0]], [[-3.0]]) == [0.0]
    assert gradient(Asymmetric(), [[0.0]], [[-3.0]]) == [[0.0]]
    assert value(Asymmetric(), [[0.0]], [[-2.0]]) > 0


@every_loss
@settings(max_examples=25, deadline=None)
@given(st.floats(-6, 6), st.floats(0.01, 3))
def test_a_logit_towards_its_label_never_costs_more(loss, logit, step):
    for label, towards in ((1.0, step), (0.0, -step)):
        nearer = value(loss, [[label]], [[logit + towards]])
        assert nearer <= value(loss, [[label]], [[logit]]) + 1e-6
        assert value(loss, [[label]], [[5 * towards / step]]) < value(
            loss, [[label]], [[-5 * towards / step]]
        )


@every_loss
@pytest.mark.parametrize("label", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("logit", [-1e4, 0.0, 1e4])
def test_saturated_logits_are_finite(loss, label, logit):
    assert np.all(np.isfinite(value(loss, [[label]], [[logit]])))
    assert np.all(np.isfinite(gradient(loss, [[label]], [[logit]])))
    if abs(logit) and label == float(logit > 0):
        assert value(loss, [[label]], [[logit]]) == [0.0]


@pytest.mark.parametrize("loss", [Focal(gamma=0.5), Focal(gamma=0), Asymmetric(gamma_positive=0.5)])
@pytest.mark.parametrize("logit", [-1e4, 1e4, -90.0, 90.0])
def test_a_small_focus_has_finite_gradients_where_nothing_is_missed(loss, logit):
    for label in (0.0, 1.0):
        assert np.all(np.isfinite(gradient(loss, [[label]], [[logit]])))


def test_saturated_and_wrong_costs_the_logit():
    assert value(TagCrossEntropy(), [[0.0, 1.0]], [[1e4, -1e4]]) == pytest.approx([1e4])
    assert value(Focal(alpha=0.5), [[0.0, 1.0]], [[1e4, -1e4]]) == pytest.approx([5e3])
    # Asymmetric: −(1 − .05)^4 log .05 of the negative.
    assert value(Asymmetric(), [[0.0]], [[1e4]]) == pytest.approx([-(0.95**4) * np.log(0.05)])


@every_loss
def test_float16_costs_what_float64_does(loss):
    halves = np.float16(LOGITS)
    np.testing.assert_allclose(
        value(loss, HARD, halves, WEIGHTS, dtype="float16"),
        value(loss, HARD, halves, WEIGHTS, dtype="float64"),
        atol=1e-5,
    )
    assert np.all(np.isfinite(gradient(loss, HARD, halves * 100, dtype="float16")))


def test_values_average_their_errors():
    targets, predictions = RNG.normal(size=(2, 4, 3)) * 300
    errors = targets - predictions
    np.testing.assert_allclose(
        value(ValueMse(), targets, predictions), (errors**2).mean(axis=1), rtol=1e-5
    )
    np.testing.assert_allclose(
        value(ValueMae(), targets, predictions), np.abs(errors).mean(axis=1), rtol=1e-5
    )
    assert np.all(np.isfinite(value(ValueMse(), targets, predictions, dtype="float16")))
    assert np.all(gradient(ValueMae(), targets, targets) == 0.0)
    np.testing.assert_allclose(
        gradient(ValueMse(), targets, predictions), -2 * errors / 3, rtol=1e-4
    )
