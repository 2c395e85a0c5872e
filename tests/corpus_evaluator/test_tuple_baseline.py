"""What needs no training, by hand, and for each rule tuples on which it is the best."""

import numpy as np
import pytest
from sklearn.metrics import label_ranking_average_precision_score, roc_auc_score

from components.corpus_evaluator.baselines import choice, tuple_baseline
from components.corpus_evaluator.embeddings.id_tuples import IdTuples
from relation import spec
from relation.spec import LabelKind
from tests.corpus_evaluator.raw import Raw


def links(labels, members=None, weights=None):
    values = np.array(labels, np.float32)
    ids = np.zeros((len(values), 2)) if members is None else members
    own = np.ones(len(values)) if weights is None else weights
    return IdTuples(np.array(ids, np.uint64), values, np.array(own, np.float32))


def of_tuples(relation, train, held_out, raw=None):
    return tuple_baseline.of_tuples(relation, train, held_out, raw or Raw())


def value_of(baseline, by):
    return {each.by: each.value for each in baseline.candidates}[by]


def check(actual, metric, value, by):
    assert (actual.metric, actual.by, actual.bound) == (metric, by, "above")
    assert actual.value == pytest.approx(value)
    assert value_of(actual, by) == actual.value


def test_numbers_must_beat_their_mean():
    relation = spec.pairs("item", "item", LabelKind.SCALAR)
    train = links([[0.1], [0.5]])
    # Predicted .3: errors .2² twice, against .1² twice.
    check(of_tuples(relation, train, links([[0.1], [0.3]])), "r2", 1 - 0.04 / 0.02, "the mean")


def test_the_most_frequent_class_of_training():
    relation = spec.pairs("item", "item", LabelKind.CLASS)
    actual = of_tuples(relation, links([[2], [2], [0]]), links([[2], [0], [0], [1]]))
    check(actual, "accuracy", 0.25, "majority")


def test_tags_as_often_as_in_training():
    relation = spec.tags("item", 3)
    train = links([[1, 0, 0], [1, 1, 0], [1, 0, 0]], [[1], [2], [3]])
    # Order: first, second, third. A row with the second alone: 1/2; with first and third:
    # (1 + 2/3) / 2.
    actual = of_tuples(relation, train, links([[0, 1, 0], [1, 0, 1]], [[4], [5]]))
    check(actual, "lrap", (1 / 2 + 5 / 6) / 2, "frequencies of tags")


def test_pairs_by_raw_features():
    relation = spec.pairs("item", "item")
    raw = Raw(shared=[[0.0], [0.1], [0.9], [0.4], [5.0]])
    train = links([[1], [0]], [[1, 2], [1, 3]])
    held_out = links([[1], [0], [1], [0]], [[1, 4], [2, 3], [2, 5], [4, 5]])
    # Distances: related .4 and 4.9, unrelated .8 and 4.6: 2 of 4 pairs are in order.
    check(of_tuples(relation, train, held_out, raw), "auc", 0.5, "raw features")


def test_pairs_by_how_often_a_member_is_related():
    relation = spec.pairs("item", "item")
    train = links([[1], [0], [0]], [[5, 7], [5, 8], [6, 8]])
    held_out = links([[1], [0], [1], [0]], [[1, 7], [2, 8], [3, 7], [4, 9]])
    # 7 is related more often than on average, 8 never; 9 is unknown, hence average.
    check(of_tuples(relation, train, held_out), "auc", 1.0, "the mean label of each right")


def test_a_member_that_held_out_tuples_do_not_have_is_no_rule():
    relation = spec.pairs("item", "item")
    train = links([[1], [0], [0]], [[5, 7], [5, 8], [6, 8]])
    held_out = links([[1], [0], [1]], [[1, 7], [2, 3], [3, 4]])
    assert of_tuples(relation, train, held_out).by == "any order"


