import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.common.example_wire import joined
from components.relation_gen.batches import (
    Edges,
    FilteredEdges,
    Indexed,
    IndexShard,
    ListedNegatives,
    MemberRequests,
)
from components.relation_gen.context import Context
from components.relation_gen.index.shard import UNIT, populate, weigh
from components.relation_gen.transforms.build_index import BuildIndex
from components.relation_gen.transforms.gather import bunches
from relation.core.errors import DataError
from relation.sampling import Negatives
from tests.relation_gen.helpers_cases import recipe, schema


def indexed(blocks: list[int], numbers: list[list[float]] | None = None) -> Indexed:
    n = len(blocks)
    return Indexed(
        np.arange(100, 100 + n, dtype=np.uint64),
        np.array(blocks, dtype=np.uint64),
        np.array(blocks, dtype=np.uint64) * np.uint64(10),
        np.array(
            numbers if numbers is not None else [[i, -i] for i in range(n)], dtype=float
        ).reshape(-1),
    )


# Blocks 0 × 3, 1 × 1, 2 × 2; the numbers are worked out by hand in the tests.
SMALL = [0, 2, 0, 1, 2, 0]


def test_blocks_follow_each_other():
    shard = populate(indexed(SMALL), 7)
    assert shard.group.tolist() == [0, 0, 0, 1, 2, 2]
    assert shard.start.tolist() == [0, 0, 0, 3, 4, 4]
    assert shard.end.tolist() == [3, 3, 3, 4, 6, 6]
    assert shard.position.tolist() == [0, 1, 2, 3, 4, 5]
    assert shard.rank.tolist() == [0, 1, 2, 0, 0, 1]
    assert (shard.top_weights(1), shard.weight) == ([], 6)
    rows = (shard.key - np.uint64(100)).astype(int)
    assert shard.negatives_group.tolist() == [SMALL[i] * 10 for i in rows]
    assert shard.number(0).tolist() == rows.tolist()
    assert shard.number(1).tolist() == (-rows).tolist()


