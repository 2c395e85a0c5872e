import math

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from trainer_module.metrics import statistics
from trainer_module.metrics.statistics import Comparisons

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
    assert best.accuracy == pytest.approx(max(reached), **EXACT)
    assert best.accuracy == pytest.approx(
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
    found = statistics.best_threshold(np.array(scores, float), np.array(related, bool))

    assert found == (threshold, pytest.approx(accuracy, **EXACT))


def test_threshold_above_all_scores_is_a_float32_above_them():
    scores = np.array([0.1, 0.7, 0.7], np.float32)

    found = statistics.best_threshold(scores, np.array([True, False, False]))

    assert not (scores >= np.float32(found.threshold)).any()
    assert math.isfinite(found.threshold)


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


def test_comparisons_take_the_classes_from_the_relation_or_from_the_labels():
    rows = np.array([[1, 2], [3, 4]], np.float32)

    scores, related = Comparisons(rows, (True, False)).flat()
    assert scores.tolist() == [1, 2, 3, 4]
    assert related.tolist() == [True, False, True, False]

    scores, related = Comparisons(rows[:, :1], (None,), np.array([False, True])).flat()
    assert scores.tolist() == [1, 3]
    assert related.tolist() == [False, True]

    with pytest.raises(ValueError, match="labels"):
        Comparisons(rows[:, :1], (None,)).flat()
