"""What needs no training, by hand."""

import numpy as np
import pytest

from components.corpus_evaluator.links import Links
from components.corpus_evaluator.trivial import Trivial, of_tuples
from relation import spec
from relation.spec import LabelKind


def links(labels, members=None):
    values = np.array(labels, np.float32)
    ids = np.zeros((len(values), 2)) if members is None else members
    return Links(np.array(ids, np.uint64), values, np.ones(len(values), np.float32))


def never(*_):
    raise AssertionError("raw features were asked for")


def test_numbers_must_beat_their_mean():
    relation = spec.pairs("item", "item", LabelKind.SCALAR)
    some = links([[0.1], [0.2]])
    assert of_tuples(relation, some, some, never) == Trivial("r2", 0.0, "the mean")


def test_the_most_frequent_class_of_training():
    relation = spec.pairs("item", "item", LabelKind.CLASS)
    found = of_tuples(relation, links([[2], [2], [0]]), links([[2], [0], [0], [1]]), never)
    assert found == Trivial("accuracy", 0.25, "majority")


def test_tags_as_often_as_in_training():
    relation = spec.tags("item", 3)
    train = links([[1, 0, 0], [1, 1, 0], [1, 0, 0]])
    # Order: first, second, third. A row with the second alone: 1/2; with first and third:
    # (1 + 2/3) / 2.
    found = of_tuples(relation, train, links([[0, 1, 0], [1, 0, 1]]), never)
    assert found == pytest.approx(Trivial("lrap", (1 / 2 + 5 / 6) / 2, "frequencies of tags"))


def test_pairs_by_raw_features_or_by_how_often_the_right_one_is_related():
    relation = spec.pairs("item", "item")
    held_out = links([[1], [0], [1], [0]], [[1, 7], [2, 8], [3, 7], [4, 9]])
    near = {7: 0.9, 8: 0.1, 9: 0.95}

    def nearness(left, lefts, right, rights):
        assert (left, right) == ("item", "item")
        return np.array([near[int(i)] for i in rights])

    assert of_tuples(relation, held_out, held_out, nearness) == Trivial("auc", 0.5, "raw features")
    train = links([[1], [0], [0]], [[5, 7], [5, 8], [6, 8]])
    # 7 is related more often than on average, 8 never; 9 is unknown, hence average.
    found = of_tuples(relation, train, held_out, lambda *_: None)
    assert found == Trivial("auc", 1.0, "popularity")


def test_ranked_pairs_by_nearness_to_the_query():
    relation = spec.ranked_pairs("document", "query")
    held_out = links([[1], [2]], [[1, 2, 9], [3, 4, 9]])
    near = {1: 0.9, 2: 0.1, 3: 0.5, 4: 0.5}  # A tie is no success.
    found = of_tuples(
        relation,
        held_out,
        held_out,
        lambda left, lefts, right, rights: np.array([near[int(i)] for i in rights]),
    )
    assert found == Trivial("triplet_accuracy", 0.5, "raw features")
    assert of_tuples(relation, held_out, held_out, lambda *_: None) is None


def test_lists_by_nearness_to_the_query():
    relation = spec.lists("document", "query", 3)
    held_out = links([[0, 1, -1], [0, 0, 0]], [[1, 2, 0, 9], [3, 4, 5, 9]])
    near = {1: 0.9, 2: 0.1, 0: 5.0, 3: 0.1, 4: 0.2, 5: 0.3}
    found = of_tuples(
        relation,
        held_out,
        held_out,
        lambda left, lefts, right, rights: np.array([near[int(i)] for i in rights]),
    )
    # The one relevant document of the one list that has some is second.
    assert found == pytest.approx(Trivial("ndcg_at_10", 1 / np.log2(3), "raw features"))
