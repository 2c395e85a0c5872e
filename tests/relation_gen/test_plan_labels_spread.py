import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
from scipy import stats

from components.common.hashing import Purpose
from components.relation_gen.index import shard as index_shard
from components.relation_gen.sampling import groups, without_replacement
from relation.core import splitmix
from tests.relation_gen.planned import World, close, labelled, made, plan_labels, relation_of


def spread(p: float, counted: dict[int, int], share: dict[int, float]) -> None:
    """Chi-square test of counts against shares."""
    assert set(counted) <= set(share)
    n = sum(counted.values())
    observed = [counted.get(i, 0) for i in share]
    assert stats.chisquare(observed, [n * value for value in share.values()]).pvalue > p


FEW = [frozenset([1 + i % 3]) for i in range(12)]
SEVERAL = [frozenset([1 + i % 3, 1 + i % 4]) for i in range(12)]
MANY = 4000


@pytest.mark.parametrize("own", [FEW, SEVERAL], ids=["one", "several"])
@pytest.mark.parametrize(
    "negatives",
    [
        {},
        {"draw": "groups"},
        {"draw": "popularity", "feature": "f"},
        {"draw": "popularity", "feature": "f", "alpha": 0.0},
        {"group": "g", "where": "within"},
        {"group": "g", "where": "outside"},
        {"group": "g", "where": "outside", "draw": "popularity", "feature": "f"},
    ],
    ids=str,
)
def test_negatives_are_spread_as_declared(own, negatives):
    """Over anchors of two groups, who all may draw the same few others."""
    group = [i % 2 for i in range(MANY)] + [0, 0, 1] * 4
    frequency = [1.0] * MANY + [0.0, *range(1, 12)]
    world = World([frozenset([0])] * MANY + own, group, frequency)
    relation = relation_of(
        "pairs", 3, positives_per_anchor=0, negatives_per_anchor=2, negatives=negatives
    )
    shards = labelled(world, relation, 2)
    found, _ = made(
        [plan for shard in shards for plan in groups.plans(shard, relation)],
        world.entity,
        [shard.population for shard in shards],
    )
    for side in (0, 1):
        share = world.marginal(side, relation.sampling.negative_sampler)
        for slot in (0, 1):
            counted = Counter(
                one.members[1]
                for one in found
                if one.anchor < MANY and one.anchor % 2 == side and one.slot == slot
            )
            assert sum(counted.values()) in (MANY // 2, 0)
            if max(share.values()) <= 0.5:
                spread(1e-4, counted, share)
                assert sum(counted.values()) == MANY // 2


def test_popular_ones_are_drawn_by_the_three_quarter_power_of_their_frequency():
    share = World([frozenset([0])] * 2 + [frozenset([1])] * 2, frequency=[1, 1, 16, 81]).marginal(
        0,
        relation_of(
            "pairs", negatives={"draw": "popularity", "feature": "f"}
        ).sampling.negative_sampler,
    )
    assert share == {2: 8 / 35, 3: 27 / 35}


@pytest.mark.parametrize("own", [FEW, SEVERAL], ids=["one", "several"])
def test_positives_are_spread_evenly(own):
    counts: dict[tuple[int, int], Counter[int]] = {}
    world = World(own)
    for seed in range(1500):
        relation = relation_of("triplets", seed, triplets_per_anchor=2)
        for one in plan_labels(world, relation, 1)[0]:
            counts.setdefault((one.anchor, one.slot), Counter())[one.members[1]] += 1
    tested = [(anchor, slot) for anchor, slot in counts if anchor < 3]
    assert len(tested) == 6
    for anchor, slot in tested:
        related = world.related(anchor)
        spread(1e-4, counts[anchor, slot], dict.fromkeys(related, 1 / len(related)))


def test_draws_of_one_fixed_index_are_uniform():
    """Over anchors: the words alone must do it, without another order for each seed."""
    world = World([frozenset([0])] * MANY)
    relation = relation_of("pairs", positives_per_anchor=3, negatives_per_anchor=0)
    (shard,) = labelled(world, relation, 1)
    for slot in range(3):
        counted: Counter[int] = Counter()
        for plan in groups.plans(shard, relation):
            counted.update((plan.members[1].value[plan.slot == slot] // (MANY // 20)).tolist())
        spread(1e-4, counted, dict.fromkeys(range(20), 1 / 20))


def given_words(monkeypatch: pytest.MonkeyPatch, *slots: tuple[int, int]) -> None:
    """Makes each slot of the negatives of all anchors a word that is mapped to (rank, of size)."""
    word = [min(-(-(rank << 64) // size) + 2**12, 2**64 - 1) for rank, size in slots]
    column = np.array(word, dtype=np.uint64)

    def words(seed: int, purpose: int, key: Any, slot: Any) -> Any:
        if purpose != Purpose.NEGATIVES:
            return splitmix.random_bits(seed, purpose, key, slot)
        return np.broadcast_to(column[slot], np.broadcast_shapes(key.shape, slot.shape))

    monkeypatch.setattr(without_replacement, "random_bits", words)


def test_stated_probability_is_the_exact_marginal_of_all_words(monkeypatch: pytest.MonkeyPatch):
    """All draws that words can give, each once: every slot takes each negative equally often."""
    world = World([frozenset([0])] * 2 + [frozenset([1])] * 3)
    relation = relation_of("pairs", positives_per_anchor=0, negatives_per_anchor=2)
    counts: Counter[tuple[int, int]] = Counter()
    for a, b in itertools.product(range(3), range(2)):
        given_words(monkeypatch, (a, 3), (b, 2))
        for one in plan_labels(world, relation)[0]:
            if one.anchor == 0:
                assert one.probability[1] == np.float32(1 / 3)
                counts[one.slot, one.members[1]] += 1
    assert counts == {(slot, negative): 2 for slot in (0, 1) for negative in (2, 3, 4)}


def test_stated_probability_is_the_share_of_the_line(monkeypatch: pytest.MonkeyPatch):
    """All points where a line may begin, each once: each entity is met as often as it weighs."""
    monkeypatch.setattr(index_shard, "FREQUENCY_UNIT", 1)
    world = World([frozenset([0])] * 2 + [frozenset([1])] * 5, frequency=[3, 0, 1, 2, 0, 4, 3])
    negatives = {"draw": "popularity", "feature": "f", "alpha": 1.0}
    relation = relation_of(
        "pairs", positives_per_anchor=0, negatives_per_anchor=2, negatives=negatives
    )
    counts: Counter[tuple[int, int]] = Counter()
    for start in range(10):
        given_words(monkeypatch, (start, 10))
        for one in plan_labels(world, relation)[0]:
            if one.anchor == 0:
                counts[one.slot, one.members[1]] += 1
                assert close(one.probability[1], world.frequency[one.members[1]] / 10)
    assert counts == {(slot, i): world.frequency[i] for slot in (0, 1) for i in (2, 3, 5, 6)}


@pytest.mark.parametrize("negatives", [{}, {"draw": "groups"}], ids=str)
def test_one_more_entity_changes_few_draws_of_the_others(negatives, record_property):
    """Of 2000 anchors: positives change where the label is the same, negatives at a third.

    A draw is a rank among all others. With one more of them, a word is scaled to another rank with
    a probability equal to itself, and a rank is of another entity beyond the new one; either, not
    both, changes the draw: for a place t in [0, 1] of the new entity t²/2 + (1 - t)²/2 of them,
    between a quarter and a half.
    """
    rng = np.random.default_rng(0)
    own = [frozenset([int(label)]) for label in rng.integers(0, 20, 2000)]
    before, after = (
        {
            (one.anchor, one.slot): (one.members[1], one.members[2])
            for one in plan_labels(
                World(entities),
                relation_of("triplets", 1, triplets_per_anchor=3, negatives=negatives),
                1,
            )[0]
        }
        for entities in (own, [*own, frozenset([7])])
    )
    assert len(after) == len(before) + 3
    same_label = [key for key in before if own[key[0]] == {7}]
    others = [key for key in before if own[key[0]] != {7}]
    positives = sum(before[key][0] != after[key][0] for key in others)
    negatives_ = sum(before[key][1] != after[key][1] for key in others) / len(others)
    within = sum(before[key] != after[key] for key in same_label) / len(same_label)
    record_property("changed", f"negatives {negatives_:.3f}, positives in the label {within:.3f}")
    print(f"{negatives}: negatives changed {negatives_:.3f}; tuples of the label {within:.3f}")
    assert positives == 0
    assert negatives_ <= 0.52
    assert within <= 0.52
