import math
from statistics import pstdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    coverage_error,
    f1_score,
    label_ranking_loss,
    roc_auc_score,
    roc_curve,
)

from trainer_module.metrics import statistics
from trainer_module.metrics.statistics import Flat

EXACT = {"rel": 0, "abs": 1e-12}


def _random(seed, n, distinct):
    rng = np.random.default_rng(seed)
    related = rng.random(n) < 0.3
    related[:2] = True, False
    scores = rng.integers(0, distinct, n) / distinct + 0.1 * related
    return scores.astype(np.float32), related


@pytest.mark.parametrize("n", [2, 3, 17, 1000])
@pytest.mark.parametrize("distinct", [1, 3, 1 << 20])  # All equal, many ties, hardly any.
@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_scikit_learn(seed, n, distinct):
    scores, related = _random(seed, n, distinct)

    assert statistics.roc_auc(scores, related) == pytest.approx(
        roc_auc_score(related, scores), **EXACT
    )

    best = statistics.best_threshold(scores, related)
    candidates = [*np.unique(scores), np.float32(np.inf)]
    reached = [accuracy_score(related, scores >= t) for t in candidates]
    assert best.quality == pytest.approx(max(reached), **EXACT)
    assert best.quality == pytest.approx(
        accuracy_score(related, scores >= np.float32(best.threshold)), **EXACT
    )


@pytest.mark.parametrize(
    ("scores", "related", "expected"),
    [
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75),  # 3 of 4 pairs in order.
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([4, 3, 2, 1], [0, 0, 1, 1], 0.0),
        ([5, 5, 5], [0, 1, 0], 0.5),
        ([1, 1, 2], [0, 1, 0], 0.25),  # One tie of two pairs.
    ],
)
def test_auc_by_hand(scores, related, expected):
    assert statistics.roc_auc(np.array(scores, float), np.array(related, bool)) == expected


@pytest.mark.parametrize(
    ("scores", "related", "threshold", "accuracy"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 3, 1.0),
        ([1, 2, 3, 4], [0, 1, 0, 1], 4, 0.75),  # 2 is as good: the highest is taken.
        ([7, 7, 7], [1, 1, 0], 7, 2 / 3),
        ([1, 2, 3], [1, 0, 0], np.nextafter(3.0, 4.0), 2 / 3),  # Best: nothing is related.
    ],
)
def test_best_threshold_by_hand(scores, related, threshold, accuracy):
    actual = statistics.best_threshold(np.array(scores, float), np.array(related, bool))

    assert actual == (threshold, pytest.approx(accuracy, **EXACT))


def test_threshold_above_all_scores_is_a_float32_above_them():
    scores = np.array([0.1, 0.7, 0.7], np.float32)

    actual = statistics.best_threshold(scores, np.array([True, False, False]))

    assert not (scores >= np.float32(actual.threshold)).any()
    assert math.isfinite(actual.threshold)


def test_order_changes_no_bit():
    scores, related = _random(0, 1000, 50)
    order = np.random.default_rng(1).permutation(1000)

    assert statistics.roc_auc(scores, related) == statistics.roc_auc(scores[order], related[order])
    assert statistics.best_threshold(scores, related) == statistics.best_threshold(
        scores[order], related[order]
    )


@pytest.mark.parametrize(
    ("scores", "related"),
    [
        ([], []),
        ([1.0, 2.0], [1, 1]),
        ([1.0, 2.0], [0, 0]),
        ([1.0, np.nan, 2.0], [0, 0, 1]),
        ([1.0, np.inf, 2.0], [0, 0, 1]),
        ([np.nan, np.nan], [0, 1]),
    ],
)
def test_undefined_is_nan(scores, related):
    scores, related = np.array(scores, np.float32), np.array(related, bool)

    assert math.isnan(statistics.roc_auc(scores, related))
    assert all(map(math.isnan, statistics.best_threshold(scores, related)))


@pytest.mark.parametrize(
    ("scores", "related", "expected"),
    [
        ([[2, 1], [1, 2], [3, 0], [1, 0]], (True, False), 0.75),
        ([[1, 1], [2, 1]], (True, False), 0.5),  # A tie is no success.
        ([[1, 1], [1, 1]], (True, False), 0.0),
        ([[2, 3, 1], [0, 3, 2]], (False, True, False), 1.0),
        ([[2, 3, 4], [0, 3, 2]], (False, True, False), 0.5),  # The highest negative counts.
    ],
)
def test_triplet_accuracy_by_hand(scores, related, expected):
    assert statistics.triplet_accuracy(np.array(scores, np.float32), related) == expected


