"""Listwise losses against sums written from the papers, in float64, one list at a time."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relation.validation.number_ranges import MAX_GRADE
from tests.trainer_module.losses.helpers import gradient, value
from trainer_module.losses.approx_ndcg import ApproxNdcg
from trainer_module.losses.lambda_loss import LambdaLoss
from trainer_module.losses.listmle import ListMle
from trainer_module.losses.listnet import ListNet

RNG = np.random.default_rng(2)
GRADES = np.stack([RNG.permutation([0.0, 1, 2, 3, 4]) for _ in range(6)])
GRADES[3:5, [1, 3]] = -1  # Lists of three.
SCORES = RNG.normal(size=(6, 5))
LOSSES = [ListNet(), ListMle(), ApproxNdcg(), LambdaLoss(), LambdaLoss(mu=0.0)]
NAMES = ["listnet", "listmle", "approx_ndcg", "lambda_loss", "lambdarank"]
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=NAMES)


def _of_lists(oracle) -> list[float]:
    """The oracle's answer to each list without its padding."""
    lists = zip(GRADES, SCORES, strict=True)
    return [oracle(grades[grades >= 0], scores[grades >= 0]) for grades, scores in lists]


def _rank(values) -> np.ndarray:
    """Ranks from 1 by descending value, ties in the order of columns."""
    order = sorted(range(len(values)), key=lambda i: (-values[i], i))
    return np.array([order.index(i) + 1 for i in range(len(values))])


def _dcg(grades, rank) -> float:
    return sum((2.0**g - 1) / np.log2(1 + r) for g, r in zip(grades, rank, strict=True))


def test_listnet_is_the_cross_entropy_of_top_one_probabilities():
    def oracle(grades, scores):
        wanted, given_ = np.exp(grades), np.exp(scores)
        return -np.sum(wanted / wanted.sum() * np.log(given_ / given_.sum()))

    np.testing.assert_allclose(value(ListNet(), GRADES, SCORES), _of_lists(oracle), atol=1e-5)


def _plackett_luce(order, scores) -> float:
    """Probability that documents are drawn in this order, without replacement, by exp(score)."""
    odds = np.exp(scores[list(order)])
    return np.prod([odds[i] / odds[i:].sum() for i in range(len(odds))])


def test_listmle_is_the_likelihood_of_the_right_order():
    def oracle(grades, scores):
        return -np.log(_plackett_luce(np.argsort(-grades), scores))

    np.testing.assert_allclose(value(ListMle(), GRADES, SCORES), _of_lists(oracle), atol=1e-5)


def test_listmle_is_a_probability_over_orders():
    # exp(−loss) over all orders of four documents sums to 1.
    orders = np.array(list(itertools.permutations([3.0, 2.0, 1.0, 0.0])))
    losses = value(ListMle(), orders, np.tile(SCORES[0, :4], (24, 1)))
    assert np.exp(-losses).sum() == pytest.approx(1.0, abs=1e-5)


def test_listmle_takes_ties_in_the_order_of_columns():
    tied = value(ListMle(), [[1.0, 2.0, 1.0, 0.0]], SCORES[:1, :4])
    assert tied == pytest.approx(-np.log(_plackett_luce((1, 0, 2, 3), SCORES[0])), abs=1e-5)


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_approx_ndcg_is_one_minus_ndcg_at_smooth_ranks(temperature):
    def oracle(grades, scores):
        beaten = 1 / (1 + np.exp(-(scores[None, :] - scores[:, None]) / temperature))
        rank = 1 + beaten.sum(axis=1) - 0.5  # Less its own.
        return 1 - _dcg(grades, rank) / _dcg(grades, _rank(grades))

    loss = ApproxNdcg(temperature=temperature)
    np.testing.assert_allclose(value(loss, GRADES, SCORES), _of_lists(oracle), atol=1e-5)


def test_approx_ndcg_of_far_apart_scores_is_ndcg():
    def oracle(grades, scores):
        return 1 - _dcg(grades, _rank(scores)) / _dcg(grades, _rank(grades))

    loss = ApproxNdcg(temperature=1e-4)
    np.testing.assert_allclose(value(loss, GRADES, SCORES), _of_lists(oracle), atol=1e-5)
    assert value(loss, [[2.0, 1.0, 0.0]], [[3.0, 2.0, 1.0]]) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("mu", [0.0, 10.0])
@pytest.mark.parametrize("sigma", [1.0, 2.5])
def test_lambda_loss_weighs_each_pair_by_its_swap(mu, sigma):
    def oracle(grades, scores):
        rank, total = _rank(scores), 0.0
        gain = (2.0**grades - 1) / _dcg(grades, _rank(grades))
        for i, j in itertools.product(range(len(grades)), repeat=2):
            if grades[i] > grades[j]:
                apart = abs(rank[i] - rank[j])
                absolute = abs(1 / np.log2(1 + rank[i]) - 1 / np.log2(1 + rank[j]))
                relative = 1 / np.log2(1 + apart) - 1 / np.log2(2 + apart)
                weight = (gain[i] - gain[j]) * (absolute + mu * relative)
                total += weight * np.log2(1 + np.exp(-sigma * (scores[i] - scores[j])))
        return total

    loss = LambdaLoss(mu=mu, sigma=sigma)
    np.testing.assert_allclose(value(loss, GRADES, SCORES), _of_lists(oracle), atol=1e-5)


