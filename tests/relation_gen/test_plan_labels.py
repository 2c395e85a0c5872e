from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from components.relation_gen.sampling import base
from components.relation_gen.sampling import groups as labels
from tests.relation_gen.planned import World, close, labelled, plan_labels, relation_of

# Labels 0 × 3, 1 × 1, 2 × 2; the numbers are worked out by hand in the tests.
SMALL = World([frozenset([label]) for label in (0, 2, 0, 1, 2, 0)])


def checked(world: World, relation: Any, parts: int = 2) -> tuple[list[Any], dict[str, int]]:
    """Plans, and checks what must hold of every tuple."""
    sampling = relation.sampling
    found, totals = plan_labels(world, relation, parts)
    pairs = relation.sampling.form == "pairs"
    marginal = {i: world.marginal(i, sampling.negative_sampler) for i in range(len(world))}
    drawn: Counter[tuple[int, int]] = Counter()
    for one in found:
        assert one.members[0] == one.anchor
        negative = set(one.probability)
        positive = set(one.members) - negative - {0}
        assert all(one.members[role] in world.related(one.anchor) for role in positive)
        assert len({one.members[role] for role in one.members}) == len(one.members)
        for role in negative:
            assert close(one.probability[role], marginal[one.anchor][one.members[role]])
            drawn[one.anchor, one.members[role]] += 1
        if pairs:
            assert one.relation == [0.0 if negative else 1.0]
            assert set(one.members) == {0, 1}
        else:
            p, k = sampling.positives, sampling.negatives
            assert (positive, negative) == ({*range(1, 1 + p)}, {*range(1 + p, 1 + p + k)})
    assert max(drawn.values(), default=1) == 1  # Distinct for each anchor.
    lacking = {name: totals.get(name, 0) for name in totals if name in REASONS}
    assert totals.get("asked", 0) == len(found) + sum(lacking.values())
    return found, totals


REASONS = (base.NO_POSITIVE, base.TOO_FEW_POSITIVES, base.TOO_FEW_NEGATIVES, base.CAPPED)


def test_pairs_are_as_many_as_asked_or_the_shortfall_is_counted():
    actual, totals = checked(
        SMALL, relation_of("pairs", positives_per_anchor=2, negatives_per_anchor=5)
    )
    # Label 0: 2 positives and 3 negatives for each of 3 anchors, 2 negatives lacking. Label 1: no
    # positive, 5 negatives. Label 2: 1 positive (1 lacking) and 4 negatives (1 lacking) for each.
    assert totals == {
        "asked": 6 * 7,
        "positives_made": 3 * 2 + 2 * 1,
        "negatives_made": 3 * 3 + 5 + 2 * 4,
        "no_positive": 2,
        "too_few_positives": 2,
        "too_few_negatives": 3 * 2 + 2 * 1,
    }
    assert len({(one.anchor, one.members[1]) for one in actual}) == len(actual)


def test_triplets_cycle_positives_but_not_negatives():
    actual, totals = checked(SMALL, relation_of("triplets", triplets_per_anchor=4))
    # Label 0 has 3 negatives, so 3 of 4; label 1 no positive; label 2 one positive, cycled.
    assert len(actual) == 3 * 3 + 2 * 4
    assert totals == {"asked": 24, "no_positive": 4, "too_few_negatives": 3}
    positives = Counter((one.anchor, one.members[1]) for one in actual)
    # Three triplets over the two positives of an anchor of label 0; four over the one of label 2.
    assert sorted(positives.values()) == [1, 1, 1, 2, 2, 2, 4, 4]
    assert all(one.relation == [] for one in actual)


def test_ntuples_hold_distinct_members_and_report_what_is_too_few():
    sampling = {"tuples_per_anchor": 2, "positives_per_tuple": 2, "negatives_per_tuple": 2}
    actual, totals = checked(SMALL, relation_of("ntuples", **sampling))
    # Label 0: two positives, used in both tuples; 3 negatives are one tuple. Label 2 has too few.
    assert len(actual) == 3
    assert totals == {"asked": 12, "no_positive": 2, "too_few_positives": 4, "too_few_negatives": 3}


