"""Losses of tuples against sums written from the papers, in float64."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relation.spec import ntuples, pairs, triplets
from tests.trainer_module.losses.helpers import gradient, softplus, value
from trainer_module.losses.binary_cross_entropy import BinaryCrossEntropy
from trainer_module.losses.candidate_softmax import CandidateSoftmax
from trainer_module.losses.contrastive import Contrastive
from trainer_module.losses.cosent import Cosent
from trainer_module.losses.cosine_mse import CosineMse
from trainer_module.losses.mae import Mae
from trainer_module.losses.mse import Mse
from trainer_module.losses.pairwise_hinge import PairwiseHinge
from trainer_module.losses.pairwise_logistic import PairwiseLogistic
from trainer_module.losses.soft_triplet import SoftTriplet
from trainer_module.losses.triplet import Triplet

RNG = np.random.default_rng(1)
LABELS = RNG.integers(0, 3, (6, 5)).astype(float)
SCORES = RNG.normal(size=(6, 5)) * 2
COSINES = np.tanh(SCORES / 3)


def _over_pairs(labels, scores, cost) -> list[float]:
    """The mean cost of s_i − s_j over pairs with y_i > y_j, row by row."""
    rows = []
    for y, s in zip(labels, scores, strict=True):
        costs = [cost(s[i] - s[j]) for i in range(len(y)) for j in range(len(y)) if y[i] > y[j]]
        rows.append(np.mean(costs) if costs else 0.0)
    return rows


def test_pairwise_logistic_is_the_mean_over_ordered_pairs():
    expected = _over_pairs(LABELS, SCORES, lambda gap: softplus(-gap))
    np.testing.assert_allclose(value(PairwiseLogistic(), LABELS, SCORES), expected, atol=1e-5)


@pytest.mark.parametrize("margin", [0.3, 1.0, 4.0])
def test_pairwise_hinge_is_the_mean_over_ordered_pairs(margin):
    expected = _over_pairs(LABELS, SCORES, lambda gap: max(0.0, margin - gap))
    loss = PairwiseHinge(margin=margin)
    np.testing.assert_allclose(value(loss, LABELS, SCORES), expected, atol=1e-5)


@pytest.mark.parametrize("loss", [PairwiseLogistic(), PairwiseHinge(), Cosent()])
def test_without_a_preference_the_loss_is_zero(loss):
    alike = np.full((2, 3), 2.0)
    assert np.all(value(loss, alike, SCORES[:2, :3]) == 0.0)
    assert np.all(gradient(loss, alike, SCORES[:2, :3]) == 0.0)


def test_soft_triplet_is_the_soft_margin_formula():
    triple = [[1.0, 0.0]] * 6
    expected = np.log(1 + np.exp(-(SCORES[:, 0] - SCORES[:, 1])))
    np.testing.assert_allclose(value(SoftTriplet(), triple, SCORES[:, :2]), expected, atol=1e-5)
    # Of one pair, ranked: the same.
    ranked = value(PairwiseLogistic(), triple, SCORES[:, :2])
    np.testing.assert_allclose(ranked, expected, atol=1e-5)


def test_squared_and_absolute_errors_average_comparisons():
    np.testing.assert_allclose(
        value(Mse(), LABELS, SCORES), ((LABELS - SCORES) ** 2).mean(axis=1), atol=1e-5
    )
    np.testing.assert_allclose(
        value(Mae(), LABELS, SCORES), np.abs(LABELS - SCORES).mean(axis=1), atol=1e-5
    )
    np.testing.assert_allclose(
        value(CosineMse(), LABELS - 1, COSINES), ((LABELS - 1 - COSINES) ** 2).mean(1), atol=1e-5
    )
    assert CosineMse.heads == {"cosine"}


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_candidate_softmax_is_the_cross_entropy_of_the_first(temperature):
    first = np.tile([1.0, 0, 0, 0, 0], (6, 1))
    odds = np.exp(SCORES / temperature)
    expected = -np.log(odds[:, 0] / odds.sum(axis=1))
    loss = CandidateSoftmax(temperature=temperature)
    np.testing.assert_allclose(value(loss, first, SCORES), expected, atol=1e-5)


def test_candidate_softmax_lets_each_positive_compete_with_the_negatives_alone():
    related = np.tile([1.0, 1.0, 0, 0, 0], (6, 1))
    rest = np.exp(SCORES[:, 2:]).sum(axis=1)
    each = [-np.log(np.exp(SCORES[:, p]) / (np.exp(SCORES[:, p]) + rest)) for p in (0, 1)]
    np.testing.assert_allclose(
        value(CandidateSoftmax(), related, SCORES), np.mean(each, axis=0), atol=1e-5
    )


def test_logq_makes_drawn_negatives_stand_for_all():
    # 4 negatives with probabilities q; over all 4 · 4 draws of 2, weighed by their probability, the
    # corrected denominator Σ e^s / (k q) is that of the softmax over all 4.
    others, q = np.array([0.3, -1.0, 2.0, 0.7]), np.array([0.4, 0.3, 0.2, 0.1])
    denominator = 0.0
    for drawn in itertools.product(range(4), repeat=2):
        drawn = list(drawn)
        loss = value(
            CandidateSoftmax(), [[1.0, 0, 0]], [[0.0, *others[drawn]]], log_q=np.log([q[drawn]])
        )
        denominator += np.prod(q[drawn]) * (np.exp(loss[0]) - 1)  # loss = log(1 + Σ), s⁺ = 0.
    assert denominator == pytest.approx(np.exp(others).sum(), abs=1e-5)


def test_candidate_softmax_wants_positives_and_then_negatives():
    CandidateSoftmax().check(ntuples("item", "item", 2, 3))
    CandidateSoftmax().check(triplets("item", "item"))
    for relation in (pairs("item", "item"), ntuples("item", "item", 2, 0)):
        with pytest.raises(ValueError, match="type ntuples"):
            CandidateSoftmax().check(relation)


def _cosent(labels, scores, scale, copies=None) -> float:
    labels, scores = np.ravel(labels), np.ravel(scores)
    copies = np.ones(len(labels)) if copies is None else copies
    terms = [
        copies[k] * copies[m] * np.exp(scale * (scores[k] - scores[m]))
        for k in range(len(labels))
        for m in range(len(labels))
        if labels[k] < labels[m]
    ]
    return np.log(1 + np.sum(terms))


@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_cosent_is_one_number_over_all_pairs_of_the_batch(scale):
    expected = _cosent(LABELS, COSINES, scale)
    result = value(Cosent(scale=scale), LABELS, COSINES)
    assert result.shape == ()
    assert result == pytest.approx(expected, abs=1e-5)


def test_a_weight_of_cosent_counts_copies():
    labels, cosines = LABELS[:, :1], COSINES[:, :1]
    weight = np.array([2.0, 1.0, 0.0, 3.0, 1.0, 1.0])
    copied = np.repeat(np.arange(6), weight.astype(int))
    weighted = value(Cosent(scale=2.0), labels, cosines, weight=weight)
    assert weighted == pytest.approx(_cosent(labels, cosines, 2.0, weight), abs=1e-5)
    assert weighted == pytest.approx(
        value(Cosent(scale=2.0), labels[copied], cosines[copied]), abs=1e-5
    )


def test_a_row_of_weight_zero_has_no_gradient_in_cosent():
    slope = gradient(Cosent(), LABELS, COSINES, weight=[1.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    assert np.all(slope[1] == 0.0)
    assert np.any(slope[0] != 0.0)


def test_cross_entropy_has_the_gradient_of_the_sigmoid_at_a_tie():
    slope = gradient(BinaryCrossEntropy(), [[0.0], [1.0], [0.25]], np.zeros((3, 1)))
    np.testing.assert_allclose(slope[:, 0], [0.5, -0.5, 0.25], atol=1e-6)


PREFERENCES = [Triplet(), SoftTriplet(), PairwiseLogistic(), PairwiseHinge(), CandidateSoftmax()]
PREFERENCES += [Cosent(scale=1.0), BinaryCrossEntropy()]


@pytest.mark.parametrize("loss", PREFERENCES, ids=lambda loss: type(loss).__name__)
@settings(max_examples=25, deadline=None)
@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(0.01, 3))
def test_more_related_positives_and_less_related_negatives_never_cost_more(
    loss, positive, negative, step
):
    related = [[1.0, 0.0]]
    cost = value(loss, related, [[positive, negative]]).sum()
    assert value(loss, related, [[positive + step, negative]]).sum() <= cost + 1e-6
    assert value(loss, related, [[positive, negative - step]]).sum() <= cost + 1e-6
    # And where the order is wrong, the right one is truly cheaper.
    wrong, right = [[0.0, step]], [[step, 0.0]]
    assert value(loss, related, right).sum() < value(loss, related, wrong).sum()


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (SoftTriplet(), 2e4),
        (PairwiseLogistic(), 2e4),
        (PairwiseHinge(), 2e4 + 1),
        (CandidateSoftmax(), 2e4),
        (Cosent(scale=1.0), 2e4),
        (BinaryCrossEntropy(), 1e4),
        (Mse(), (1e4 + 1) ** 2 / 2 + 1e8 / 2),
        (Mae(), 1e4 + 0.5),
    ],
    ids=lambda x: type(x).__name__,
)
def test_saturated_scores_cost_what_they_should(loss, expected):
    related, scores = [[1.0, 0.0]], [[-1e4, 1e4]]
    assert value(loss, related, scores).sum() == pytest.approx(expected, rel=1e-5)
    assert np.all(np.isfinite(gradient(loss, related, scores)))
    if not isinstance(loss, Mse | Mae):
        assert value(loss, related, [[1e4, -1e4]]).sum() == 0.0


ALL = [*PREFERENCES, Contrastive(), Mse(), Mae(), CosineMse()]


@pytest.mark.parametrize("loss", ALL, ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_every_width_of_float_gives_a_finite_loss_and_gradient(loss, dtype):
    related = np.array([[1.0, 0.0], [1.0, 0.0]])
    scores = np.array([[-200.0, 300.0], [0.0, 0.0]])  # 300² is beyond float16.
    wide = value(loss, related, scores, dtype="float64")
    np.testing.assert_allclose(value(loss, related, scores, dtype=dtype), wide, rtol=1e-5)
    if not isinstance(loss, Mse | Contrastive):  # Their gradients may be large themselves.
        assert np.all(np.isfinite(gradient(loss, related, scores, dtype=dtype)))