def test_ranked_pairs_by_nearness_to_the_query():
    relation = spec.ranked_pairs("document", "query")
    raw = Raw(shared=[[1.0], [2.0], [3.0], [3.0], [1.5], [3.5], [9], [9], [0.0]])
    train = links([[1], [1]], [[1, 2, 9], [5, 6, 9]])
    held_out = links([[1], [2], [1], [1]], [[1, 2, 9], [3, 4, 9], [2, 3, 9], [6, 5, 9]])
    # Right, a tie, right, wrong. A tie is no success.
    check(of_tuples(relation, train, held_out, raw), "triplet_accuracy", 0.5, "raw features")


def test_lists_by_nearness_to_the_query():
    relation = spec.lists("document", "query", 3)
    raw = Raw(shared=[[0.1], [0.2], [0.3], [0.4], [0.5], [0.6], [0.7], [0.8], [0.0]])
    train = links([[2, 1, 0]], [[1, 2, 3, 9]])
    held_out = links([[0, 1, -1], [0, 0, 0]], [[1, 2, 0, 9], [3, 4, 5, 9]])
    # The one relevant document of the one list that has some is second.
    actual = of_tuples(relation, train, held_out, raw)
    check(actual, "ndcg_at_10", 1 / np.log2(3), "raw features")


DOCUMENTS = Raw([[0.5, 3, 9], [0.5, 1, 8], [0.2, 2, 7], [0.9, 2, 6]])
"""Documents 1 to 4: noise, one that falls with quality, one that tells the number."""


def test_ranked_pairs_without_a_query_by_the_feature_that_orders_training():
    relation = spec.ranked_pairs("document", None)
    # The second, negated, is right of all three; of others none is right of more than two.
    train = links([[1], [1], [1]], [[2, 1], [2, 3], [4, 1]])
    held_out = links([[1], [1], [1], [1]], [[2, 4], [1, 4], [2, 3], [4, 3]])  # The last: a tie.
    actual = of_tuples(relation, train, held_out, DOCUMENTS)
    assert value_of(actual, "x1 of document") == 0.5
    # By weights the third is better, as it is: right of 2 > 3 and 3 > 4.
    heavy = links([[1], [1], [1]], [[2, 1], [2, 3], [3, 4]], [1, 1, 9])
    actual = of_tuples(relation, heavy, held_out, DOCUMENTS)
    assert value_of(actual, "x2 of document") == 0.75


@pytest.mark.parametrize("query", [False, True])
def test_lists_by_the_feature_that_orders_training(query):
    """With or without a query, 9, that no feature compares to documents."""
    relation = spec.lists("document", "query" if query else None, 3)
    last = [9] if query else []
    # 2 above 1 and 3, 3 above 1: as the second, negated.
    train = links([[0, 2, 1]], [[1, 2, 3, *last]])
    held_out = links([[1, 0, -1], [0, 0, -1]], [[1, 4, 0, *last], [1, 2, 0, *last]])
    actual = of_tuples(relation, train, held_out, DOCUMENTS)
    # The relevant document of the one list that has some is second.
    assert value_of(actual, "x1 of document") == pytest.approx(1 / np.log2(3))


@pytest.mark.parametrize(
    ("train", "held_out", "raw"),
    [
        (links([[1, 0]], [[1, 2]]), links([[0, 0]], [[3, 4]]), DOCUMENTS),  # Nothing to rank.
        (links([[1, 0]], [[1, 2]]), links([[1, 0]], [[3, 4]]), Raw()),
    ],
)
def test_lists_that_say_nothing_have_no_baseline(train, held_out, raw):
    relation = spec.lists("document", None, 2)
    assert of_tuples(relation, train, held_out, raw) is None


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
    check(actual, "accuracy", 3 / 5, "majority")


def test_weights_decide_how_frequent_tags_are_and_how_much_a_row_counts():
    relation = spec.tags("item", 3)
    # Order: second, first, third.
    train = links([[1, 0, 0], [0, 1, 0]], [[1], [2]], weights=[1, 3])
    held_out = links([[1, 0, 0], [0, 1, 0]], [[3], [4]], weights=[1, 3])  # 1/2 and 1.
    check(of_tuples(relation, train, held_out), "lrap", (1 / 2 + 3) / 4, "frequencies of tags")


