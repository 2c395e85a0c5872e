import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sklearn

from trainer_module.metrics import numeric

CLOSE = {"rel": 1e-6, "abs": 1e-6}
CORRELATIONS = (numeric.pearson, numeric.spearman, numeric.kendall)
ERRORS = (numeric.absolute_error, numeric.squared_error, numeric.r2)


def _numbers(seed, n, distinct, width=1):
    """Found and expected, float32 [n, width], with ties where few are distinct."""
    rng = np.random.default_rng(seed)
    expected = rng.integers(0, distinct, (n, width)) / distinct
    found = expected + rng.integers(-distinct, distinct, (n, width)) / distinct
    return found.astype(np.float32), expected.astype(np.float32)


@pytest.mark.parametrize("n", [2, 17, 500])
@pytest.mark.parametrize("distinct", [2, 5, 1 << 16])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_errors_agree_with_scikit_learn(seed, weighted, distinct, n):
    actual, expected = _numbers(seed, n, distinct, 3)
    expected[:2] = [[0, 0, 0], [1, 1, 1]]  # All components vary.
    weights = np.random.default_rng(seed).integers(1, 5, n).astype(np.float32) if weighted else None

    for own, oracle in zip(
        ERRORS,
        (sklearn.mean_absolute_error, sklearn.mean_squared_error, sklearn.r2_score),
        strict=True,
    ):
        wanted = oracle(expected.astype(float), actual.astype(float), sample_weight=weights)
        assert own(actual, expected, weights) == pytest.approx(wanted, **CLOSE)


@pytest.mark.parametrize("n", [2, 17, 500])
@pytest.mark.parametrize("distinct", [2, 5, 1 << 16])
@pytest.mark.parametrize("seed", range(3))
def test_correlations_agree_with_scipy(seed, distinct, n):
    actual, expected = (values[:, 0] for values in _numbers(seed, n, distinct))
    expected[:2], actual[:2] = (0, 1), (0, 0.5)

    for own, oracle in zip(
        CORRELATIONS, (stats.pearsonr, stats.spearmanr, stats.kendalltau), strict=True
    ):
        assert own(actual, expected) == pytest.approx(oracle(actual, expected)[0], **CLOSE)


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=1, max_size=30))
def test_kendall_by_counting_pairs(rows):
    actual, expected = np.array(rows, np.float32).T
    signs = [
        (np.sign(actual[i] - actual[j]), np.sign(expected[i] - expected[j]))
        for i in range(len(rows))
        for j in range(i)
    ]
    untied = [sum(bool(pair[side]) for pair in signs) for side in (0, 1)]
    value = numeric.kendall(actual, expected)
    if not all(untied):
        assert math.isnan(value)
    else:
        counted = sum(a * b for a, b in signs) / math.sqrt(untied[0] * untied[1])
        assert value == pytest.approx(counted, **CLOSE)


@pytest.mark.parametrize("seed", range(5))
def test_a_weight_is_so_many_equal_tuples(seed):
    actual, expected = _numbers(seed, 40, 8, 2)
    weights = np.random.default_rng(seed).integers(0, 4, 40)
    repeated = [np.repeat(values, weights, axis=0) for values in (actual, expected)]
    own = weights.astype(np.float32)

    for metric in ERRORS:
        assert metric(actual, expected, own) == pytest.approx(metric(*repeated), **CLOSE)
    flat = (actual[:, 0], expected[:, 0], own)
    once = [values[:, 0] for values in repeated]
    assert numeric.pearson(*flat) == pytest.approx(stats.pearsonr(*once)[0], **CLOSE)


def test_by_hand():
    actual, expected = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 2.0], [4.0, 7.0]])

    assert numeric.absolute_error(actual, expected) == (1 + 0 + 1 + 3) / 4
    assert numeric.squared_error(actual, expected) == (1 + 0 + 1 + 9) / 4
    assert numeric.r2(actual, expected) == pytest.approx(((1 - 2 / 8) + (1 - 9 / 12.5)) / 2)
    assert numeric.absolute_error(actual, expected, np.array([3.0, 1.0])) == (3 * 0.5 + 2) / 4


