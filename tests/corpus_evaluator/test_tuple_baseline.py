"""What needs no training, by hand."""

import numpy as np
import pytest

from components.corpus_evaluator.baselines import tuple_baseline
from components.corpus_evaluator.baselines.tuple_baseline import TupleBaseline
from components.corpus_evaluator.embeddings.id_tuples import IdTuples
from relation import spec
from relation.spec import LabelKind


def links(labels, members=None, weights=None):
    values = np.array(labels, np.float32)
    ids = np.zeros((len(values), 2)) if members is None else members
    own = np.ones(len(values)) if weights is None else weights
    return IdTuples(np.array(ids, np.uint64), values, np.array(own, np.float32))


def never(*_):
    raise AssertionError("raw features were asked for")


def of_tuples(relation, train, held_out, near=never, rows=never):
    return tuple_baseline.of_tuples(relation, train, held_out, near, rows)


def test_numbers_must_beat_their_mean():
    relation = spec.pairs("item", "item", LabelKind.SCALAR)
    some = links([[0.1], [0.2]])
    assert of_tuples(relation, some, some) == TupleBaseline("r2", 0.0, "the mean")


def test_the_most_frequent_class_of_training():
    relation = spec.pairs("item", "item", LabelKind.CLASS)
    actual = of_tuples(relation, links([[2], [2], [0]]), links([[2], [0], [0], [1]]))
    assert actual == TupleBaseline("accuracy", 0.25, "majority")


def test_tags_as_often_as_in_training():
    relation = spec.tags("item", 3)
    train = links([[1, 0, 0], [1, 1, 0], [1, 0, 0]])
    # Order: first, second, third. A row with the second alone: 1/2; with first and third:
    # (1 + 2/3) / 2.
    actual = of_tuples(relation, train, links([[0, 1, 0], [1, 0, 1]]))
    assert actual == pytest.approx(
        TupleBaseline("lrap", (1 / 2 + 5 / 6) / 2, "frequencies of tags")
    )


def test_pairs_by_raw_features_or_by_how_often_the_right_one_is_related():
    relation = spec.pairs("item", "item")
    held_out = links([[1], [0], [1], [0]], [[1, 7], [2, 8], [3, 7], [4, 9]])
    near = {7: 0.9, 8: 0.1, 9: 0.95}

    def nearness(left, lefts, right, rights):
        assert (left, right) == ("item", "item")
        return np.array([near[int(i)] for i in rights])

    assert of_tuples(relation, held_out, held_out, nearness) == TupleBaseline(
        "auc", 0.5, "raw features"
    )
    train = links([[1], [0], [0]], [[5, 7], [5, 8], [6, 8]])
    # 7 is related more often than on average, 8 never; 9 is unknown, hence average.
    actual = of_tuples(relation, train, held_out, lambda *_: None)
    assert actual == TupleBaseline("auc", 1.0, "popularity")


def test_ranked_pairs_by_nearness_to_the_query():
    relation = spec.ranked_pairs("document", "query")
    held_out = links([[1], [2]], [[1, 2, 9], [3, 4, 9]])
    near = {1: 0.9, 2: 0.1, 3: 0.5, 4: 0.5}  # A tie is no success.
    actual = of_tuples(
        relation,
        held_out,
        held_out,
        lambda left, lefts, right, rights: np.array([near[int(i)] for i in rights]),
    )
    assert actual == TupleBaseline("triplet_accuracy", 0.5, "raw features")
    assert of_tuples(relation, held_out, held_out, lambda *_: None, lambda *_: None) is None


def test_lists_by_nearness_to_the_query():
    relation = spec.lists("document", "query", 3)
    held_out = links([[0, 1, -1], [0, 0, 0]], [[1, 2, 0, 9], [3, 4, 5, 9]])
    near = {1: 0.9, 2: 0.1, 0: 5.0, 3: 0.1, 4: 0.2, 5: 0.3}
    actual = of_tuples(
        relation,
        held_out,
        held_out,
        lambda left, lefts, right, rights: np.array([near[int(i)] for i in rights]),
    )
    # The one relevant document of the one list that has some is second.
    assert actual == pytest.approx(TupleBaseline("ndcg_at_10", 1 / np.log2(3), "raw features"))


FEATURES = np.array([[0.5, 3, 9], [0.5, 1, 8], [0.2, 2, 7], [0.9, 2, 6]], np.float32)
"""Of documents 1 to 4: noise, one that falls with quality, one that tells the number."""