@given(st.permutations(range(12)), st.integers(0, 2**63 - 1))
def test_the_order_depends_on_the_seed_but_not_on_that_of_the_rows(order, seed):
    all_ = indexed([i % 3 for i in range(12)])
    rows = np.array(order)
    numbers = all_.numbers.reshape(12, 2)[rows].reshape(-1)
    shuffled = Indexed(all_.key[rows], all_.group[rows], all_.negatives_group[rows], numbers)
    one, other = populate(all_, seed), populate(shuffled, seed)
    for name in ("key", "group", "negatives_group", "numbers", "start", "end"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_within_a_block_the_seed_orders():
    orders = {tuple(populate(indexed([0] * 6), seed).key.tolist()) for seed in range(50)}
    assert len(orders) > 40


def test_grades_order_within_a_block_before_the_seed():
    grades = [3.0, 1.0, 2.0, 5.0, 1.0, 0.0]
    shard = populate(indexed([0, 0, 0, 1, 1, 1], [[0.0, g] for g in grades]), 5, 1)
    assert shard.number(1).tolist() == [1, 2, 3, 0, 1, 5]


@pytest.mark.parametrize("grade", [None, 0])
def test_no_entities(grade):
    none = np.zeros(0, dtype=np.uint64)
    shard = populate(Indexed(none, none, none, np.zeros(0)), 1, grade)
    assert (len(shard.key), shard.weight, shard.top_weights(1)) == (0, 0, [])
    assert shard.number(0).tolist() == []
    for negatives in (Negatives(draw="groups"), Negatives(draw="popularity")):
        assert weigh(shard, negatives, np.zeros(0)).weight == 0


def weights(shard: IndexShard) -> list[int]:
    return np.diff(shard.cumulative_weight).tolist()


def test_uniform_negatives_need_no_weights():
    shard = populate(indexed(SMALL), 7)
    assert weigh(shard, Negatives(), None) is shard


def test_groups_weigh_the_same_whatever_their_size():
    shard = weigh(populate(indexed(SMALL), 7), Negatives(draw="groups"), None)
    assert weights(shard) == [UNIT // 3] * 3 + [UNIT] + [UNIT // 2] * 2
    assert (shard.top_weights(1)[0][0], shard.weight) == (UNIT, 3 * UNIT)
    assert shard.cumulative_weight[0] == 0


@pytest.mark.parametrize(
    ("alpha", "expected"),
    [
        (0.75, [0, 1, 8, 27, 0, 0]),
        (1.0, [0, 1, 16, 81, 0, 0]),
        (0.0, [0, 1, 1, 1, 0, 0]),
        (0.5, [0, 1, 4, 9, 0, 0]),
    ],
)
def test_popularity_is_a_power_of_frequency_and_what_never_occurs_weighs_nothing(alpha, expected):
    shard = populate(indexed(SMALL), 7)
    frequency = np.array([0.0, 1.0, 16.0, 81.0, -4.0, np.nan])
    shard = weigh(shard, Negatives(draw="popularity", alpha=alpha), frequency)
    assert weights(shard) == [2**20 * value for value in expected]
    assert shard.top_weights(1)[0][0] == 2**20 * max(expected)


@pytest.mark.parametrize("frequency", [1e30, 1e300, np.inf])
def test_frequencies_too_large_to_be_counted_are_refused(frequency):
    shard = populate(indexed(SMALL), 7)
    with pytest.raises(DataError, match=r"frequency .*; expected at most"):
        weigh(shard, Negatives(draw="popularity"), np.array([1.0, 1, 1, 1, 1, frequency]))


@pytest.mark.parametrize(
    ("alpha", "frequency", "least"),
    # Half of 2^-20 is the least weight that rounds to 1: 2^-21, and (2^-21)^2 = 2^-42.
    [(1.0, 4e-7, "4.76837e-07"), (0.5, 2e-13, "2.27374e-13")],
)
def test_frequencies_too_small_to_be_drawn_are_refused(alpha, frequency, least):
    shard = populate(indexed(SMALL), 7)
    negatives = Negatives(draw="popularity", alpha=alpha)
    with pytest.raises(DataError, match=rf"frequency of {frequency:g}; .* more than {least}: "):
        weigh(shard, negatives, np.array([1.0, 1, 0, 1, 1, frequency]))
    enough = weigh(shard, negatives, np.array([1.0, 1, 0, 1, 1, 1.2 * frequency]))
    assert weights(enough)[-1] == 1


def test_a_shard_without_entities_makes_nothing_unless_edges_name_some():
    """No data bring this about: edges are joined with the entities first."""
    parts = {kind: [] for kind in (Edges, ListedNegatives, FilteredEdges)}
    step = BuildIndex(context=None)
    assert list(step._without_entities("train", parts)) == []
    for kind in parts:
        with pytest.raises(RuntimeError, match="split 'train': edges name entities"):
            list(step._without_entities("train", parts | {kind: [object()]}))


def test_counts_of_a_shard(tmp_path):
    """Of three groups with 3, 1 and 2 rows, five rows have another of their group."""
    loaded = recipe(
        tmp_path,
        "{type: triplets, source: {type: same_label, feature: kind}, sampling: {weight: w}}",
        {"item": schema(id=bytes, kind=bytes, w=float)},
    )
    context = Context.of(loaded.compiled, loaded.schemas, [], ["train"], [1], "/nowhere", None)
    shard = populate(indexed(SMALL, [[0.5], [0.0], [2.0], [1.0], [0.0], [3.0]]), 7)
    labels = {group: (0, joined([name])) for group, name in enumerate([b"a", b"b", b"c"])}
    total = BuildIndex(context)._total("train", 2, shard, labels, None)
    assert (total.split, total.shard, total.rows, total.total_weight) == ("train", 2, 6, 6)
    assert (total.groups, total.related, total.weighing) == (3, 5, 4)
    assert len(total.label_sets) == len(total.top_weights) == 0


def test_requests_are_joined_to_batches_of_about_a_size():
    def requests(sizes):
        start = 0
        for size in sizes:
            anchor = np.arange(start, start + size, dtype=np.uint64)
            start += size
            role = np.zeros(size, dtype=np.uint8)
            yield MemberRequests(anchor, anchor.astype(np.uint32), role, anchor, anchor * np.nan)

    sizes = [3, 3, 1, 9, 5, 2]
    batches = list(bunches(requests(sizes), 5))
    assert [len(batch.anchor) for batch in batches] == [6, 10, 5, 2]
    assert np.concatenate([batch.anchor for batch in batches]).tolist() == list(range(sum(sizes)))
    assert list(bunches([], 5)) == []
