"""Losses within a batch against sums written from the papers, in float64, one row at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainer_module.losses.helpers import gradient, softplus, tensor, value
from trainer_module.losses.base import WholeBatch
from trainer_module.losses.circle import Circle
from trainer_module.losses.in_batch_softmax import InBatchSoftmax
from trainer_module.losses.multi_similarity import MultiSimilarity
from trainer_module.losses.nt_xent import NtXent
from trainer_module.losses.proxy_anchor import ProxyAnchor
from trainer_module.losses.supervised_contrastive import SupervisedContrastive
from trainer_module.objectives.within_batch import batch_loss

RNG = np.random.default_rng(3)
GROUPS = np.array([0, 0, 0, 1, 1, 2, 2, 3])  # The last has no positive.
POINTS = RNG.normal(size=(8, 4))
POINTS /= np.linalg.norm(POINTS, axis=1, keepdims=True)
SCORES = POINTS @ POINTS.T
POSITIVE = GROUPS[:, None] == GROUPS[None, :]
VALID = ~np.eye(8, dtype=bool)
LOG_Q = np.log(RNG.uniform(0.05, 0.5, 8))
BY_ROW = [InBatchSoftmax(), NtXent(), SupervisedContrastive(), MultiSimilarity(), Circle()]
ALL = [*BY_ROW, ProxyAnchor()]


def _name(loss) -> str:
    return type(loss).__name__


every_loss = pytest.mark.parametrize("loss", ALL, ids=_name)
by_row = pytest.mark.parametrize("loss", BY_ROW, ids=_name)


def _rows(oracle, scores=SCORES, positive=POSITIVE, valid=VALID) -> list[float]:
    """The oracle's answer to the positives and negatives of each row."""
    return [oracle(s[p & v], s[~p & v]) for s, p, v in zip(scores, positive, valid, strict=True)]


def _nt_xent(positives, negatives) -> float:
    """Of logits."""
    rest = np.exp(negatives).sum()
    losses = [-np.log(np.exp(p) / (np.exp(p) + rest)) for p in positives]
    return np.mean(losses) if losses else 0.0


@pytest.mark.parametrize("loss", [NtXent(), NtXent(temperature=0.5), InBatchSoftmax()])
def test_softmax_of_each_positive_among_itself_and_the_negatives(loss):
    expected = _rows(_nt_xent, SCORES / loss.temperature)
    np.testing.assert_allclose(value(loss, SCORES, POSITIVE, VALID), expected, atol=1e-5)


def test_in_batch_softmax_of_the_diagonal_is_cross_entropy():
    eye, everything = np.eye(8, dtype=bool), np.ones((8, 8), bool)
    odds = np.exp(SCORES * 20)
    expected = -np.log(np.diag(odds) / odds.sum(axis=1))
    np.testing.assert_allclose(
        value(InBatchSoftmax(), SCORES, eye, everything), expected, atol=1e-5
    )


def test_temperature_comes_before_logq_and_logq_before_masks():
    eye = np.eye(8, dtype=bool)
    hits = POSITIVE & ~eye  # Another row's candidate of the same group: an accidental hit.
    expected = _rows(_nt_xent, SCORES / 0.3 - LOG_Q, eye, ~hits)
    loss = InBatchSoftmax(temperature=0.3)
    np.testing.assert_allclose(value(loss, SCORES, eye, ~hits, log_q=LOG_Q), expected, atol=1e-5)
    # Had logQ come first, the temperature would have scaled it.
    swapped = _rows(_nt_xent, (SCORES - LOG_Q) / 0.3, eye, ~hits)
    assert np.abs(np.array(swapped) - expected).max() > 0.1


def test_hard_negatives_are_further_columns():
    hard = RNG.normal(size=(8, 3))
    wide = np.hstack([SCORES, hard])
    positive = np.hstack([np.eye(8, dtype=bool), np.zeros((8, 3), bool)])
    expected = _rows(_nt_xent, wide * 20, positive, np.ones((8, 11), bool))
    np.testing.assert_allclose(
        value(InBatchSoftmax(), wide, positive, np.ones((8, 11), bool)), expected, atol=1e-5
    )


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_supervised_contrastive_has_all_but_the_row_in_the_denominator(temperature):
    def oracle(positives, negatives):
        total = np.exp(positives).sum() + np.exp(negatives).sum()
        losses = [-np.log(np.exp(p) / total) for p in positives]
        return np.mean(losses) if losses else 0.0

    loss = SupervisedContrastive(temperature=temperature)
    expected = _rows(oracle, SCORES / temperature)
    np.testing.assert_allclose(value(loss, SCORES, POSITIVE, VALID), expected, atol=1e-5)


@pytest.mark.parametrize("parameters", [{}, {"alpha": 1.0, "beta": 10.0, "base": 0.2}])
def test_multi_similarity_is_two_soft_maxima(parameters):
    loss = MultiSimilarity(**parameters)

    def oracle(positives, negatives):
        pull = np.log(1 + np.exp(-loss.alpha * (positives - loss.base)).sum()) / loss.alpha
        return pull + np.log(1 + np.exp(loss.beta * (negatives - loss.base)).sum()) / loss.beta

    np.testing.assert_allclose(value(loss, SCORES, POSITIVE, VALID), _rows(oracle), atol=1e-5)
    assert value(loss, SCORES, POSITIVE, VALID)[7] > 0  # Negatives alone.