@pytest.mark.parametrize("scores", [np.zeros((0, 2)), [[1, np.nan]], [[2, 1], [np.inf, 0]]])
def test_triplet_accuracy_undefined_is_nan(scores):
    assert math.isnan(statistics.triplet_accuracy(np.array(scores, float), (True, False)))


def _equal_error_rate(scores, related, weights=None):
    alarms, hits, _ = roc_curve(related, scores, sample_weight=weights, drop_intermediate=False)
    points = np.arange(len(alarms))
    place = brentq(lambda x: np.interp(x, points, alarms + hits) - 1, 0, points[-1], xtol=1e-14)
    return np.interp(place, points, alarms)


@pytest.mark.parametrize("n", [2, 3, 17, 300])
@pytest.mark.parametrize("distinct", [1, 3, 1 << 20])
@pytest.mark.parametrize("seed", range(3))
def test_more_agree_with_scikit_learn(seed, n, distinct):
    scores, related = _random(seed, n, distinct)

    precision = average_precision_score(related, scores)
    assert statistics.average_precision(scores, related) == pytest.approx(precision, abs=1e-12)
    rate = _equal_error_rate(scores, related)
    assert statistics.equal_error_rate(scores, related) == pytest.approx(rate, abs=1e-9)

    best = statistics.best_f1(scores, related)
    reached = [f1_score(related, scores >= t) for t in np.unique(scores)]
    assert best.quality == pytest.approx(max(reached), abs=1e-12)
    assert f1_score(related, scores >= np.float32(best.threshold)) == pytest.approx(best.quality)


@pytest.mark.parametrize("seed", range(5))
def test_weights_agree_with_scikit_learn(seed):
    scores, related = _random(seed, 200, 20)
    weights = np.random.default_rng(seed).integers(0, 8, 200).astype(np.float32) / 4

    for own, oracle in (
        (statistics.roc_auc, roc_auc_score),
        (statistics.average_precision, average_precision_score),
    ):
        expected = oracle(related, scores, sample_weight=weights)
        assert own(scores, related, weights) == pytest.approx(expected, abs=1e-12)
    assert statistics.equal_error_rate(scores, related, weights) == pytest.approx(
        _equal_error_rate(scores, related, weights), abs=1e-9
    )
    candidates = [*np.unique(scores), np.float32(np.inf)]
    reached = [accuracy_score(related, scores >= t, sample_weight=weights) for t in candidates]
    actual = statistics.best_threshold(scores, related, weights).quality
    assert actual == pytest.approx(max(reached), abs=1e-12)
    reached = [f1_score(related, scores >= t, sample_weight=weights) for t in candidates]
    actual = statistics.best_f1(scores, related, weights).quality
    assert actual == pytest.approx(max(reached), abs=1e-12)


@pytest.mark.parametrize(
    ("scores", "related", "rate"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 0.0),
        ([4, 3, 2, 1], [0, 0, 1, 1], 1.0),
        ([5, 5, 5], [0, 1, 0], 0.5),
        ([1, 3, 2, 4], [0, 0, 1, 1], 0.5),  # One of two alarms, one of two misses.
    ],
)
def test_equal_error_rate_by_hand(scores, related, rate):
    actual = statistics.equal_error_rate(np.array(scores, float), np.array(related, bool))

    assert actual == pytest.approx(rate, abs=1e-12)


@pytest.mark.parametrize(
    ("scores", "related"),
    [([], []), ([1.0, 2.0], [1, 1]), ([1.0, 2.0], [0, 0]), ([1.0, np.nan], [0, 1])],
)
def test_more_undefined_is_nan(scores, related):
    half = Flat(np.array(scores, np.float32), np.array(related, bool))
    good = Flat(np.array([0.0, 1.0], np.float32), np.array([False, True]))

    assert math.isnan(statistics.average_precision(*half))
    assert math.isnan(statistics.equal_error_rate(*half))
    assert all(map(math.isnan, statistics.best_f1(*half)))
    for metric in (statistics.accuracy_on_half, statistics.f1_on_half):
        assert all(map(math.isnan, metric(half, good)))
        assert all(map(math.isnan, metric(good, half)))
        assert metric(good, good) == (1, 1)


