import math
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score

from relation.validation.number_ranges import MAX_GRADE
from trainer_module.metrics import ranking


def _lists(seed, n, length, distinct):
    """Scores and grades with documents missing, and queries without relevant ones."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, distinct, (n, length)).astype(np.float32)
    grades = rng.integers(0, 5, (n, length)) * (rng.random((n, 1)) < 0.8)
    grades = np.where(np.arange(length) < rng.integers(2, length + 1, (n, 1)), grades, -1)
    grades[0, :2] = 1, 0
    return scores, grades.astype(np.float32)


@pytest.mark.parametrize("k", [1, 3, 5, 10])
@pytest.mark.parametrize("distinct", [1, 3, 1 << 20])
@pytest.mark.parametrize(("n", "length"), [(1, 2), (20, 4), (200, 16)])
@pytest.mark.parametrize("weighted", [False, True])
def test_ndcg_agrees_with_scikit_learn(weighted, n, length, distinct, k):
    scores, grades = _lists(n, n, length, distinct)
    weights = np.arange(1, n + 1, dtype=np.float32) if weighted else None
    expected, kept = [], []
    for number, (row, labels) in enumerate(zip(scores, grades, strict=True)):
        present = labels >= 0
        if (labels > 0).any():
            expected.append(ndcg_score([2 ** labels[present] - 1], [row[present]], k=k))
            kept.append(number)

    actual = ranking.ndcg(scores, grades, k, weights)

    own = None if weights is None else weights[kept]
    assert actual == pytest.approx(np.average(expected, weights=own), rel=1e-6)
    assert ranking.irrelevant(grades) == n - len(kept)


rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(-1, 3)), min_size=1, max_size=5
)  # (score, grade)


@given(rows, st.integers(1, 5))
def test_ndcg_is_the_mean_over_all_orders_of_ties(row, k):
    scores, grades = np.array(row, np.float32).T
    documents = [(score, 2**grade - 1) for score, grade in row if grade >= 0]

    def dcg(gains):
        return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains[:k]))

    ideal = dcg(sorted((gain for _, gain in documents), reverse=True))
    orders = [
        dcg([gain for _, gain in order])
        for order in permutations(documents)
        if all(a[0] >= b[0] for a, b in pairwise(order))
    ]
    actual = ranking.ndcg(scores[None], grades[None], k)
    if ideal == 0:
        assert math.isnan(actual)
    else:
        assert actual == pytest.approx(np.mean(orders) / ideal, rel=1e-9)


@given(st.lists(rows, min_size=1, max_size=4).filter(lambda x: len({len(row) for row in x}) == 1))
def test_reciprocal_rank_by_the_worst_order_of_ties(lists):
    scores, grades = np.moveaxis(np.array(lists, np.float32), 2, 0)
    expected = []
    for row in lists:
        ranked = sorted((doc for doc in row if doc[1] >= 0), key=lambda doc: (-doc[0], doc[1] > 0))
        places = [place for place, (_, grade) in enumerate(ranked, 1) if grade > 0]
        expected += [1 / places[0]] if places else []

    actual = ranking.reciprocal_rank(scores, grades > 0, grades >= 0)

    assert actual == pytest.approx(np.mean(expected) if expected else math.nan, nan_ok=True)


@pytest.mark.parametrize("distinct", [1, 3, 1 << 20])
@pytest.mark.parametrize("weighted", [False, True])
def test_reciprocal_rank_agrees_with_scikit_learn(weighted, distinct):
    rng = np.random.default_rng(distinct)
    # In float64: of float32 newer versions of scikit-learn compute in float32.
    scores = rng.integers(0, distinct, (100, 7)).astype(np.float64)
    weights = rng.integers(1, 5, 100).astype(np.float64) if weighted else None
    one = np.eye(7, dtype=bool)[rng.integers(0, 7, 100)]
    shown = np.ones((100, 7), dtype=bool)

    # Of one relevant document the precision at its place, ties before it, is 1 / its place.
    expected = label_ranking_average_precision_score(one, scores, sample_weight=weights)
    assert ranking.reciprocal_rank(scores, one, shown, weights) == pytest.approx(expected, abs=1e-9)

    several = one | (rng.random((100, 7)) < 0.3)
    scores += np.arange(7) / 8  # No ties: the best relevant one is first.
    best = np.eye(7, dtype=bool)[np.where(several, scores, -1).argmax(axis=1)]
    expected = label_ranking_average_precision_score(best, scores, sample_weight=weights)
    actual = ranking.reciprocal_rank(scores, several, shown, weights)
    assert actual == pytest.approx(expected, abs=1e-9)


def test_scores_where_there_is_no_document_do_not_matter():
    grades = np.array([[2.0, 0.0, -1.0], [0.0, 1.0, -1.0]])
    scores = np.array([[2.0, 1.0, np.nan], [3.0, 1.0, np.inf]])

    assert ranking.ndcg(scores, grades, 3) == pytest.approx((1 + 1 / math.log2(3)) / 2)
    assert ranking.reciprocal_rank(scores, grades > 0, grades >= 0) == 0.75
    weights = np.array([3.0, 1.0])
    assert ranking.reciprocal_rank(scores, grades > 0, grades >= 0, weights) == 0.875


@pytest.mark.parametrize(
    ("scores", "grades"),
    [
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (np.ones((2, 3)), np.zeros((2, 3))),  # No relevant document.
        (np.array([[1.0, np.nan]]), np.array([[1.0, 0.0]])),
    ],
)
def test_undefined_is_nan(scores, grades):
    assert math.isnan(ranking.ndcg(scores, grades, 3))
    assert math.isnan(ranking.reciprocal_rank(scores, grades > 0, grades >= 0))


def test_ndcg_of_the_highest_grades_is_exact():
    """Gains of 2^31 - 1: of two such documents and one of 1 in the wrong order, by hand."""
    grades = np.array([[MAX_GRADE, 1.0, MAX_GRADE, -1.0]], dtype=np.float32)
    actual = ranking.ndcg(np.array([[1.0, 2.0, 3.0, 9.0]], dtype=np.float32), grades, 10)
    gain = 2**31 - 1
    ideal = gain + gain / math.log2(3) + 1 / 2
    assert actual == pytest.approx((gain + 1 / math.log2(3) + gain / 2) / ideal, rel=1e-15)