def test_a_row_without_positives_counts_in_the_mean_of_multi_similarity():
    """The last row has negatives alone; one without a valid column counts in no mean."""
    loss, valid = MultiSimilarity(), VALID.copy()
    valid[0] = False
    defined = [False, *[True] * 7]
    assert loss.defined(tensor(POSITIVE), tensor(valid)).numpy().tolist() == defined
    rows = value(loss, SCORES, POSITIVE, valid)
    scores = tensor(SCORES)
    actual = batch_loss(loss, scores, tensor(POSITIVE), tensor(valid), None)
    assert float(actual) == pytest.approx(rows[1:].mean(), rel=1e-5)


@pytest.mark.parametrize("parameters", [{}, {"margin": 0.25, "gamma": 10.0}])
def test_circle_paces_each_score(parameters):
    loss = Circle(**parameters)
    m, gamma = loss.margin, loss.gamma

    def oracle(positives, negatives):
        if not len(positives) or not len(negatives):
            return 0.0
        pull = -np.maximum(0, 1 + m - positives) * (positives - (1 - m))
        push = np.maximum(0, negatives + m) * (negatives - m)
        return np.log(1 + np.exp(gamma * push).sum() * np.exp(gamma * pull).sum())

    np.testing.assert_allclose(
        value(loss, SCORES, POSITIVE, VALID), _rows(oracle), rtol=1e-5, atol=1e-5
    )


def test_no_gradient_goes_through_the_pace_of_circle():
    # One positive, one negative: L = softplus(γ(a_n (s_n − m) − a_p (s_p − 1 + m))), a fixed.
    s_p, s_n, m, gamma = 0.3, 0.2, 0.4, 8.0
    a_p, a_n = 1 + m - s_p, s_n + m
    z = gamma * (a_n * (s_n - m) - a_p * (s_p - 1 + m))
    sigmoid = 1 / (1 + np.exp(-z))
    slope = gradient(
        Circle(gamma=gamma), [[s_p, s_n]], np.array([[True, False]]), np.ones((1, 2), bool)
    )
    np.testing.assert_allclose(slope, [[-sigmoid * gamma * a_p, sigmoid * gamma * a_n]], atol=1e-5)


def _proxy_anchor(scores, positive, valid, alpha=32.0, margin=0.1, copies=None) -> float:
    copies = np.ones(len(scores)) if copies is None else copies
    pulls, pushes = [], []
    for s, p, v in zip(scores.T, positive.T, valid.T, strict=True):
        v = v & (copies > 0)
        if np.any(p & v):
            pull = copies * np.exp(-alpha * (s - margin))
            pulls.append(np.log(1 + pull[p & v].sum()))
        if np.any(v):
            pushes.append(np.log(1 + (copies * np.exp(alpha * (s + margin)))[~p & v].sum()))
    return (np.mean(pulls) if pulls else 0.0) + (np.mean(pushes) if pushes else 0.0)


PROXIES = RNG.normal(size=(6, 4))  # Classes 4 and 5 have no row.
TO_PROXIES = POINTS @ (PROXIES / np.linalg.norm(PROXIES, axis=1, keepdims=True)).T
OF_CLASS = GROUPS[:, None] == np.arange(6)[None, :]


@pytest.mark.parametrize("alpha", [1.0, 32.0])
def test_proxy_anchor_averages_proxies(alpha):
    valid = np.ones((8, 6), bool)
    result = value(ProxyAnchor(alpha=alpha), TO_PROXIES, OF_CLASS, valid)
    assert result.shape == ()
    assert result == pytest.approx(_proxy_anchor(TO_PROXIES, OF_CLASS, valid, alpha), abs=1e-4)


def test_a_weight_of_proxy_anchor_counts_copies():
    weight, valid = np.array([2.0, 1, 1, 3, 1, 1, 1, 0]), np.ones((8, 6), bool)
    loss = ProxyAnchor(alpha=2.0)
    weighted = value(loss, TO_PROXIES, OF_CLASS, valid, weight=weight)
    expected = _proxy_anchor(TO_PROXIES, OF_CLASS, valid, 2.0, copies=weight)
    assert weighted == pytest.approx(expected, abs=1e-5)
    copied = np.repeat(np.arange(8), weight.astype(int))
    assert weighted == pytest.approx(
        value(loss, TO_PROXIES[copied], OF_CLASS[copied], valid[copied]), abs=1e-5
    )


def test_what_is_only_of_a_whole_batch_says_so():
    assert [loss for loss in ALL if isinstance(loss, WholeBatch)] == [ALL[-1]]


