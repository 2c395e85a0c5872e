from collections import Counter
from typing import Any

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from components.common import example_wire
from components.relation_gen.sampling import base
from tests.relation_gen.graphs import LEFT, Graph, plan, relation_of
from tests.relation_gen.planned import Made, close
from tests.relations import compiled


def checked(graph: Graph, relation: Any) -> tuple[list[Made], dict[str, int]]:
    """Plans, and checks what must hold of every tuple."""
    found, totals = plan(graph, relation)
    negatives = relation.sampling.negative_sampler
    marginal = {left: graph.marginal(left, negatives) for left, *_ in graph.edges}
    value = {
        (left, right): {v for a, b, v, _ in graph.edges if (a, b) == (left, right)}
        for left, right, *_ in graph.edges
    }
    drawn: Counter[tuple[int, int]] = Counter()
    for one in found:
        assert one.members[0] == one.anchor
        for role in set(one.members) - {0}:
            member = one.members[role]
            if role in one.probability:
                assert close(one.probability[role], marginal[one.anchor][member])
                drawn[one.anchor, member] += 1
            elif relation.sampling.form == "pairs":
                assert one.relation[0] in value[one.anchor, member]
            else:
                assert 1.0 in value[one.anchor, member]
        if relation.sampling.form == "pairs" and one.probability:
            assert one.relation == [0.0]
    assert max(drawn.values(), default=1) == 1
    lacking = sum(totals.get(name, 0) for name in REASONS)
    assert totals.get("asked", 0) == len(found) + lacking
    return found, totals


REASONS = (base.NO_POSITIVE, base.TOO_FEW_POSITIVES, base.TOO_FEW_NEGATIVES, base.CAPPED)


@st.composite
def graphs(draw: Any, merged: bool = True) -> Graph:
    n, same = draw(st.integers(2, 9)), draw(st.booleans())
    pairs = [(a if same else LEFT + a, b) for a in range(n) for b in range(n) if a != b or not same]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=30, unique=merged))
    found = [
        (a, b, draw(st.sampled_from([0.0, 1.0])), draw(st.sampled_from([1.0, 2.5])))
        for a, b in chosen
    ]
    group = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    return Graph(n, found, group, same)


NEGATIVES = st.sampled_from(
    [
        {},
        {"draw": "groups", "group": "g"},
        {"draw": "popularity"},
        {"draw": "popularity", "alpha": 0.3},
        {"where": "within", "group": "g"},
        {"where": "outside", "group": "g"},
        {"where": "within", "group": "g", "draw": "popularity"},
        {"where": "outside", "group": "g", "draw": "popularity"},
        {"where": "outside", "group": "g", "draw": "groups"},
    ]
)
SEEDS = st.integers(0, 2**63 - 1)
COUNT = st.one_of(st.integers(1, 4), st.just("all"))


def fitting(graph: Graph, negatives: dict[str, Any]) -> dict[str, Any]:
    """Another type has no groups of its own."""
    return negatives if graph.same or "where" not in negatives else {}


@settings(deadline=None, max_examples=200)
@given(graphs(), NEGATIVES, SEEDS, COUNT, st.integers(0, 4))
def test_pairs_are_what_brute_force_allows(graph, negatives, seed, p, n):
    negatives = fitting(graph, negatives) if n else {}
    relation = relation_of(
        "pairs", seed, positives_per_anchor=p, negatives_per_anchor=n, negatives=negatives
    )
    actual, totals = checked(graph, relation)
    expected: Counter[str] = Counter()
    for anchor in {left for left, *_ in graph.edges}:
        held = len(graph.known(anchor))
        wanted = held if p == "all" else p
        drawn = min(n, graph.possible(anchor, relation.sampling.negative_sampler))
        expected["asked"] += wanted + n
        expected["too_few_positives"] += wanted - min(wanted, held)
        expected["too_few_negatives"] += n - drawn
        expected["positives_made"] += min(wanted, held)
        expected["negatives_made"] += drawn
        mine = Counter(bool(one.probability) for one in actual if one.anchor == anchor)
        assert (mine[False], mine[True]) == (min(wanted, held), drawn)
    assert totals == {name: count for name, count in expected.items() if count}
    assert len({(one.anchor, one.members[1]) for one in actual}) == len(actual)