def test_weights_of_pairs_count():
    raw = Raw(shared=[[0.0], [0.5], [0.1], [0.9], [2.0]])
    train = links([[0], [1]], [[1, 2], [1, 5]])  # The farther, the more related.
    held_out = links([[1], [0], [0]], [[1, 2], [1, 3], [1, 4]], [1, 1, 3])
    # Above one unrelated pair of weight 1, below one of 3.
    actual = of_tuples(spec.pairs("item", "item"), train, held_out, raw)
    assert value_of(actual, "raw features") == pytest.approx(1 / 4)


COUNT = 600
EVAL = slice(400, COUNT)
"""Entities from here on are held out."""


def drawn(seed, width):
    return np.random.default_rng(seed).normal(size=(COUNT, width))


def pairs_of(seed=0, count=1500):
    """Pairs of training entities, and pairs of held-out ones: ids [n, 2] each."""
    random = np.random.default_rng([seed, 1])
    return random.integers(1, 401, (count, 2)), random.integers(401, COUNT + 1, (count, 2))


def with_labels(label, both):
    return [links(label(ids[:, 0] - 1, ids[:, 1] - 1), ids) for ids in both]


def best(relation, label, raw, seed=0):
    train, held_out = with_labels(label, pairs_of(seed))
    return of_tuples(relation, train, held_out, raw), train, held_out


def test_a_number_that_is_a_function_of_distance():
    x = drawn(0, 4)

    def label(a, b):
        return 1 / (1 + np.sqrt(np.square(x[a] - x[b]).mean(axis=1, keepdims=True)))

    number = spec.pairs("item", "item", LabelKind.SCALAR)
    baseline, *_ = best(number, label, Raw(x, x))
    assert (baseline.metric, baseline.by) == ("r2", "raw features, by intervals")
    assert baseline.value > 0.99


def test_a_number_whose_order_alone_is_learnt_is_held_against_the_order():
    relation = spec.pairs("item", "item", LabelKind.SCALAR)
    x = drawn(17, 3)

    def label(a, b):
        return np.exp(3 * x[b, 1:2])

    train, held_out = with_labels(label, pairs_of())
    actual = tuple_baseline.of_tuples(relation, train, held_out, Raw(x), orders_only=True)
    assert (actual.metric, actual.by) == ("spearman", "x1 of right")
    assert actual.value == pytest.approx(1)
    one_label = links([[0.5]] * 9, held_out.members[:9])
    assert tuple_baseline.of_tuples(relation, train, one_label, Raw(x), orders_only=True) is None


def test_numbers_that_one_feature_tells():
    x = drawn(1, 5)

    def label(a, b):
        return np.stack([2 * x[a, 3], 1 - x[a, 3]], axis=1)

    vector = spec.pairs("item", "item", LabelKind.VECTOR, width=2)
    baseline, *_ = best(vector, label, Raw(x))
    assert (baseline.by, baseline.value) == ("x3 of left", pytest.approx(1.0))


@pytest.mark.parametrize("sign", [1, -1])
def test_pairs_that_one_feature_of_a_member_orders_either_way(sign):
    x = drawn(2, 6)

    def label(a, b):
        return (sign * x[b, 4:5] > 0.3).astype(float)

    baseline, _, held_out = best(spec.pairs("item", "item"), label, Raw(x))
    assert (baseline.by, baseline.value) == ("x4 of right", 1.0)
    scores = sign * x[held_out.members[:, 1].astype(int) - 1, 4]
    assert roc_auc_score(held_out.labels[:, 0], scores) == 1


def test_pairs_that_are_related_at_middle_values_of_a_feature():
    x = drawn(3, 6)

    def label(a, b):
        return (np.abs(x[a, 2:3]) < 0.5).astype(float)

    baseline, *_ = best(spec.pairs("item", "item"), label, Raw(x))
    assert baseline.by == "x2 of left, by intervals"
    assert baseline.value > 0.98
    assert value_of(baseline, baseline.by) > max(
        each.value for each in baseline.candidates if each.by != baseline.by
    )


def test_the_difference_of_a_feature():
    x = drawn(4, 8)

    def label(a, b):
        return (np.abs(x[a, 5:6] - x[b, 5:6]) < 0.4).astype(float)

    baseline, *_ = best(spec.pairs("item", "item"), label, Raw(x, x))
    assert (baseline.by, baseline.value) == ("the difference of raw feature 5", 1.0)