def documents(entity, split, ids):
    assert entity == "document"
    places = ids.astype(np.int64) - 1
    return np.where(places < len(FEATURES), places, -1), FEATURES


def test_ranked_pairs_without_a_query_by_the_feature_that_orders_training():
    relation = spec.ranked_pairs("document", None)
    # The second, negated, is right of all three; of others none is right of more than two.
    train = links([[1], [1], [1]], [[2, 1], [2, 3], [4, 1]])
    held_out = links([[1], [1], [1], [1]], [[2, 4], [1, 4], [2, 3], [4, 3]])  # The last: a tie.
    actual = of_tuples(relation, train, held_out, rows=documents)
    assert actual == TupleBaseline("triplet_accuracy", 0.5, "the best raw feature")
    # By weights the third is better, as it is: right of 2 > 3 and 3 > 4.
    heavy = links([[1], [1], [1]], [[2, 1], [2, 3], [3, 4]], [1, 1, 9])
    actual = of_tuples(relation, heavy, held_out, rows=documents)
    assert actual == TupleBaseline("triplet_accuracy", 0.75, "the best raw feature")


def test_lists_without_a_query_by_the_feature_that_orders_training():
    relation = spec.lists("document", None, 3)
    # 2 above 1 and 3, 3 above 1: as the second, negated.
    train = links([[0, 2, 1]], [[1, 2, 3]])
    held_out = links([[1, 0, -1], [0, 0, -1]], [[1, 4, 0], [1, 2, 0]])
    actual = of_tuples(relation, train, held_out, rows=documents)
    # The relevant document of the one list that has some is second.
    assert actual == pytest.approx(
        TupleBaseline("ndcg_at_10", 1 / np.log2(3), "the best raw feature")
    )


def test_documents_that_nothing_compares_to_their_query_are_ranked_by_one_feature():
    """As without a query, which is the last member, 9."""
    pairs = spec.ranked_pairs("document", "query")
    train = links([[1], [1]], [[2, 1, 9], [2, 3, 9]])
    held_out = links([[1], [1]], [[2, 1, 9], [1, 3, 9]])
    actual = of_tuples(pairs, train, held_out, lambda *_: None, documents)
    assert actual == TupleBaseline("triplet_accuracy", 0.5, "the best raw feature")

    lists = spec.lists("document", "query", 3)
    train = links([[0, 2, 1]], [[1, 2, 3, 9]])
    held_out = links([[1, 0, -1]], [[1, 4, 0, 9]])
    actual = of_tuples(lists, train, held_out, lambda *_: None, documents)
    assert actual == pytest.approx(
        TupleBaseline("ndcg_at_10", 1 / np.log2(3), "the best raw feature")
    )


def test_documents_that_are_not_known_come_last():
    relation = spec.lists("document", None, 2)
    train = links([[0, 1], [1, 0]], [[1, 2], [9, 1]])
    actual = of_tuples(relation, train, links([[0, 1]], [[1, 9]]), rows=documents)
    assert actual.value == pytest.approx(1 / np.log2(3))


@pytest.mark.parametrize(
    ("train", "held_out", "rows"),
    [
        (links([[1, 1]], [[1, 2]]), links([[1, 0]], [[1, 2]]), documents),  # Nothing is better.
        (links([[1, 0]], [[1, 2]]), links([[0, 0]], [[1, 2]]), documents),  # Nothing to find.
        (links([[1, 0]], [[1, 2]]), links([[1, 0]], [[1, 2]]), lambda *_: None),
        (links([[1, 0]], [[8, 9]]), links([[1, 0]], [[1, 2]]), documents),  # None is known.
    ],
)
def test_lists_that_say_nothing_have_no_baseline(train, held_out, rows):
    relation = spec.lists("document", None, 2)
    assert of_tuples(relation, train, held_out, rows=rows) is None


@pytest.mark.parametrize(
    "relation",
    [
        spec.pairs("item", "item"),
        spec.pairs("item", "item", LabelKind.CLASS),
        spec.tags("item", 1),
        spec.ranked_pairs("document", None),
        spec.ranked_pairs("document", "query"),
        spec.lists("document", None, 1),
    ],
)
def test_tuples_of_no_weight_have_no_baseline(relation):
    width = max(len(relation.roles), 2)
    some = links([[1], [0]], np.ones((2, width)))
    nothing = links([[1], [0]], np.ones((2, width)), [0, 0])
    empty = links(np.zeros((0, 1)), np.zeros((0, width)))
    for train, held_out in ((some, nothing), (nothing, some), (some, empty), (empty, some)):
        assert of_tuples(relation, train, held_out) is None


