import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from components.relation_gen import plan
from relation.recipe import PairSampling, TripletSampling


def index_of(labels: list[int], seed: int = 0) -> tuple[plan.Anchors, dict[int, int]]:
    """The dense index of entities 100, 101, … with these labels; and the label of each key."""
    key = np.arange(100, 100 + len(labels), dtype=np.uint64)
    anchors = plan.dense_index(key, np.array(labels, dtype=np.uint64), seed)
    return anchors, dict(zip(key.tolist(), labels, strict=True))


def members(anchors: plan.Anchors, made: plan.Plan) -> list[dict[str, int]]:
    """The keys of each tuple's members, by role."""
    columns = {role: anchors.key[at].tolist() for role, at in made.positions.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


# Labels 0 × 3, 1 × 1, 2 × 2; the numbers are worked out by hand in the tests.
SMALL = [0, 2, 0, 1, 2, 0]


def test_dense_index_makes_blocks_of_labels():
    anchors, label = index_of(SMALL)
    assert [label[key] for key in anchors.key.tolist()] == [0, 0, 0, 1, 2, 2]
    assert anchors.position.tolist() == [0, 1, 2, 3, 4, 5]
    assert anchors.start.tolist() == [0, 0, 0, 3, 4, 4]
    assert anchors.end.tolist() == [3, 3, 3, 4, 6, 6]


def test_dense_index_does_not_depend_on_order_but_on_the_seed():
    key = np.arange(50, dtype=np.uint64)
    label = key % np.uint64(2)
    order = np.random.default_rng(0).permutation(50)
    one = plan.dense_index(key, label, 1)
    assert np.array_equal(one.key, plan.dense_index(key[order], label[order], 1).key)
    assert not np.array_equal(one.key, plan.dense_index(key, label, 2).key)


def test_pairs_are_as_many_as_asked_or_the_shortfall_is_counted():
    anchors, label = index_of(SMALL)
    sampling = PairSampling(positives_per_anchor=2, negatives_per_anchor=5)
    made = plan.plan_pairs(anchors, 6, 1, sampling)
    # Label 0: 2 positives and 3 negatives for each of 3 anchors, 2 negatives lacking. Label 1: no
    # positive, 5 negatives. Label 2: 1 positive (1 lacking) and 4 negatives (1 lacking) for each.
    assert int((made.relation == 1).sum()) == 3 * 2 + 2 * 1
    assert int((made.relation == 0).sum()) == 3 * 3 + 5 + 2 * 4
    assert made.shortfall == {
        "no_positive": 2,
        "too_few_positives": 2,
        "too_few_negatives": 3 * 2 + 2 * 1,
    }
    found = members(anchors, made)
    for pair, relation in zip(found, made.relation.tolist(), strict=True):
        assert pair["left"] != pair["right"]
        assert (label[pair["left"]] == label[pair["right"]]) == (relation == 1)
    assert len({(pair["left"], pair["right"]) for pair in found}) == len(found)
    slots = zip(made.anchor.tolist(), made.slot.tolist(), strict=True)
    assert len(set(slots)) == len(found)


def test_probability_is_one_over_the_entities_of_other_labels():
    anchors, label = index_of(SMALL)
    made = plan.plan_pairs(anchors, 6, 1, PairSampling())
    expected = {0: 1 / 3, 1: 1 / 5, 2: 1 / 4}
    for pair, relation, probability in zip(
        members(anchors, made), made.relation.tolist(), made.probability.tolist(), strict=True
    ):
        if relation:
            assert np.isnan(probability)
        else:
            assert probability == np.float32(expected[label[pair["left"]]])


def test_triplets_cycle_positives_but_not_negatives():
    anchors, label = index_of(SMALL)
    made = plan.plan_triplets(anchors, 6, 1, TripletSampling(triplets_per_anchor=4))
    # Label 0 has 3 negatives, so 3 of 4; label 1 no positive; label 2 one positive, cycled.
    assert len(made.anchor) == 3 * 3 + 2 * 4
    assert made.shortfall == {"no_positive": 4, "too_few_negatives": 3}
    assert np.isnan(made.relation).all()
    found = members(anchors, made)
    for one in found:
        assert label[one["anchor"]] == label[one["positive"]] != label[one["negative"]]
        assert one["anchor"] != one["positive"]
    assert len({(one["anchor"], one["negative"]) for one in found}) == len(found)
    positives = Counter((one["anchor"], one["positive"]) for one in found)
    # Three triplets over the two positives of an anchor of label 0; four over the one of label 2.
    assert sorted(positives.values()) == [1, 1, 1, 2, 2, 2, 4, 4]


def test_no_anchor_has_a_positive():
    anchors, _ = index_of([0, 1, 2])
    made = plan.plan_triplets(anchors, 3, 1, TripletSampling(triplets_per_anchor=2))
    assert len(made.anchor) == 0
    assert made.shortfall == {"no_positive": 6, "too_few_negatives": 0}


def test_no_anchors_at_all():
    anchors = index_of([0, 1])[0].slice(0, 0)
    assert len(plan.plan_triplets(anchors, 2, 1, TripletSampling()).anchor) == 0
    assert len(plan.plan_pairs(anchors, 2, 1, PairSampling()).anchor) == 0


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=25),
    st.integers(0, 2**63 - 1),
    st.integers(0, 4),
    st.integers(0, 4),
)
def test_a_pair_is_never_a_false_one(labels, seed, positives, negatives):
    assume(positives + negatives)
    anchors, label = index_of(labels, seed)
    sampling = PairSampling(positives_per_anchor=positives, negatives_per_anchor=negatives)
    made = plan.plan_pairs(anchors, len(labels), seed, sampling)
    found = members(anchors, made)
    for pair, relation in zip(found, made.relation.tolist(), strict=True):
        assert pair["left"] != pair["right"]
        assert (label[pair["left"]] == label[pair["right"]]) == (relation == 1)
    assert len({(pair["left"], pair["right"]) for pair in found}) == len(found)
    asked = len(labels) * (positives + negatives)
    assert len(found) + sum(made.shortfall.values()) == asked


