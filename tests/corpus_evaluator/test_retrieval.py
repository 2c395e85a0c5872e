"""Measures of nearest neighbours, by hand and against the definitions one query at a time."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relation.retrieval import measures
from relation.retrieval.distances import Similarity
from relation.retrieval.equal_vectors import equal_vectors
from relation.retrieval.measures import KS, measure, names
from relation.retrieval.points import Keys, Points

EXACT = {"rel": 0, "abs": 1e-9}
EUCLIDEAN, COSINE, DOT = Similarity.EUCLIDEAN, Similarity.COSINE, Similarity.DOT


def points(vectors, sets, first=0):
    """Points with ids from `first` on, and a set of keys each."""
    keys = Keys.of([np.array(sorted(keys), np.uint64) for keys in sets])
    ids = np.arange(first, first + len(sets), dtype=np.uint64)
    return Points(ids, keys, np.array(vectors, np.float64).reshape(len(sets), -1))


def labelled(vectors, labels, first=0):
    return points(vectors, [{ord(label)} for label in labels], first)


def near(similarity, query, reference):
    """Higher is nearer."""
    if similarity is EUCLIDEAN:
        return -(math.dist(query, reference) ** 2)
    dot = sum(a * b for a, b in zip(query, reference, strict=True))
    length = math.hypot(*query) * math.hypot(*reference)
    return dot if similarity is DOT else (dot / length if length else 0.0)


def oracle(queries, references, similarity, same, ks):
    """The definitions, word for word, one query at a time."""
    found = {name: [] for name in (*names(ks), "matches")}
    for q in range(len(queries)):
        own = set(queries.keys.take(np.array([q])).values.tolist())
        ranked = []
        for r in range(len(references)):
            if same and references.ids[r] == queries.ids[q]:
                continue
            relevant = bool(own & set(references.keys.take(np.array([r])).values.tolist()))
            nearness = near(similarity, queries.vectors[q].tolist(), references.vectors[r].tolist())
            ranked.append((-round(nearness, 9), relevant))
        relevant = [is_relevant for _, is_relevant in sorted(ranked)]
        total = sum(relevant)
        found["matches"].append(total)
        if not total:
            for name in names(ks):
                found[name].append(math.nan)
            continue
        found["precision_at_1"].append(float(relevant[0]))
        found["r_precision"].append(sum(relevant[:total]) / total)
        found["map_at_r"].append(
            sum(sum(relevant[: i + 1]) / (i + 1) for i in range(total) if relevant[i]) / total
        )
        found["mrr"].append(1 / (1 + relevant.index(True)))
        for k in ks:
            if k > 1:
                found[f"recall_at_{k}"].append(float(any(relevant[:k])))
                gain = sum(1 / math.log2(2 + i) for i, hit in enumerate(relevant[:k]) if hit)
                best = sum(1 / math.log2(2 + i) for i in range(min(k, total)))
                found[f"ndcg_at_{k}"].append(gain / best)
    return found


def assert_same(found, expected):
    assert set(found) == set(expected)
    for name, values in expected.items():
        assert found[name].tolist() == pytest.approx(values, **EXACT, nan_ok=True), name


def test_any_k_by_hand():
    query = labelled([0], "a", first=100)
    more = ("precision_at_3", "recall_at_1", "recall_at_2", "ndcg_at_4", "precision_at_7")
    actual = measure(
        query, labelled([1, 2, 3, 4, 5], "babab"), EUCLIDEAN, same=False, cut_names=more
    )
    assert {name: actual[name].item() for name in more} == pytest.approx(
        {
            "precision_at_3": 1 / 3,
            "recall_at_1": 0.0,
            "recall_at_2": 1.0,
            "ndcg_at_4": (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3)),
            "precision_at_7": 2 / 7,
        }
    )
    assert set(actual) == {*names(), *more, "matches"}


def test_values_by_hand():
    query = labelled([0], "a", first=100)
    # From near to far: b, a, b, a, b. R = 2: the first two are b, a.
    actual = measure(query, labelled([1, 2, 3, 4, 5], "babab"), EUCLIDEAN, same=False, ks=(1, 2, 5))
    assert {name: values.item() for name, values in actual.items()} == pytest.approx(
        {
            "map_at_r": 1 / 2 / 2,  # Precision at place 2 is 1/2, of two.
            "precision_at_1": 0,
            "r_precision": 1 / 2,
            "mrr": 1 / 2,
            "recall_at_2": 1,
            "recall_at_5": 1,
            "ndcg_at_2": (1 / math.log2(3)) / (1 + 1 / math.log2(3)),
            "ndcg_at_5": (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3)),
            "matches": 2,
        }
    )


def test_a_query_is_not_its_own_neighbour_and_one_without_a_match_is_left_out():
    ours = labelled([0, 1, 10, 11], "aabc")
    actual = measure(ours, ours, EUCLIDEAN, same=True)
    assert actual["matches"].tolist() == [1, 1, 0, 0]
    assert actual["precision_at_1"][:2].tolist() == [1, 1]
    assert all(np.isnan(actual[name][2:]).all() for name in names())


def test_another_type_may_have_an_equal_id():
    ours = labelled([0, 1], "ab")
    actual = measure(ours, ours, EUCLIDEAN, same=False)
    assert actual["matches"].tolist() == [1, 1]
    assert actual["precision_at_1"].tolist() == [1, 1]


@pytest.mark.parametrize("similarity", Similarity)
def test_a_model_that_maps_everything_to_one_point_finds_nothing(similarity):
    rng = np.random.default_rng(0)
    ours = labelled(np.tile(rng.normal(size=7), (60, 1)), "ab" * 30)
    for exact in (True, False):
        actual = measure(ours, ours, similarity, same=True, exact=exact)
        assert actual["map_at_r"].tolist() == [0] * 60
        # All 30 others come before the first that is relevant.
        assert actual["mrr"].tolist() == pytest.approx([1 / 31] * 60)


def test_the_first_relevant_reference_may_be_far_behind():
    theirs = labelled(np.arange(1, 301), "b" * 250 + "a" * 50)
    actual = measure(labelled([0], "a", first=1000), theirs, EUCLIDEAN, same=False)
    assert actual["mrr"].item() == pytest.approx(1 / 251)


SETS = st.lists(st.sets(st.integers(0, 4), max_size=2), min_size=1, max_size=12)


@settings(max_examples=100, deadline=None)
@given(SETS, SETS, st.sampled_from(Similarity), st.integers(0, 10**6), st.booleans())
def test_random_sets_with_ties_agree_with_the_definitions(ours, theirs, similarity, seed, same):
    rng = np.random.default_rng(seed)
    queries, references = (
        # Few values, so that there are ties and zero vectors.
        points(rng.integers(-1, 2, size=(len(sets), 2)), sets)
        for sets in (ours, theirs)
    )
    actual = measure(queries, references, similarity, same=same, ks=(1, 3), exact=True)
    assert_same(actual, oracle(queries, references, similarity, same, (1, 3)))


@pytest.mark.parametrize("similarity", Similarity)
def test_larger_sets_in_several_blocks_agree_with_the_definitions(similarity, monkeypatch):
    monkeypatch.setattr(measures, "_LEAST_CHUNK", 64)
    monkeypatch.setattr(measures, "_ROWS", 32)
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 30, size=300)
    vectors = rng.normal(size=(300, 5)) + 0.3 * labels[:, None]
    ours = points(vectors, [{int(label)} for label in labels])
    actual = measure(ours, ours, similarity, same=True)
    assert_same(actual, oracle(ours, ours, similarity, True, KS))


def test_equal_vectors_have_one_number_and_zero_has_no_sign():
    vectors = np.array([[1, 0], [2, 1], [1, -0.0], [0, 1], [2, 1]])
    assert equal_vectors(vectors).tolist() == [0, 1, 0, 2, 1]
    assert equal_vectors(vectors[:0]).tolist() == []


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("similarity", Similarity)
@pytest.mark.parametrize("seed", range(3))
def test_equally_near_references_are_not_ordered_by_rounding(similarity, exact, seed, monkeypatch):
    """Few places, several of which fill more than a block."""
    monkeypatch.setattr(measures, "_LEAST_CHUNK", 16)
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(7, 33)).astype(np.float32)
    at = rng.choice(7, size=150, p=[0.4, 0.3, 0.1, 0.1, 0.05, 0.03, 0.02])
    sets = [{int(label)} for label in rng.integers(0, 60, size=150)]
    ours = points(places[at], sets)
    actual = measure(ours, ours, similarity, same=True, exact=exact)
    assert_same(actual, oracle(ours, ours, similarity, True, KS))


def test_float32_is_close_to_float64():
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 10, size=2000)
    vectors = rng.normal(size=(2000, 16)) + 0.2 * rng.normal(size=(10, 16))[labels]
    ours = points(vectors, [{int(label)} for label in labels])
    exact, fast = (measure(ours, ours, EUCLIDEAN, same=True, exact=e) for e in (True, False))
    for name in names():
        assert fast[name].mean() == pytest.approx(exact[name].mean(), abs=1e-5), name


def test_blocks_and_order_of_queries_change_no_bit(monkeypatch):
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 8, size=500)
    ours = points(rng.normal(size=(500, 8)), [{int(label)} for label in labels])
    whole = measure(ours, ours, EUCLIDEAN, same=True)
    chosen = rng.permutation(500)[:170]
    monkeypatch.setattr(measures, "_ROWS", 17)
    part = measure(ours.take(np.sort(chosen)), ours, EUCLIDEAN, same=True)
    for name in names():
        assert part[name].tolist() == whole[name][np.sort(chosen)].tolist(), name


def test_memory_is_of_blocks(monkeypatch):
    monkeypatch.setattr(measures, "_ROWS", 32)
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 500, size=6000)
    ours = Points(
        np.arange(6000, dtype=np.uint64),
        Keys.single(labels.astype(np.uint64)),
        rng.normal(size=(6000, 4)).astype(np.float32),
    )
    tracemalloc.start()
    measure(ours, ours, EUCLIDEAN, same=True, exact=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6000 * 6000  # One byte a pair.