def test_a_class_that_two_categories_tell():
    codes = np.random.default_rng(5).integers(1, 4, (COUNT, 2))
    kinds = np.random.default_rng(6).integers(0, 4, (4, 4))

    def label(a, b):
        return kinds[codes[a, 1], codes[b, 0]][:, None]

    relation = spec.pairs("item", "item", LabelKind.CLASS)
    baseline, *_ = best(relation, label, Raw(codes=codes))
    assert (baseline.metric, baseline.value) == ("accuracy", 1.0)
    assert baseline.by == "the mean label by c1 of left and c0 of right"


def test_pairs_whose_categories_agree():
    codes = np.random.default_rng(7).integers(1, 13, (COUNT, 1))

    def label(a, b):
        return ((codes[a] == codes[b]) ^ (b[:, None] % 9 == 0)).astype(float)

    baseline, *_ = best(spec.pairs("item", "item"), label, Raw(codes=codes))
    assert baseline.by == "the mean label by whether c0 of left is c0 of right"


def test_a_class_of_neighbours():
    """Rings of two features, which no single feature tells."""
    x = drawn(8, 2)

    def label(a, b):
        return np.floor(np.linalg.norm(x[a] - 0.4, axis=1, keepdims=True) * 1.3).clip(0, 3)

    relation = spec.tags("item", 4)
    train, held_out = (
        links(np.eye(4)[label(ids - 1, None)[:, 0].astype(int)], ids[:, None])
        for ids in (np.arange(1, 401), np.arange(401, COUNT + 1))
    )
    baseline = of_tuples(relation, train, held_out, Raw(x))
    assert baseline.by == "10 nearest training tuples by their raw features"
    near = np.argsort(((x[EVAL, None] - x[None, :400]) ** 2).sum(axis=2), axis=1)[:, :10]
    expected = label_ranking_average_precision_score(
        held_out.labels > 0, train.labels[near].mean(axis=1)
    )
    assert baseline.value == pytest.approx(expected)


def test_pairs_by_the_words_that_they_share():
    random = np.random.default_rng(9)
    words = random.random((COUNT, 20)) < 0.2
    tfidf = words / np.maximum(np.linalg.norm(words, axis=1, keepdims=True), 1)
    x = np.concatenate([random.normal(size=(COUNT, 12)), tfidf], axis=1)

    def label(a, b):
        return ((tfidf[a] * tfidf[b]).sum(axis=1, keepdims=True) > 0.3).astype(float)

    parts = {"numbers": slice(0, 12), "words": slice(12, 32)}
    baseline, *_ = best(spec.pairs("item", "item"), label, Raw(x, x, parts=parts))
    assert (baseline.by, baseline.value) == ("TF-IDF of words", 1.0)


def test_pairs_by_one_kind_of_feature_alone():
    x = drawn(19, 3)
    words = np.eye(40)[np.random.default_rng(20).integers(0, 40, COUNT)]

    def label(a, b):
        return (np.linalg.norm(x[a] - x[b], axis=1, keepdims=True) < 2).astype(float)

    features = np.concatenate([x, 3 * words], axis=1)
    parts = {"numbers": slice(0, 3), "words": slice(3, 43)}
    raw = Raw(features, features, parts=parts)
    baseline, *_ = best(spec.pairs("item", "item"), label, raw)
    assert (baseline.by, baseline.value) == ("raw features, numbers alone", 1.0)


def test_documents_by_one_feature_where_nearness_misleads():
    """As in a search: what compares documents to queries says little, one column says much."""
    x = drawn(10, 3)
    random = np.random.default_rng(11)

    def ranked(low, high):
        ids = random.integers(low, high, (900, 3))
        quality = x[ids[:, :2] - 1, 1] + 0.5 * random.normal(size=(900, 2))
        order = np.argsort(-quality, axis=1)
        ids[:, :2] = np.take_along_axis(ids[:, :2], order, axis=1)
        return links(np.ones((900, 1)), ids)

    train, held_out = ranked(1, 401), ranked(401, COUNT + 1)
    baseline = of_tuples(spec.ranked_pairs("document", "query"), train, held_out, Raw(x, x[:, :1]))
    assert baseline.by == "x1 of document"
    first, second = (x[held_out.members[:, i].astype(int) - 1, 1] for i in (0, 1))
    assert baseline.value == pytest.approx((first > second).mean())
    assert baseline.value > 0.8
    assert value_of(baseline, "raw features") < 0.6