def test_slices_of_anchors_draw_what_the_whole_draws():
    anchors, _ = index_of([0, 1, 2] * 10)
    sampling = TripletSampling(triplets_per_anchor=3)
    whole = plan.plan_triplets(anchors, 30, 5, sampling)
    parts = [
        plan.plan_triplets(anchors.slice(at, at + 7), 30, 5, sampling) for at in range(0, 30, 7)
    ]
    rows = Counter(zip(whole.anchor.tolist(), whole.positions["negative"].tolist(), strict=True))
    assert rows == Counter(
        pair
        for part in parts
        for pair in zip(part.anchor.tolist(), part.positions["negative"].tolist(), strict=True)
    )


def test_stated_probability_is_the_exact_marginal(monkeypatch: pytest.MonkeyPatch):
    """All draws that words can give, each once: every slot takes each negative equally often."""
    anchors, _ = index_of([0, 0, 1, 1, 1])
    rows = list(itertools.product(range(3), range(2)))
    words = np.array([[-(-(a << 64) // 3), -(-(b << 64) // 2)] for a, b in rows], dtype=np.uint64)
    monkeypatch.setattr(plan, "words", lambda *given: words.T[: len(given[-1])])
    same = np.zeros(len(rows), dtype=int)
    repeated = plan.Anchors(
        anchors.key[same], anchors.position[same], anchors.start[same], anchors.end[same]
    )
    sampling = PairSampling(positives_per_anchor=0, negatives_per_anchor=2)
    made = plan.plan_pairs(repeated, 5, 0, sampling)
    assert set(made.probability.tolist()) == {np.float32(1 / 3)}
    for slot in (0, 1):
        right = made.positions["right"][made.slot == slot]
        assert Counter(right.tolist()) == {2: 2, 3: 2, 4: 2}


@pytest.mark.parametrize("role", ["positive", "negative"])
def test_draws_are_uniform(role: str):
    labels = [0] * 12 + [1] * 9 + [2] * 5
    counts = {slot: Counter[int]() for slot in range(3)}
    for seed in range(1000):
        anchors, _ = index_of(labels, seed)
        at = int(np.flatnonzero(anchors.key == 100)[0])
        made = plan.plan_triplets(
            anchors.slice(at, at + 1), len(labels), seed, TripletSampling(triplets_per_anchor=3)
        )
        for slot, key in enumerate(anchors.key[made.positions[role]].tolist()):
            counts[slot][key] += 1
    expected = set(range(101, 112)) if role == "positive" else set(range(112, 126))
    for counted in counts.values():
        assert set(counted) == expected
        assert stats.chisquare(list(counted.values())).pvalue > 0.001


def test_draws_of_one_fixed_index_are_uniform():
    """As above, over anchors: the words alone must do it, without another order for each seed."""
    anchors, _ = index_of([0] * 4000 + [1] * 20)
    sampling = PairSampling(positives_per_anchor=0, negatives_per_anchor=4)
    made = plan.plan_pairs(anchors, 4020, 3, sampling)
    left = made.positions["left"] < 4000
    for slot in range(4):
        right = made.positions["right"][left & (made.slot == slot)]
        assert stats.chisquare(np.bincount(right - 4000, minlength=20)).pvalue > 0.001


def test_another_seed_draws_others():
    anchors, _ = index_of([0, 1] * 20)
    one, other = (plan.plan_triplets(anchors, 40, seed, TripletSampling()) for seed in (1, 2))
    assert not np.array_equal(one.positions["negative"], other.positions["negative"])
    assert not np.array_equal(one.positions["positive"], other.positions["positive"])
