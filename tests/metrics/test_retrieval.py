import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer_module.metrics import retrieval as module
from trainer_module.metrics.retrieval import RetrievalResult, retrieval

EXACT = {"rel": 0, "abs": 1e-12}


def _oracle(queries, query_labels, references, reference_labels, same_set, ks):
    """The definitions, word for word, one query at a time."""
    first, r_precision, average, recall, skipped = [], [], [], {k: [] for k in ks}, 0
    for q, (query, label) in enumerate(zip(queries, query_labels, strict=True)):
        others = [i for i in range(len(references)) if not (same_set and i == q)]
        total = sum(reference_labels[i] == label for i in others)
        if total == 0:
            skipped += 1
            continue
        others.sort(key=lambda i: (math.dist(query, references[i]) ** 2, i))
        relevant = [reference_labels[i] == label for i in others]
        first.append(float(relevant[0]))
        r_precision.append(sum(relevant[:total]) / total)
        average.append(
            sum(sum(relevant[: i + 1]) / (i + 1) for i in range(total) if relevant[i]) / total
        )
        for k in ks:
            recall[k].append(float(any(relevant[:k])))

    def mean(values):
        return sum(values) / len(values) if values else math.nan

    return RetrievalResult(
        mean(first),
        mean(average),
        mean(r_precision),
        {k: mean(v) for k, v in recall.items()},
        len(first),
        skipped,
    )


def _assert_same(found, expected):
    assert (found.queries, found.skipped) == (expected.queries, expected.skipped)
    for name in ("precision_at_1", "map_at_r", "r_precision", "recall_at_k"):
        assert getattr(found, name) == pytest.approx(
            getattr(expected, name), **EXACT, nan_ok=True
        ), name


def test_values_by_hand():
    found = retrieval([[0]], ["a"], [[3], [5], [1], [2], [4]], list("abaab"), same_set=False)
    # From near to far: a, a, a, b, b. Perfect.
    assert found == RetrievalResult(1, 1, 1, {1: 1, 5: 1, 10: 1}, 1, 0)

    found = retrieval(
        [[0]], ["a"], [[1], [2], [3], [4], [5]], list("babab"), same_set=False, ks=(1, 2)
    )
    # R = 2. The first two are b, a: precision at 2 is 1/2, so MAP@R = 1/2 · 1/2, R-precision 1/2.
    assert found == RetrievalResult(0, 0.25, 0.5, {1: 0, 2: 1}, 1, 0)

    found = retrieval([[0]], ["a"], [[1], [2], [3], [4]], list("abaa"), same_set=False, ks=(1,))
    # R = 3: a, b, a. P(1) = 1, P(3) = 2/3; their sum over 3.
    assert found.map_at_r == pytest.approx((1 + 2 / 3) / 3, **EXACT)
    assert found.r_precision == pytest.approx(2 / 3, **EXACT)


def test_a_query_is_not_its_own_neighbour():
    points, labels = [[0], [1], [10], [11]], ["a", "a", "b", "c"]

    found = retrieval(points, labels, points, labels, same_set=True, ks=(1,))

    # "b" and "c" have no match but themselves, and are left out.
    assert found == RetrievalResult(1, 1, 1, {1: 1}, 2, 2)


def test_equal_distances_are_ordered_by_place():
    for labels, precision in (("ab", 1.0), ("ba", 0.0)):
        found = retrieval([[0]], ["a"], [[1], [-1]], list(labels), same_set=False, ks=(1,))
        assert found.precision_at_1 == precision


def test_a_copy_of_the_query_is_a_neighbour_even_if_it_lies_at_the_same_point():
    points = [[5], [5], [6]]

    found = retrieval(points, list("aba"), points, list("aba"), same_set=True, ks=(1,))

    # Number 0 finds the "b" at its own point; number 2 is as far from both, and number 0 is first.
    assert found.precision_at_1 == 0.5
    assert found.skipped == 1


@settings(deadline=None, max_examples=150)
@given(data=st.data(), same_set=st.booleans(), dimensions=st.integers(1, 3))
def test_agrees_with_the_definitions_where_many_distances_are_equal(data, same_set, dimensions):
    point = st.lists(st.integers(-2, 2), min_size=dimensions, max_size=dimensions)
    rows = st.lists(st.tuples(point, st.sampled_from("abc")), min_size=1, max_size=12)
    references = data.draw(rows)
    queries = references if same_set else data.draw(rows)
    arguments = [[row[i] for row in side] for side in (queries, references) for i in (0, 1)]

    found = retrieval(*arguments, same_set=same_set, ks=(1, 3))

    _assert_same(found, _oracle(*arguments, same_set, (1, 3)))