def test_weights_of_0_leave_a_class_out():
    half = Flat(np.array([1.0, 2.0]), np.array([False, True]), np.array([1.0, 0.0]))

    assert math.isnan(statistics.roc_auc(*half))
    assert math.isnan(statistics.triplet_accuracy(np.ones((1, 2)), (True, False), np.zeros(1)))


def test_one_half_is_judged_by_the_threshold_of_the_other():
    choosing = Flat(np.array([1.0, 2.0, 3.0]), np.array([False, True, True]))  # 2 for both.
    reporting = Flat(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, True]))

    assert statistics.accuracy_on_half(choosing, reporting) == (2, 0.5)
    assert statistics.f1_on_half(choosing, reporting) == (2, pytest.approx(2 * 2 / (3 + 3)))
    weighted = reporting._replace(weights=np.array([1.0, 2.0, 3.0, 2.0]))
    assert statistics.accuracy_on_half(choosing, weighted) == (2, 5 / 8)
    assert statistics.f1_on_half(choosing, weighted) == (2, pytest.approx(2 * 5 / (7 + 6)))


@pytest.mark.parametrize("others", [1, 4])
@pytest.mark.parametrize("distinct", [1, 3, 1 << 20])  # All equal, many ties, hardly any.
@pytest.mark.parametrize("weighted", [False, True])
def test_triplet_accuracy_agrees_with_scikit_learn(weighted, distinct, others):
    rng = np.random.default_rng(others)
    scores = rng.integers(0, distinct, (200, 1 + others)).astype(np.float32)
    weights = rng.integers(0, 4, 200).astype(np.float32) if weighted else None
    truth = np.tile(np.arange(1 + others) == 0, (200, 1))
    # All that is read to meet the positive is the positive: scikit-learn reads ties, too.
    alone = [coverage_error([t], [s]) == 1 for t, s in zip(truth, scores, strict=True)]
    expected = np.average(alone, weights=weights)
    if others == 1:  # Of one pair each, in the wrong order where it is a tie.
        lost = label_ranking_loss(truth, scores, sample_weight=weights)
        assert expected == pytest.approx(1 - lost, abs=1e-12)

    actual = statistics.triplet_accuracy(scores, (True, *[False] * others), weights)

    assert actual == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("n", [1, 2, 300])
def test_spread_agrees_with_the_standard_library(n):
    scores = np.random.default_rng(n).normal(3, 2, (n, 3)).astype(np.float32)
    present = np.ones((n, 3), dtype=bool)
    present[1:, 2] = False

    actual = statistics.spread(scores, present)

    columns = (scores[:, i][present[:, i]].astype(float).tolist() for i in range(3))
    assert actual == pytest.approx(max(map(pstdev, columns)), abs=1e-12)
    assert statistics.spread(np.full((n, 3), 0.1, np.float32), present) == pytest.approx(
        0, abs=1e-12
    )
    assert math.isnan(statistics.spread(scores, ~(present | True)))


def test_triplet_accuracy_weighs_tuples():
    scores = np.array([[2, 1], [1, 2]], np.float32)

    assert statistics.triplet_accuracy(scores, (True, False), np.array([3.0, 1.0])) == 0.75


@given(
    st.lists(
        st.tuples(st.integers(-3, 3), st.booleans(), st.integers(0, 3)), min_size=1, max_size=40
    )
)
def test_weights_of_few_tuples_with_ties_agree_with_scikit_learn(rows):
    scores, related, weights = (np.array(column) for column in zip(*rows, strict=True))
    actual = [
        metric(scores.astype(np.float32), related, weights.astype(np.float32))
        for metric in (
            statistics.roc_auc,
            statistics.average_precision,
            statistics.equal_error_rate,
        )
    ]
    counted = weights > 0
    if len(set(related[counted])) < 2:
        assert all(map(math.isnan, actual))
        return
    # Equal to so many tuples of weight 1.
    often, truth = np.repeat(scores, weights), np.repeat(related, weights)
    expected = [
        roc_auc_score(truth, often),
        average_precision_score(truth, often),
        _equal_error_rate(often, truth),
    ]
    assert actual == pytest.approx(expected, abs=1e-9)