def test_one_related_member_of_several_by_raw_features():
    x = drawn(12, 3)

    def nearer(ids):
        apart = [np.linalg.norm(x[ids[:, 0] - 1] - x[ids[:, i] - 1], axis=1) for i in (1, 2)]
        swapped = ids[:, [0, 2, 1]]
        return np.where((apart[0] < apart[1])[:, None], ids, swapped)

    random = np.random.default_rng(13)
    train, held_out = (
        links(np.zeros((500, 0)), nearer(random.integers(low, low + 200, (500, 3))))
        for low in (1, 401)
    )
    baseline = of_tuples(spec.triplets("item", "item"), train, held_out, Raw(x, x))
    assert (baseline.metric, baseline.by) == ("auc", "raw features")
    assert 0.7 < baseline.value < 1


def test_what_recalls_training_tuples_is_not_chosen():
    """Labels of noise: neighbours would know their own label, if they were asked for it."""
    x, noise = drawn(14, 2), np.random.default_rng(15).integers(0, 2, COUNT)

    def label(a, b):
        return (noise[a] == 1)[:, None].astype(float)

    baseline, *_ = best(spec.pairs("item", "item"), label, Raw(x))
    assert all(abs(each.train - 0.5) < 0.12 for each in baseline.candidates)


def test_the_choice_is_made_on_training_tuples():
    """A feature that is right on training tuples alone stays chosen, whatever it is worth now."""
    x = drawn(16, 2)
    train, held_out = pairs_of()
    baseline = of_tuples(
        spec.pairs("item", "item"),
        links((x[train[:, 0] - 1, :1] > 0).astype(float), train),
        links((x[held_out[:, 0] - 1, 1:] > 0).astype(float), held_out),
        Raw(x),
    )
    assert baseline.by == "x0 of left"
    assert baseline.value < 0.6
    assert [each.train for each in baseline.candidates] == sorted(
        [each.train for each in baseline.candidates], reverse=True
    )


def test_rules_are_compared_on_families_that_are_new_to_them():
    """Tuples connect the members of a family of six; families are new, as the held-out ones."""
    random = np.random.default_rng(18)
    family = random.integers(0, 100, 2000)
    tuples = links(np.ones((2000, 1)), 1 + 6 * family[:, None] + random.integers(0, 6, (2000, 2)))
    fitting, comparing = choice.parts(tuples, np.array([True, True]), 0)
    assert not np.intersect1d((fitting.members - 1) // 6, (comparing.members - 1) // 6).size
    assert len(fitting.weights) + len(comparing.weights) == 2000
    assert 400 < len(comparing.weights) < 1000


def test_rules_are_compared_on_members_that_are_new_to_them():
    ids, _ = pairs_of()
    tuples = links(np.ones((len(ids), 1)), ids)
    fitting, comparing = choice.parts(tuples, np.array([True, True]), 0)
    assert not np.intersect1d(fitting.members, comparing.members).size
    assert len(fitting.weights) > 2 * len(comparing.weights) > 100
    fitting, comparing = choice.parts(tuples, np.array([True, False]), 0)
    assert not np.intersect1d(fitting.members[:, 0], comparing.members[:, 0]).size
    assert len(fitting.weights) + len(comparing.weights) == len(ids)
    three = links(np.ones((900, 1)), np.arange(1, 2701).reshape(900, 3))
    fitting, comparing = choice.parts(three, np.array([True] * 3), 0)
    assert len(fitting.weights) + len(comparing.weights) == 900
    assert not np.intersect1d(fitting.members, comparing.members).size
    few = links(np.ones((20, 1)), ids[:20])
    assert choice.parts(few, np.array([True, True]), 0) == (few, few)