@pytest.mark.parametrize("same_set", [True, False])
@pytest.mark.parametrize("cells", [1, 1000, 1 << 21])
def test_agrees_with_the_definitions_on_random_points_in_any_blocks(same_set, cells, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_CELLS", cells)
    rng = np.random.default_rng(0)
    references = rng.normal(size=(90, 5)).astype(np.float32)
    queries = references if same_set else rng.normal(size=(40, 5)).astype(np.float32)
    labels = rng.integers(0, 6, len(references))
    own = labels if same_set else rng.integers(0, 7, len(queries))

    found = retrieval(queries, own, references, labels, same_set=same_set, ks=(1, 2, 50))

    _assert_same(
        found,
        _oracle(queries.astype(float), own, references.astype(float), labels, same_set, (1, 2, 50)),
    )


def test_order_far_from_the_origin_is_exact():
    rng = np.random.default_rng(0)
    steps = rng.permutation(200)
    references = 1e8 + 0.01 * steps[:, None] * np.ones((1, 3))

    for nearest in range(3):
        labels = np.where(steps == nearest, "a", "b")
        found = retrieval([[1e8] * 3], ["a"], references, labels, same_set=False, ks=(1, 2, 3))
        assert found.recall_at_k == {k: float(k > nearest) for k in (1, 2, 3)}


def test_equal_references_far_from_the_origin_are_ordered_by_place():
    """There the product form of the distance has lost most of its digits."""
    rng = np.random.default_rng(0)
    references = np.repeat(1e6 + rng.normal(size=(20, 7)), 40, axis=0)
    labels = np.tile(np.arange(40), 20)
    queries = references[::40] + 1e-7

    found = retrieval(queries, np.zeros(20, int), references, labels, same_set=False, ks=(1, 2))

    # The nearest 40 lie at one point; the first of them by place has label 0.
    assert found.precision_at_1 == 1.0
    found = retrieval(queries, np.ones(20, int), references, labels, same_set=False, ks=(1, 2))
    assert (found.precision_at_1, found.recall_at_k[2]) == (0.0, 1.0)


def test_a_collapsed_embedding_is_no_better_than_its_order():
    points, labels = np.zeros((30, 4)), np.arange(30) % 3

    found = retrieval(points, labels, points, labels, same_set=True, ks=(1,))

    # All look at number 0 first, number 0 at number 1: only the other nine of class 0 are right.
    assert found.precision_at_1 == pytest.approx(9 / 30, **EXACT)


@pytest.mark.parametrize("queries", [0, 2])
def test_no_match_at_all_is_nan_and_counted(queries):
    found = retrieval(
        np.zeros((queries, 2)), ["q"] * queries, np.ones((3, 2)), ["r"] * 3, same_set=False
    )

    assert (found.queries, found.skipped) == (0, queries)
    assert math.isnan(found.precision_at_1)
    assert math.isnan(found.map_at_r)
    assert math.isnan(found.recall_at_k[1])


def test_memory_does_not_grow_with_queries_times_references():
    rng = np.random.default_rng(0)
    points, labels = rng.normal(size=(6000, 4)), rng.integers(0, 500, 6000)

    tracemalloc.start()
    retrieval(points, labels, points, labels, same_set=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 100e6 < 6000**2 * 8


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"query_embeddings": [[1.0], [math.nan]]}, "1 of 2 are not finite"),
        ({"query_embeddings": [[1.0], [1e200]]}, "no finite length; the first is number 1"),
        ({"query_embeddings": [1.0, 2.0]}, r"got shape \(2,\)"),
        ({"query_embeddings": [[1.0, 2.0]] * 2}, "2 dimensions of queries and 1 of references"),
        ({"query_labels": ["a"]}, "got 2 embeddings and 1 labels"),
        ({"query_labels": [1, 2]}, "expected one type"),
        ({"same_set": True}, "the queries are not the references"),
        ({"ks": (0,)}, r"ks: got \[0\]"),
        ({"ks": ()}, r"ks: got \[\]"),
    ],
)
def test_what_does_not_fit_is_an_error(changes, message):
    arguments = {
        "query_embeddings": [[1.0], [2.0]],
        "query_labels": ["a", "b"],
        "reference_embeddings": [[1.0], [3.0]],
        "reference_labels": ["a", "b"],
        "same_set": False,
    }

    with pytest.raises(ValueError, match=message):
        retrieval(**{**arguments, **changes})