def test_a_class_that_only_tuples_of_no_weight_have_is_not_there():
    held_out = links([[1], [1], [0]], weights=[1, 1, 0])
    assert of_tuples(spec.pairs("item", "item"), held_out, held_out) is None


def test_weights_decide_the_most_frequent_class_and_how_often_it_is_right():
    relation = spec.pairs("item", "item", LabelKind.CLASS)
    train = links([[2], [2], [0]], weights=[1, 1, 3])  # 0 weighs 3, 2 weighs 2.
    actual = of_tuples(relation, train, links([[2], [0], [1]], weights=[1, 3, 1]))
    assert actual == pytest.approx(TupleBaseline("accuracy", 3 / 5, "majority"))


def test_weights_decide_how_frequent_tags_are_and_how_much_a_row_counts():
    relation = spec.tags("item", 3)
    train = links([[1, 0, 0], [0, 1, 0]], weights=[1, 3])  # Order: second, first, third.
    held_out = links([[1, 0, 0], [0, 1, 0]], weights=[1, 3])  # 1/2 and 1.
    actual = of_tuples(relation, train, held_out)
    assert actual == pytest.approx(TupleBaseline("lrap", (1 / 2 + 3) / 4, "frequencies of tags"))


def test_weights_of_pairs_count():
    held_out = links([[1], [0], [0]], [[1, 7], [2, 8], [3, 9]], [1, 1, 3])
    near = {7: 0.5, 8: 0.1, 9: 0.9}  # Above one unrelated pair of weight 1, below one of 3.
    actual = of_tuples(
        spec.pairs("item", "item"),
        held_out,
        held_out,
        lambda left, lefts, right, rights: np.array([near[int(i)] for i in rights]),
    )
    assert actual == pytest.approx(TupleBaseline("auc", 1 / 4, "raw features"))


def test_popularity_is_a_weighted_share_smoothed_by_one_average_tuple():
    train = links([[1], [1], [0], [0]], [[1, 7], [2, 8], [3, 8], [4, 9]], [1, 3, 1, 3])
    held_out = links([[1]] * 4, [[5, 7], [5, 8], [5, 9], [5, 6]])
    # Related: 4 of 8, hence one average tuple adds 1/2 to 1.
    expected = [(1 + 0.5) / (1 + 1), (3 + 0.5) / (4 + 1), (0 + 0.5) / (3 + 1), 0.5]
    np.testing.assert_allclose(tuple_baseline._rates(train, held_out, 1), expected, rtol=1e-12)


def test_weights_of_ranked_pairs_count():
    held_out = links([[1], [2]], [[1, 2, 9], [3, 4, 9]], [1, 3])
    near = {1: 0.9, 2: 0.1, 3: 0.2, 4: 0.5}
    actual = of_tuples(
        spec.ranked_pairs("document", "query"),
        held_out,
        held_out,
        lambda left, lefts, right, rights: np.array([near[int(i)] for i in rights]),
    )
    assert actual == TupleBaseline("triplet_accuracy", 0.25, "raw features")


def test_gains_grow_with_grades_and_weights_of_lists_count():
    held_out = links([[1, 3, -1], [2, 0, 0]], [[1, 2, 0, 9], [3, 4, 5, 9]], [1, 3])
    near = {1: 0.9, 2: 0.1, 0: 5.0, 3: 0.9, 4: 0.2, 5: 0.3}
    actual = of_tuples(
        spec.lists("document", "query", 3),
        held_out,
        held_out,
        lambda left, lefts, right, rights: np.array([near[int(i)] for i in rights]),
    )
    # Gains 2^grade - 1. The first list: 1, then 7; the best: 7, then 1. The second is perfect.
    first = (1 + 7 / np.log2(3)) / (7 + 1 / np.log2(3))
    assert actual == pytest.approx(TupleBaseline("ndcg_at_10", (first + 3) / 4, "raw features"))


def test_weights_of_lists_decide_which_feature_orders_training():
    relation = spec.lists("document", None, 2)
    # Two lists say that 2 is better than 1; the one that says the contrary weighs more.
    train = links([[1, 0], [1, 0], [1, 0]], [[2, 1], [2, 1], [1, 2]], [1, 1, 3])
    actual = of_tuples(relation, train, links([[1, 0]], [[1, 2]]), rows=documents)
    assert actual == pytest.approx(TupleBaseline("ndcg_at_10", 1.0, "the best raw feature"))