@settings(deadline=None, max_examples=200)
@given(graphs(), NEGATIVES, SEEDS, COUNT, st.integers(1, 3), st.integers(1, 3))
def test_tuples_are_what_brute_force_allows(graph, negatives, seed, t, p, k):
    negatives = fitting(graph, negatives)
    if p == k == 1:
        relation = relation_of("triplets", seed, triplets_per_anchor=t, negatives=negatives)
    else:
        sampling = {"tuples_per_anchor": t, "positives_per_tuple": p, "negatives_per_tuple": k}
        relation = relation_of("ntuples", seed, negatives=negatives, **sampling)
    actual, totals = checked(graph, relation)
    expected: Counter[str] = Counter()
    for anchor in {left for left, *_ in graph.edges}:
        held = len(graph.positive(anchor))
        wanted = held if t == "all" else t
        drawn = min(wanted * k, graph.possible(anchor, relation.sampling.negative_sampler))
        expected["asked"] += wanted
        mine = [one for one in actual if one.anchor == anchor]
        if held < p:
            expected["no_positive" if not held else "too_few_positives"] += wanted
        else:
            expected["too_few_negatives"] += wanted - drawn // k
        assert len(mine) == (drawn // k if held >= p else 0)
        for one in mine:
            assert len(set(one.members.values())) == 1 + p + k
        uses = Counter(one.members[role] for one in mine for role in range(1, 1 + p))
        assert set(uses) <= set(graph.positive(anchor))
        assert len(uses) == min(held, len(mine) * p)
    assert totals == {name: count for name, count in expected.items() if count}


@settings(deadline=None, max_examples=100)
@given(graphs(merged=False), st.sampled_from(["pairs", "triplets"]), SEEDS, st.booleans(), SEEDS)
def test_repeated_edges_are_a_tuple_each_in_whatever_order_they_came(
    graph, kind, seed, weighted, shuffle
):
    graph.weighted = weighted
    source = {"repeated": "keep"}
    name = "positives_per_anchor" if kind == "pairs" else "triplets_per_anchor"
    relation = relation_of(kind, seed, source, **{name: "all"})
    actual, _ = checked(graph, relation)
    again, _ = plan(graph, relation, shuffle=shuffle % 2**32)
    assert again == actual
    if kind == "pairs":
        made_ = Counter(
            (m.anchor, m.members[1], m.relation[0], m.weight) for m in actual if not m.probability
        )
        assert made_ == Counter((*edge[:3], edge[3] if weighted else None) for edge in graph.edges)
    some, _ = plan(graph, relation_of(kind, seed, source, **{name: 1}), shuffle=shuffle % 2**32)
    first = {
        one.anchor: one for one in reversed(actual) if kind == "triplets" or not one.probability
    }
    for one in some:
        if kind == "triplets" or not one.probability:
            assert one == first[one.anchor]


def test_edges_both_ways_leave_out_both_ends():
    graph = Graph(4, [(0, 1, 1, 1), (1, 0, 1, 1), (2, 0, 0, 1), (0, 2, 0, 1)], [0] * 4)
    actual, _ = checked(graph, relation_of("triplets"))
    assert {(one.anchor, one.members[1], one.members[2]) for one in actual} <= {
        (0, 1, 3),
        (1, 0, 2),
        (1, 0, 3),
    }
    assert len(actual) == 2


@pytest.mark.parametrize("weighted", [False, True])
def test_weights_are_those_of_edges_and_one_of_negatives(weighted):
    graph = Graph(5, [(0, 1, 1, 0.5), (0, 2, 0, 3), (3, 1, 1, 2)], [0] * 5, weighted=weighted)
    for positives in ("all", 0):
        relation = relation_of("pairs", positives_per_anchor=positives, negatives_per_anchor=1)
        actual, _ = checked(graph, relation)
        weight = {(0, 1): 0.5, (0, 2): 3, (3, 1): 2}
        assert len(actual) == (5 if positives else 2)
        for one in actual:
            expected = 1.0 if one.probability else weight[one.anchor, one.members[1]]
            assert one.weight == (expected if weighted else None)
    triplets, _ = checked(graph, relation_of("triplets"))
    assert {(one.anchor, one.weight) for one in triplets} == (
        {(0, 0.5), (3, 2)} if weighted else {(0, None), (3, None)}
    )


def test_labels_of_an_entity_make_its_negatives_weigh_what_it_does():
    graph = Graph(4, [(LEFT, 1, 1, 5), (LEFT, 2, 1, 5), (LEFT + 1, 1, 1, 7)], [0] * 4, False, True)
    source = {"type": "labels", "feature": "tags"}
    relation = {"type": "pairs", "source": source, "sampling": {"weight": "w"}}
    actual, _ = checked(graph, compiled({"item": "id", "tag": "id"}, relation))
    assert (
        sorted((one.anchor, one.weight) for one in actual) == [(LEFT, 5)] * 2 + [(LEFT + 1, 7)] * 2
    )


def test_values_are_labels_and_bring_no_negatives_unasked():
    graph = Graph(4, [(0, 1, 0.25, 1), (0, 2, -3, 1), (1, 2, 7, 1)], [0] * 4)
    source = {"label": "scalar"}
    actual, totals = checked(graph, relation_of("pairs", 0, source, positives_per_anchor="all"))
    assert {(one.anchor, one.members[1], *one.relation) for one in actual} == {
        edge[:3] for edge in graph.edges
    }
    assert totals == {"asked": 3, "positives_made": 3}


@pytest.mark.parametrize("most", [0, 1, 2, 9])
def test_known_positives_travel_along_each_once(most):
    graph = Graph(
        6, [(0, 1, 1, 1), (0, 1, 1, 2), (0, 2, 1, 1), (0, 3, 0, 1), (4, 5, 0, 1)], [0] * 6
    )
    relation = relation_of(
        "pairs", 3, {"repeated": "keep"}, positives_per_anchor="all", known_positives=most
    )
    actual, _ = checked(graph, relation)
    assert len(actual) == 5
    for one in actual:
        if not most:
            assert one.more == b""
            continue
        features = tf.train.Example.FromString(example_wire.example(one.more)).features.feature
        assert list(features) == ["positive_ids"]
        ids = list(features["positive_ids"].bytes_list.value)
        expected = [b"1", b"2"] if one.anchor == 0 else []
        assert len(ids) == len(set(ids)) == min(most, len(expected))
        assert set(ids) <= set(expected)


def valueless(kind: str, seed: int, **sampling: Any) -> Any:
    """A relation of edges that are positive by being there."""
    ends = {side: {"entity": "item", "id": side} for side in ("left", "right")}
    relation = {"type": kind, "source": {"type": "edges", "edges": "e"}, "sampling": sampling}
    return compiled({"item": "id"}, {**relation, "seed": seed}, edges={"e": ends})


@pytest.mark.parametrize("cap", [1, 2, 3, 9])
@pytest.mark.parametrize("kind", ["pairs", "triplets"])
def test_a_right_end_is_a_positive_as_often_as_the_cap_allows(kind, cap):
    """Six anchors have 0 as a positive, three 1, one 2; candidates 3 to 8 are nobody's."""
    degree = {0: 6, 1: 3, 2: 1}
    ends = [(LEFT + a, right, 1, 1) for right, n in degree.items() for a in range(n)]
    graph = Graph(9, ends, [0] * 9, same=False)
    name = "positives_per_anchor" if kind == "pairs" else "triplets_per_anchor"
    caps = {"positives_per_entity": cap}
    relation = valueless(kind, 3, **{name: "all", "caps": caps})
    actual, totals = plan(graph, relation)
    positives = [one for one in actual if kind == "triplets" or not one.probability]
    uses = Counter(one.members[1] for one in positives)
    assert uses == {right: min(n, cap) for right, n in degree.items()}
    lost = sum(n - min(n, cap) for n in degree.values())
    assert totals.get(base.CAPPED, 0) == lost


@pytest.mark.parametrize("cap", [1, 2, 9])
@pytest.mark.parametrize("label", ["binary", "scalar", "threshold"])
def test_a_cap_bounds_the_edges_with_a_value_that_are_positives(label, cap):
    """Six anchors have an edge of value 1 to 0, four one of value 0 to 0, three of value 1 to 1."""
    related = {(right, a) for right, n in ((0, 6), (1, 3)) for a in range(n)}
    unrelated = {(0, 6 + a) for a in range(4)}
    ends = [(LEFT + a, right, 1.0, 1) for right, a in sorted(related)]
    ends += [(LEFT + a, right, 0.0, 1) for right, a in sorted(unrelated)]
    source = {"label": "scalar", "positive_from": 0.5} if label == "threshold" else {"label": label}
    caps = {"positives_per_entity": cap}
    relation = relation_of("pairs", 3, source, positives_per_anchor="all", caps=caps)
    actual, totals = plan(Graph(9, ends, [0] * 9, same=False), relation)
    edges = [one for one in actual if not one.probability]
    if label == "scalar":  # Without a threshold an edge of any value is one.
        uses = Counter(one.members[1] for one in edges)
        assert uses == {0: min(10, cap), 1: min(3, cap)}
        lost = 13 - min(10, cap) - min(3, cap)
    else:
        uses = Counter((one.members[1], one.relation[0]) for one in edges)
        assert uses == {(0, 1.0): min(6, cap), (0, 0.0): 4, (1, 1.0): min(3, cap)}
        lost = 9 - min(6, cap) - min(3, cap)
    assert totals.get(base.CAPPED, 0) == lost
