import itertools
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from components.relation_gen import draw


def word(rank: int, size: int) -> int:
    """A word that is mapped to `rank` of `size`."""
    return -(-(rank << 64) // size)


def ranks(rows: list[list[int]], available: int) -> np.ndarray:
    """Words, [slots, n], that are mapped to the given ranks, [n, slots]."""
    return np.array(
        [[word(rank, available - slot) for slot, rank in enumerate(row)] for row in rows],
        dtype=np.uint64,
    ).T


def test_ranks_are_shifted_past_earlier_draws():
    found = draw.distinct(ranks([[2, 2, 0]], 5), np.array([5]))
    assert found[:, 0].tolist() == [2, 3, 0]


def test_each_slot_alone_is_exactly_uniform():
    available, slots = 5, 3
    choices = [range(available - slot) for slot in range(slots)]
    rows = [list(row) for row in itertools.product(*choices)]
    found = draw.distinct(ranks(rows, available), np.full(len(rows), available))
    for slot in range(slots):
        assert Counter(found[slot].tolist()) == {n: len(rows) // available for n in range(5)}
    assert Counter(map(tuple, found.T.tolist())) == Counter(itertools.permutations(range(5), 3))


@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=8),
    st.integers(0, 9),
    st.integers(0, 2**32),
)
def test_draws_are_distinct_and_within_bounds(available, slots, seed):
    words = np.random.default_rng(seed).integers(0, 2**64, (slots, len(available)), dtype=np.uint64)
    found = draw.distinct(words, np.array(available))
    assert found.shape == words.shape
    for column, limit in zip(found.T.tolist(), available, strict=True):
        drawn = [value for value in column if value >= 0]
        assert len(drawn) == min(slots, limit) == len(set(drawn))
        assert all(value < limit for value in drawn)
        assert column[len(drawn) :] == [-1] * (slots - len(drawn))


@given(st.integers(1, 30), st.data())
def test_skip_reaches_exactly_the_complement_of_the_block(total, data):
    start = data.draw(st.integers(0, total))
    end = data.draw(st.integers(start, total))
    drawn = np.arange(total - (end - start))
    found = draw.skip(drawn, np.array(start), np.array(end))
    assert found.tolist() == [n for n in range(total) if not start <= n < end]


def test_skip_leaves_what_was_not_drawn():
    assert draw.skip(np.array([-1]), np.array([0]), np.array([3])).tolist() == [-1]