def test_r2_leaves_out_a_component_that_does_not_vary():
    actual, expected = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 5.0], [4.0, 5.0]])

    assert numeric.r2(actual, expected) == pytest.approx(1 - 2 / 8)
    assert math.isnan(numeric.r2(actual[:, 1:], expected[:, 1:]))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], []),
        ([1.0], [1.0]),
        ([2, 2, 2], [1, 2, 3]),
        ([1, 2, 3], [2, 2, 2]),
        ([1, np.nan], [1, 2]),
    ],
)
def test_correlation_of_what_does_not_vary_is_nan(found, expected):
    found, expected = np.array(found, np.float32), np.array(expected, np.float32)

    assert all(math.isnan(metric(found, expected)) for metric in CORRELATIONS)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_errors_of_nothing_or_of_a_number_that_is_not_finite_are_nan(bad):
    nothing, rows = np.zeros((0, 2)), np.array([[1.0, 2.0], [3.0, bad]])

    for metric in ERRORS:
        assert math.isnan(metric(nothing, nothing))
        assert math.isnan(metric(rows, np.array([[1.0, 2.0], [4.0, 5.0]])))
        assert math.isnan(metric(np.ones((2, 2)), np.eye(2), np.zeros(2)))


@pytest.mark.parametrize("classes", [1, 2, 5])
@pytest.mark.parametrize("n", [1, 10, 500])
@pytest.mark.parametrize("weighted", [False, True])
def test_classes_agree_with_scikit_learn(weighted, n, classes):
    rng = np.random.default_rng(n)
    actual = rng.integers(0, 4, (n, classes)).astype(np.float32)
    expected = rng.integers(0, max(1, classes - 1), n).astype(np.float32)
    weights = rng.integers(1, 5, n).astype(np.float32) if weighted else None
    said = actual.argmax(axis=1)

    accuracy = sklearn.accuracy_score(expected, said, sample_weight=weights)
    f1 = sklearn.f1_score(
        expected, said, average="macro", sample_weight=weights, zero_division=np.nan
    )
    assert numeric.class_accuracy(actual, expected, weights) == pytest.approx(accuracy, **CLOSE)
    assert numeric.class_f1(actual, expected, weights) == pytest.approx(f1, **CLOSE)


def test_classes_by_hand():
    actual = np.array([[0.7, 0.2, 0.1], [0.4, 0.4, 0.2], [0.1, 0.8, 0.1]])
    expected = np.array([0.0, 1.0, 1.0])  # Of equal probabilities the first is said: 0, 0, 1.

    assert numeric.class_accuracy(actual, expected) == pytest.approx(2 / 3)
    assert numeric.class_f1(actual, expected) == pytest.approx((2 / 3 + 2 / 3) / 2)


@pytest.mark.parametrize("metric", [numeric.class_accuracy, numeric.class_f1])
def test_classes_undefined_is_nan(metric):
    assert math.isnan(metric(np.zeros((0, 3)), np.zeros(0)))
    assert math.isnan(metric(np.array([[0.5, np.nan]]), np.zeros(1)))
    assert math.isnan(metric(np.ones((2, 2)), np.zeros(2), np.zeros(2)))


@pytest.mark.parametrize("level", [1e-6, 1.0, -3.0, 1e9])
@pytest.mark.parametrize("metric", CORRELATIONS)
def test_a_constant_with_rounding_does_not_vary(metric, level):
    truth = np.linspace(0, 1, 40, dtype=np.float32)
    constant = np.full(40, level, np.float32)
    constant[::2] = np.nextafter(constant[::2], np.float32(np.inf))
    assert np.ptp(constant) > 0
    assert math.isnan(metric(constant, truth))
    assert math.isnan(metric(truth, constant))
    apart = constant * (1 + np.linspace(0, 1e-4, 40, dtype=np.float32))
    assert abs(metric(apart, truth)) > 0.9


@pytest.mark.parametrize("level", [1e-6, 1.0, 1e9])
def test_r2_leaves_out_a_component_that_varies_by_rounding_alone(level):
    actual, expected = _numbers(0, 40, 5, 1)
    constant = np.full((40, 1), level, np.float32)
    constant[::2] = np.nextafter(constant[::2], np.float32(np.inf))
    assert math.isnan(numeric.r2(constant, constant))
    both = np.hstack([actual, constant + 1]), np.hstack([expected, constant])
    assert numeric.r2(*both) == numeric.r2(actual, expected)