def test_no_anchor_has_a_positive():
    world = World([frozenset([i]) for i in range(3)])
    actual, totals = checked(world, relation_of("triplets", triplets_per_anchor=2))
    assert (actual, totals) == ([], {"asked": 6, "no_positive": 6})


SETS = st.one_of(
    st.lists(st.integers(0, 4).map(lambda n: frozenset([n])), min_size=1, max_size=25),
    st.lists(st.frozensets(st.integers(0, 5), min_size=1, max_size=3), min_size=1, max_size=20),
)


@st.composite
def worlds(draw_: Any) -> World:
    own = draw_(SETS)
    n = len(own)
    group = draw_(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    frequency = draw_(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, 7.0]), min_size=n, max_size=n))
    return World(own, group, frequency)


NEGATIVES = st.one_of(
    st.just({}),
    st.just({"draw": "groups"}),
    st.just({"draw": "popularity", "feature": "f"}),
    st.sampled_from(["within", "outside"]).map(lambda where: {"group": "g", "where": where}),
    st.sampled_from(["within", "outside"]).map(
        lambda where: {
            "group": "g",
            "where": where,
            "draw": "popularity",
            "feature": "f",
            "alpha": 1.5,
        }
    ),
)
SEEDS = st.integers(0, 2**63 - 1)


@settings(deadline=None, max_examples=150)
@given(worlds(), NEGATIVES, SEEDS, st.integers(0, 4), st.integers(0, 4), st.integers(1, 3))
def test_pairs_are_what_brute_force_allows(world, negatives, seed, p, n, parts):
    assume(p + n and (n or not negatives))
    asked = {"positives_per_anchor": p, "negatives_per_anchor": n, "negatives": negatives}
    relation = relation_of("pairs", seed, **asked)
    actual, totals = checked(world, relation, parts)
    assert len({(one.anchor, one.members[1]) for one in actual}) == len(actual)
    expected = Counter({"asked": len(world) * (p + n)})
    for anchor in range(len(world)):
        positives = len(world.related(anchor))
        expected["no_positive" if not positives else "too_few_positives"] += p - min(p, positives)
        drawn = min(n, world.negatives_possible(anchor, relation.sampling.negative_sampler))
        expected["too_few_negatives"] += n - drawn
        expected["positives_made"] += min(p, positives)
        expected["negatives_made"] += drawn
        mine = Counter(bool(one.probability) for one in actual if one.anchor == anchor)
        assert (mine[False], mine[True]) == (min(p, positives), drawn)
    assert totals == {name: count for name, count in expected.items() if count}


