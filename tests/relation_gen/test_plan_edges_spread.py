import time
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from components.common.columns import Strings, take
from components.relation_gen.batches import Edges
from components.relation_gen.sampling import base, edges
from tests.relation_gen.graphs import LEFT, Graph, inputs, plan, relation_of


@pytest.mark.parametrize(
    "negatives",
    [{}, {"draw": "popularity", "alpha": 0.25}, {"draw": "groups", "group": "g"}],
    ids=str,
)
@pytest.mark.parametrize("same", [True, False])
def test_negatives_are_spread_as_declared(negatives, same):
    """Over anchors that all know the same two others; 15 candidates are named 0, 1, 1, 2, … times."""
    n, few = 4000, 15
    first = few if same else LEFT
    told = [(first + n + i, i, 1.0, 1.0) for i in range(few) for _ in range(i)]
    known = [(first + i, right, 1.0, 1.0) for i in range(n) for right in (0, 3)]
    group = [i % 4 for i in range(few)] + ([4] * (n + few) if same else [])
    graph = Graph(few + (n + few) * same, told + known, group, same)
    relation = relation_of(
        "pairs", 5, {"repeated": "keep"}, negatives_per_anchor=2, negatives=negatives
    )
    found, _ = plan(graph, relation)
    share = graph.marginal(first, relation.sampling.negative_sampler)
    few_share = {i: p for i, p in share.items() if i < few}
    total = sum(few_share.values())
    for slot in (1, 2):
        counted = Counter(
            one.members[1]
            for one in found
            if one.slot == slot and first <= one.anchor < first + n and one.members[1] < few
        )
        assert set(counted) <= set(few_share)
        drawn = sum(counted.values())
        assert abs(drawn - n * total) <= 5 * (n * total) ** 0.5
        if drawn > 400:
            expected = [drawn * p / total for p in few_share.values()]
            assert stats.chisquare([counted[i] for i in few_share], expected).pvalue > 1e-4


def hub(degree: int, triplets: int | str) -> float:
    """Seconds to plan the triplets of one anchor with many edges."""
    n = 2 * degree
    right = np.random.default_rng(0).permutation(n)[:degree]
    none = np.zeros(0, dtype=np.int64)
    found = Edges(
        np.zeros(degree, dtype=np.uint64),
        right.astype(np.uint64),
        np.zeros(degree, dtype=np.uint8),
        np.zeros(degree, dtype=np.uint64),
        np.ones(degree, dtype=np.float32),
        np.zeros(0, dtype=np.float32),
        np.ones(degree, dtype=bool),
        np.zeros(degree, dtype=np.int32),
        right,
        none,
        none,
        Strings.of([b""] * degree),
        Strings.of([b"%d" % i for i in right.tolist()]),
    )
    relation = relation_of("triplets", triplets_per_anchor=triplets)
    setting = edges.Setting(relation, base.Candidates(n, n, ()), False)
    began = time.process_time()
    ordered = take(found, edges.order(found, 0))
    anchors = edges.Anchors(ordered.source[:1], np.array([0, degree]), ordered, None)
    (made_,) = edges.plans(anchors, setting)
    took = time.process_time() - began
    assert len(made_.anchor) == (degree if triplets == "all" else triplets)
    negative = made_.members[2].value
    assert len(np.unique(negative)) == len(negative)
    assert not np.isin(negative, right).any()
    return took


@pytest.mark.parametrize("triplets", [100, "all"])
def test_an_anchor_with_many_edges_takes_linear_time(triplets):
    small, large = (min(hub(degree, triplets) for _ in range(5)) for degree in (25_000, 100_000))
    assert large < 2
    assert (
        large / small < 4**1.8
    )  # Four times the edges would take 16 times as long, were it all pairs.


def test_chunks_hold_about_as_many_members_as_the_budget():
    graph = Graph(3000, [(i, (i + 1) % 3000, 1.0, 1.0) for i in range(3000)], [0] * 3000)
    for relation in (
        relation_of("pairs", negatives_per_anchor=40),
        relation_of("triplets", triplets_per_anchor=40),
        relation_of("ntuples", negatives_per_tuple=60),
    ):
        anchors, setting, _ = inputs(graph, relation)
        sizes = [
            sum(len(m.value) for m in made_.members) for made_ in edges.plans(anchors, setting)
        ]
        assert len(sizes) > 2
        assert max(sizes) <= 2.1 * base.CHUNK