@every_loss
def test_what_is_not_valid_is_as_if_it_were_not_there(loss):
    drop = np.zeros((8, 8), bool)
    drop[:, [2, 5]] = True
    keep = [0, 1, 3, 4, 6, 7]
    without = value(loss, SCORES[:, keep], POSITIVE[:, keep], VALID[:, keep])
    for anything in (0.0, 1e4, -1e4, np.nan):
        scores = np.where(drop, anything, SCORES)
        masked = value(loss, scores, POSITIVE, VALID & ~drop)
        np.testing.assert_allclose(masked, without, atol=1e-5)
        slope = gradient(loss, scores, POSITIVE, VALID & ~drop)
        assert np.all(slope[~(VALID & ~drop)] == 0.0)
        assert np.all(np.isfinite(slope))
    # And it would not be the same with them.
    assert np.abs(value(loss, SCORES, POSITIVE, VALID) - without).max() > 1e-3


@by_row
def test_rows_do_not_know_of_each_other(loss):
    everything = value(loss, SCORES, POSITIVE, VALID)
    alone = [
        value(loss, SCORES[i : i + 1], POSITIVE[i : i + 1], VALID[i : i + 1]) for i in range(8)
    ]
    np.testing.assert_allclose(everything, np.concatenate(alone), atol=1e-5)


@by_row
@pytest.mark.parametrize("groups", [np.zeros(4), np.arange(4)], ids=["one class", "no positives"])
def test_one_sided_batches_are_finite_and_cost_nothing_where_undefined(loss, groups):
    positive, valid = groups[:, None] == groups[None, :], ~np.eye(4, dtype=bool)
    losses = value(loss, SCORES[:4, :4], positive, valid)
    assert np.all(np.isfinite(losses))
    assert np.all(np.isfinite(gradient(loss, SCORES[:4, :4], positive, valid)))
    defined = np.asarray(loss.defined(positive, valid))
    assert np.all(losses[~defined] == 0.0)
    has_positive, has_negative = (positive & valid).any(1), (~positive & valid).any(1)
    expected = {
        "MultiSimilarity": valid.any(1), "Circle": has_positive & has_negative,
    }.get(_name(loss), has_positive)  # fmt: skip
    assert defined.tolist() == expected.tolist()


@every_loss
def test_nothing_valid_costs_nothing(loss):
    nothing = np.zeros((8, 8), bool)
    assert np.all(value(loss, SCORES, POSITIVE, nothing) == 0.0)
    assert np.all(gradient(loss, SCORES, POSITIVE, nothing) == 0.0)


@every_loss
@settings(max_examples=20, deadline=None)
@given(st.floats(-0.9, 0.9), st.floats(-0.9, 0.9), st.floats(0.01, 0.1))
def test_more_alike_positives_and_less_alike_negatives_never_cost_more(
    loss, positive, negative, step
):
    masks = (np.array([[True, False]]), np.ones((1, 2), bool))
    cost = value(loss, [[positive, negative]], *masks).sum()
    tolerance = 1e-5 * max(1.0, cost)
    nearer = value(loss, [[positive + step, negative]], *masks).sum()
    assert nearer <= cost + tolerance
    if not isinstance(loss, Circle) or negative >= step:  # Below 0 it rises: the pace ends at −m.
        assert value(loss, [[positive, negative - step]], *masks).sum() <= cost + tolerance
    slope = gradient(loss, [[positive, negative]], *masks)[0]
    assert slope[0] <= 0 <= slope[1]
    wrong = value(loss, [[-0.5, 0.5]], *masks).sum()
    assert value(loss, [[0.5, -0.5]], *masks).sum() < wrong


@every_loss
def test_saturated_scores_and_ties_are_finite(loss):
    for scale in (0.0, 1e4, -1e4):
        scores = np.sign(SCORES) * scale
        assert np.all(np.isfinite(value(loss, scores, POSITIVE, VALID)))
        assert np.all(np.isfinite(gradient(loss, scores, POSITIVE, VALID)))


def test_a_saturated_softmax_costs_the_gap():
    masks = (np.array([[True, False]]), np.ones((1, 2), bool))
    assert value(NtXent(temperature=1.0), [[-1e4, 1e4]], *masks) == pytest.approx([2e4])
    assert value(NtXent(temperature=1.0), [[1e4, -1e4]], *masks) == [0.0]
    # A small loss is exact, not rounded to 0: e^−20.
    assert value(InBatchSoftmax(), [[1.0, 0.0]], *masks) == pytest.approx([softplus(-20.0)])


@every_loss
def test_float16_costs_what_float64_does(loss):
    halves = np.float16(SCORES)
    np.testing.assert_allclose(
        value(loss, halves, POSITIVE, VALID, dtype="float16"),
        value(loss, halves, POSITIVE, VALID, dtype="float64"),
        rtol=1e-5, atol=1e-5,
    )  # fmt: skip
    assert np.all(np.isfinite(gradient(loss, halves, POSITIVE, VALID, dtype="float16")))


@pytest.mark.parametrize("loss", [MultiSimilarity(), Circle(), ProxyAnchor()], ids=_name)
def test_logq_is_refused_where_it_has_no_place(loss):
    with pytest.raises(ValueError, match=f"{_name(loss)} has no logQ correction"):
        loss(SCORES, POSITIVE, VALID, LOG_Q)