@settings(deadline=None, max_examples=150)
@given(worlds(), NEGATIVES, SEEDS, st.integers(1, 4), st.integers(1, 3), st.integers(1, 3))
def test_tuples_are_what_brute_force_allows(world, negatives, seed, t, p, k):
    if p == k == 1:
        relation = relation_of("triplets", seed, triplets_per_anchor=t, negatives=negatives)
    else:
        sampling = {"tuples_per_anchor": t, "positives_per_tuple": p, "negatives_per_tuple": k}
        relation = relation_of("ntuples", seed, negatives=negatives, **sampling)
    actual, totals = checked(world, relation)
    expected = Counter({"asked": len(world) * t})
    for anchor in range(len(world)):
        positives = len(world.related(anchor))
        drawn = min(t * k, world.negatives_possible(anchor, relation.sampling.negative_sampler))
        mine = [one for one in actual if one.anchor == anchor]
        if positives < p:
            expected["no_positive" if not positives else "too_few_positives"] += t
        else:
            expected["too_few_negatives"] += t - drawn // k
        assert len(mine) == (drawn // k if positives >= p else 0)
        uses = Counter(one.members[role] for one in mine for role in range(1, 1 + p))
        if mine:  # In turn: none is used twice more than another.
            assert max(uses.values()) - min(uses.values()) <= (len(uses) == min(positives, t * p))
            assert len(uses) == min(positives, t * p, len(mine) * p)
    assert totals == {name: count for name, count in expected.items() if count}


def test_parts_of_a_population_draw_what_the_whole_draws(monkeypatch: pytest.MonkeyPatch):
    world = World([frozenset([i % 3]) for i in range(30)], weight=range(30))
    for caps in ({}, {"positives_per_group": 7}, {"positives_per_entity": 2}):
        sampling = {"caps": caps}
        relation = relation_of("triplets", 5, triplets_per_anchor=3, weight="w", **sampling)
        whole = plan_labels(world, relation, 1)
        with monkeypatch.context() as changed:
            changed.setattr(
                base, "chunks", lambda size: (slice(i, i + 1) for i in range(len(size)))
            )
            assert plan_labels(world, relation, 1) == whole
        one, two = (sorted(plan_labels(world, relation, n)[0], key=repr) for n in (1, 2))
        if not caps:
            assert [(m.anchor, m.slot, m.members) for m in one] == [
                (m.anchor, m.slot, m.members) for m in two
            ]


@pytest.mark.parametrize("count", [1, 40])
def test_chunks_hold_about_as_many_members_as_the_budget(count):
    world = World([frozenset([i % 2]) for i in range(2000)])
    sampling = {"tuples_per_anchor": 1, "positives_per_tuple": 2, "negatives_per_tuple": count}
    relation = relation_of("ntuples", **sampling)
    (shard,) = labelled(world, relation, 1)
    sizes = [len(plan.anchor) * len(plan.members) for plan in labels.plans(shard, relation)]
    assert max(sizes) <= 1.5 * base.CHUNK
    assert len(sizes) <= 2 + 2 * sum(sizes) // base.CHUNK


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 3).map(lambda n: frozenset([n])), min_size=1, max_size=25),
    SEEDS,
    st.sampled_from(["pairs", "triplets", "ntuples"]),
    st.dictionaries(
        st.sampled_from(["anchors_per_group", "positives_per_group", "positives_per_entity"]),
        st.integers(1, 8),
        min_size=1,
    ),
    st.integers(1, 3),
)
def test_caps_hold_and_are_counted(own, seed, kind, caps, count):
    world = World(own)
    name = {
        "pairs": "positives_per_anchor",
        "triplets": "triplets_per_anchor",
        "ntuples": "tuples_per_anchor",
    }[kind]
    more = {"positives_per_tuple": 2, "negatives_per_tuple": 1} if kind == "ntuples" else {}
    actual, totals = checked(world, relation_of(kind, seed, caps=caps, **{name: count}, **more))
    of_group: Counter[int] = Counter()
    of_entity: Counter[int] = Counter()
    anchors: dict[int, set[int]] = {}
    for one in actual:
        (label,) = own[one.anchor]
        anchors.setdefault(label, set()).add(one.anchor)
        for role in set(one.members) - set(one.probability) - {0}:
            of_group[label] += 1
            of_entity[one.members[role]] += 1
    assert max(map(len, anchors.values()), default=0) <= caps.get("anchors_per_group", 99)
    assert max(of_group.values(), default=0) <= caps.get("positives_per_group", 99)
    assert max(of_entity.values(), default=0) <= caps.get("positives_per_entity", 99)
    sizes = Counter(label for (label,) in own)
    given_ = {label: min(n, caps.get("anchors_per_group", 99)) for label, n in sizes.items()}
    assert totals["asked"] == sum(given_.values()) * (count + (kind == "pairs"))
    # Who is alone lacks a positive; who has too few others, some; all else is the caps' doing.
    each = 2 if kind == "ntuples" else 1
    reusing = {"positives_per_group", "positives_per_entity"}.isdisjoint(caps) and kind != "pairs"
    few: Counter[str] = Counter()
    for label, n in sizes.items():
        possible = count if reusing and n > each else min(count, (n - 1) // each)
        few["no_positive" if n == 1 else "too_few_positives"] += (count - possible) * given_[label]
    assert totals.get("no_positive", 0) == few["no_positive"]
    assert totals.get("too_few_positives", 0) == few["too_few_positives"]
    if kind == "pairs" and "positives_per_entity" not in caps:
        for label, n in sizes.items():
            wanted = given_[label] * min(count, n - 1)
            made_ = sum(1 for one in actual if not one.probability and own[one.anchor] == {label})
            assert made_ == min(wanted, caps.get("positives_per_group", wanted))


def test_a_cap_on_what_an_entity_serves_as_is_used_up():
    world = World([frozenset([0])] * 12 + [frozenset([1])])
    caps = {"positives_per_entity": 2}
    actual, totals = checked(
        world, relation_of("pairs", 1, caps=caps, positives_per_anchor=6, negatives_per_anchor=0)
    )
    uses = Counter(one.members[1] for one in actual)
    assert set(uses.values()) == {2}
    assert len(actual) == 24
    assert totals == {
        "asked": 78,
        "positives_made": 24,
        "positives_capped": 72 - 24,
        "no_positive": 6,
    }


@pytest.mark.parametrize("balance", [1, 5, 12, 31])
def test_balanced_groups_are_seen_equally_often(balance):
    world = World([frozenset([0])] * 20 + [frozenset([1])] * 6 + [frozenset([2])] * 2)
    relation = relation_of(
        "pairs", 3, balance=balance, positives_per_anchor=1, negatives_per_anchor=1
    )
    actual, totals = checked(world, relation)
    repeats: Counter[int] = Counter()
    for one in actual:
        repeats[one.anchor] += bool(one.probability)
    groups = [range(20), range(20, 26), range(26, 28)]
    # A group of 2 has 26 negatives, one of 20 only 8: an anchor's own turns may be too many.
    assert totals["asked"] == 3 * 2 * balance
    for group in groups:
        each = [repeats[i] for i in group]
        assert sum(each) == balance - sum(max(balance // len(group) + 1 - 26, 0) for _ in [0])
        assert max(each) - min(each) <= 1


@pytest.mark.parametrize(
    ("share", "positives"), [(0.5, 1), (0.3, 2), (0.9, 1), (1.0, 2), (0.07, 1)]
)
def test_the_share_of_positives_holds_on_average(share, positives):
    world = World([frozenset([i % 2]) for i in range(3000)] + [frozenset([2])])
    relation = relation_of("pairs", 3, positives_per_anchor=positives, positive_share=share)
    plans = [plan for shard in labelled(world, relation) for plan in labels.plans(shard, relation)]
    right = sum(plan.counts["positives_made"] for plan in plans)
    wrong = sum(plan.counts["negatives_made"] for plan in plans)
    assert right == 3000 * positives  # The last entity, which is alone, gets no negatives either.
    mean = positives * (1 - share) / share
    rest = mean % 1
    assert abs(wrong - 3000 * mean) <= 4 * (3000 * rest * (1 - rest)) ** 0.5 + 1e-6
    for plan in plans:
        each = np.bincount(np.unique(plan.anchor, return_inverse=True)[1]) - positives
        assert set(each.tolist()) <= {int(mean), int(mean) + 1}


@pytest.mark.parametrize("kind", ["pairs", "triplets", "ntuples"])
def test_tuples_weigh_as_much_as_their_anchor(kind):
    world = World(SMALL.labels, weight=[0.5, 1, 2, 4, 8, 16])
    actual, _ = checked(world, relation_of(kind, weight="w"))
    assert len({one.anchor for one in actual}) >= 5 - (kind == "ntuples") * 5
    assert all(one.weight == world.weight[one.anchor] for one in actual)


def test_negatives_weigh_even_where_no_anchor_has_a_positive():
    world = World([frozenset([i]) for i in range(4)], weight=[1, 2, 3, 4])
    actual, _ = checked(world, relation_of("pairs", weight="w"))
    assert [one.weight for one in actual] == [world.weight[one.anchor] for one in actual]
    assert len(actual) == 4