def test_lambdarank_weighs_by_the_change_of_ndcg():
    # Of two documents ranked wrongly: |ΔNDCG| = 1 − 1/log2(3), for grades 1 and 0.
    expected = (1 - 1 / np.log2(3)) * np.log2(1 + np.e)
    assert value(LambdaLoss(mu=0.0), [[1.0, 0.0]], [[0.0, 1.0]]) == pytest.approx(expected)


@every_loss
def test_padding_may_hold_any_score(loss):
    kept = value(loss, GRADES, SCORES)
    for anything in (1e4, -1e4, np.nan, np.inf):
        padded = np.where(GRADES >= 0, SCORES, anything)
        np.testing.assert_allclose(value(loss, GRADES, padded), kept, atol=1e-6)
        slope = gradient(loss, GRADES, padded)
        assert np.all(np.isfinite(slope))
        assert np.all(slope[GRADES < 0] == 0)


@every_loss
def test_the_order_of_columns_is_nothing(loss):
    order = [3, 0, 4, 1, 2]
    np.testing.assert_allclose(
        value(loss, GRADES[:, order], SCORES[:, order]), value(loss, GRADES, SCORES), atol=1e-5
    )


@every_loss
@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 3))
def test_raising_the_best_and_dropping_the_worst_costs_less(loss, step):
    scores = np.linspace(0.0, 0.8, 5)[None, :]  # The wrong way round.
    grades = np.array([[4.0, 3.0, 2.0, 1.0, 0.0]])
    best, worst = scores.copy(), scores.copy()
    best[0, 0] += step
    worst[0, 4] -= step
    for better in (best, worst):
        if not isinstance(loss, LambdaLoss):  # Its weights change with the ranks.
            assert value(loss, grades, better) < value(loss, grades, scores)
    slope = gradient(loss, grades, scores)[0]
    assert slope[0] < 0 < slope[4]


@every_loss
def test_lists_without_anything_to_learn_cost_nothing(loss):
    empty = value(loss, [[-1.0, -1.0]], [[5.0, np.nan]])
    assert empty == [0.0]
    assert np.all(gradient(loss, [[-1.0, -1.0]], [[5.0, 2.0]]) == 0)
    one = value(loss, [[2.0, -1.0]], [[5.0, 0.0]])
    assert one == pytest.approx([0.0], abs=1e-6)


@pytest.mark.parametrize("loss", [ApproxNdcg(), LambdaLoss()])
def test_without_relevant_documents_the_loss_is_zero(loss):
    assert value(loss, [[0.0, 0.0, 0.0]], [[1.0, 2.0, 3.0]]) == [0.0]
    assert np.all(gradient(loss, [[0.0, 0.0, 0.0]], [[1.0, 2.0, 3.0]]) == 0)


@every_loss
def test_ties_and_saturated_scores_have_finite_gradients(loss):
    for scores in ([[0.0, 0.0, 0.0]], [[-1e4, 0.0, 1e4]], [[1e4, 0.0, -1e4]]):
        assert np.all(np.isfinite(value(loss, [[2.0, 1.0, 0.0]], scores)))
        assert np.all(np.isfinite(gradient(loss, [[2.0, 1.0, 0.0]], scores)))
    assert value(ListMle(), [[2.0, 1.0, 0.0]], [[-1e4, 0.0, 1e4]]) == pytest.approx([3e4])


@every_loss
@pytest.mark.parametrize("best", [MAX_GRADE, MAX_GRADE - 0.5])
def test_the_highest_grades_have_finite_losses_and_gradients(loss, best):
    """Of a list of any length, all of them relevant, alone or beside others."""
    for rest in ([0.0, 1.0], [best] * 999, [best, 0.5, 1e-45, -1.0]):
        grades = np.array([[best, *rest]])
        scores = np.linspace(-3.0, 3.0, grades.size)[None]
        for order in (scores, -scores, 0 * scores):
            assert np.all(np.isfinite(value(loss, grades, order)))
            slope = gradient(loss, grades, order)
            assert np.all(np.isfinite(slope))
        if len(rest) < 9 and -1.0 not in rest:
            assert np.any(gradient(loss, grades, scores) != 0)


@every_loss
def test_float16_costs_what_float64_does(loss):
    halves = np.float16(SCORES)
    np.testing.assert_allclose(
        value(loss, GRADES, halves, dtype="float16"),
        value(loss, GRADES, halves, dtype="float64"),
        atol=1e-5,
    )
    assert np.all(np.isfinite(gradient(loss, GRADES, halves * 1000, dtype="float16")))
