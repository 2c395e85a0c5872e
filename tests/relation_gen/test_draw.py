import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from components.relation_gen.sampling import ranges, without_replacement

KEYS = np.arange(1, 40_001, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def word(rank: int, size: int) -> int:
    """A word that is mapped to `rank` of `size`."""
    return min(-(-(rank << 64) // size) + (1 << 12), 2**64 - 1)


def ranks(rows: list[list[int]], available: int) -> np.ndarray:
    """Words, [slots, n], that are mapped to the given ranks, [n, slots]."""
    return np.array(
        [[word(rank, available - slot) for slot, rank in enumerate(row)] for row in rows],
        dtype=np.uint64,
    ).T


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def by_row(drawn: without_replacement.Drawn, rows: int) -> list[list[int]]:
    """The values of each row, by slot."""
    found: list[list[int]] = [[] for _ in range(rows)]
    assert (np.diff(drawn.row) >= 0).all()
    for row, slot, value in zip(*(column.tolist() for column in drawn), strict=True):
        assert slot == len(found[row])
        found[row].append(value)
    return found


def test_ranks_are_shifted_past_earlier_draws():
    actual = without_replacement.sample_without_replacement(ranks([[2, 2, 0]], 5), ints(5))
    assert actual[:, 0].tolist() == [2, 3, 0]


def test_all_words_together_draw_each_sequence_once():
    available, slots = 5, 3
    rows = [list(row) for row in itertools.product(range(5), range(4), range(3))]
    actual = without_replacement.sample_without_replacement(
        ranks(rows, available), np.full(len(rows), available)
    )
    for slot in range(slots):
        assert Counter(actual[slot].tolist()) == {n: len(rows) // available for n in range(5)}
    assert Counter(map(tuple, actual.T.tolist())) == Counter(itertools.permutations(range(5), 3))


@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=8), st.integers(0, 9), st.integers(0, 2**32)
)
def test_by_rank_leaves_slots_empty_when_nothing_is_left(available, slots, seed):
    bits = np.random.default_rng(seed).integers(0, 2**64, (slots, len(available)), dtype=np.uint64)
    actual = without_replacement.sample_without_replacement(bits, np.array(available))
    assert actual.shape == bits.shape
    for column, limit in zip(actual.T.tolist(), available, strict=True):
        drawn = [value for value in column if value >= 0]
        assert len(drawn) == min(slots, limit) == len(set(drawn))
        assert all(value < limit for value in drawn)
        assert column[len(drawn) :] == [-1] * (slots - len(drawn))


COUNTS = st.one_of(st.integers(0, 6), st.sampled_from([15, 16, 17, 40, 63, 64, 65, 66, 150]))


@settings(deadline=None)
@given(
    st.lists(st.tuples(COUNTS, st.one_of(COUNTS, st.integers(0, 900))), max_size=12),
    st.integers(0, 2**63 - 1),
)
def test_draws_are_distinct_within_bounds_and_functions_of_the_key_alone(asked, seed):
    key = KEYS[: len(asked)]
    count, available = (np.array([row[i] for row in asked], dtype=np.int64) for i in (0, 1))
    actual = by_row(without_replacement.distinct(seed, 3, key, count, available), len(asked))
    for (wanted, limit), drawn in zip(asked, actual, strict=True):
        assert len(drawn) == len(set(drawn)) == min(wanted, limit)
        assert all(0 <= value < limit for value in drawn)
    for part in (slice(0, len(asked), 2), slice(1, 2), slice(None, None, -1)):
        some = by_row(
            without_replacement.distinct(seed, 3, key[part], count[part], available[part]),
            len(key[part]),
        )
        assert some == actual[part]


@pytest.mark.parametrize(
    ("count", "available"),
    [(1, 7), (3, 3), (5, 11), (16, 20), (16, 100_000), (17, 20), (64, 64), (70, 100), (70, 5000)],
)
def test_each_slot_is_uniform(count, available):
    n = 40_000 if count < 17 else 8000
    drawn = without_replacement.distinct(5, 1, KEYS[:n], np.full(n, count), np.full(n, available))
    bins = min(available, 100)
    share = np.diff(-(-np.arange(bins + 1) * available // bins)) / available
    for slot in {0, 1, count // 2, count - 1} & set(range(count)):
        value = drawn.value[drawn.slot == slot]
        assert len(value) == n
        counted = np.bincount(value * bins // available, minlength=bins)
        assert stats.chisquare(counted, n * share).pvalue > 1e-4


def test_each_slot_is_uniform_where_rows_ask_for_different_numbers():
    n = 40_000
    count = np.arange(n) % 20
    available = np.where(np.arange(n) // 20 % 2 == 0, 23, 1000)
    drawn = without_replacement.distinct(6, 1, KEYS[:n], count, available)
    for size in (23, 1000):
        for slot in (0, 9, 16, 18):
            value = drawn.value[(available[drawn.row] == size) & (drawn.slot == slot)]
            assert len(value) == n // 2 // 20 * (19 - slot)
            counted = np.bincount(value * 23 // size, minlength=23)
            share = np.diff(-(-np.arange(24) * size // 23)) / size
            assert stats.chisquare(counted, len(value) * share).pvalue > 1e-4


def test_numbers_are_drawn_on_until_enough_are_different():
    n, count, available = 3000, 65, 70
    actual = without_replacement._sifted(8, 1, KEYS[:n], count, np.full(n, available))
    assert all(len(set(row)) == count for row in actual.tolist())
    for slot in (0, 40, 64):
        counted = np.bincount(actual[:, slot], minlength=available)
        assert stats.chisquare(counted).pvalue > 1e-4


def test_many_draws_stay_within_the_bounds_of_their_own_row():
    n = 4000
    available = np.where(np.arange(n) % 2, 70, 200)
    drawn = without_replacement.distinct(5, 1, KEYS[:n], np.full(n, 66), available)
    assert (drawn.value < available[drawn.row]).all()
    assert len(np.unique(drawn.row * 1000 + drawn.value)) == n * 66


@pytest.mark.parametrize(("count", "available"), [(2, 5), (17, 20), (70, 72)])
def test_two_slots_are_independent_but_for_being_distinct(count, available):
    n = 40_000 if count < 17 else 20_000
    drawn = without_replacement.distinct(7, 1, KEYS[:n], np.full(n, count), np.full(n, available))
    first, last = (drawn.value[drawn.slot == slot] for slot in (0, count - 1))
    counted = np.zeros((available, available))
    np.add.at(counted, (first, last), 1)
    off = ~np.eye(available, dtype=bool)
    assert counted[~off].sum() == 0
    assert stats.chisquare(counted[off]).pvalue > 1e-4


def test_another_seed_purpose_or_key_draws_others():
    def drawn(seed: int, purpose: int, key: np.ndarray) -> list[int]:
        actual = without_replacement.distinct(
            seed, purpose, key, np.full(len(key), 2), np.full(len(key), 10**9)
        )
        return actual.value.tolist()

    actual = [drawn(1, 1, KEYS[:3]), drawn(2, 1, KEYS[:3]), drawn(1, 2, KEYS[:3])]
    actual.append(drawn(1, 1, KEYS[3:6]))
    assert len({value for values in actual for value in values}) == 24


def test_nothing_to_draw():
    for count, available in (((), ()), ((0, 0), (3, 9)), ((4, 5), (0, 0))):
        actual = without_replacement.distinct(
            1, 1, KEYS[: len(count)], ints(*count), ints(*available)
        )
        assert [column.tolist() for column in actual] == [[], [], []]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 500)), max_size=8), st.integers(0, 99))
def test_spaced_points_are_a_step_apart_around_the_line(asked, seed):
    asked = [(min(count, length), length) for count, length in asked]
    count, length = (np.array([row[i] for row in asked], dtype=np.int64) for i in (0, 1))
    drawn = without_replacement.systematic_sample(seed, 1, KEYS[: len(asked)], count, length)
    for (wanted, size), points in zip(asked, by_row(drawn, len(asked)), strict=True):
        assert len(points) == wanted
        assert all(0 <= point < size for point in points)
        for one, other in itertools.combinations(points, 2):
            apart = abs(one - other)
            assert min(apart, size - apart) >= size // wanted


def test_spaced_points_hit_a_stretch_in_proportion_to_its_width_and_never_twice():
    width = ints(0, 5, 1, 12, 0, 20, 7, 15)  # 60 in all; three draws, so that 20 is the most.
    ends = np.cumsum(width)
    n = 40_000
    drawn = without_replacement.systematic_sample(9, 2, KEYS[:n], np.full(n, 3), np.full(n, 60))
    hit = np.searchsorted(ends, drawn.value, side="right")
    for slot in range(3):
        counted = np.bincount(hit[drawn.slot == slot], minlength=len(width))
        present = width > 0
        assert (counted[~present] == 0).all()
        assert stats.chisquare(counted[present], n * width[present] / 60).pvalue > 1e-4
    assert len(np.unique(drawn.row * len(width) + hit)) == 3 * n


def test_spaced_takes_lines_longer_than_a_float_can_count():
    n, length = 20_000, 2**62 - 1
    drawn = without_replacement.systematic_sample(9, 2, KEYS[:n], np.full(n, 2), np.full(n, length))
    assert ((drawn.value >= 0) & (drawn.value < length)).all()
    for slot in (0, 1):
        counted = np.bincount(drawn.value[drawn.slot == slot] // (length // 16 + 1), minlength=16)
        assert stats.chisquare(counted).pvalue > 1e-4
    assert len(np.unique(drawn.value % 1024)) == 1024  # The low bits are random, too.


@given(st.data())
def test_a_gap_reaches_exactly_the_places_beside_it(data):
    low, start, end, high = sorted(data.draw(st.integers(0, 40)) for _ in range(4))
    gap = ranges.Gap(ints(7, low), ints(7, high), ints(7, start), ints(7, end))
    allowed = [n for n in range(low, high) if not start <= n < end]
    assert gap.size().tolist() == [0, len(allowed)]
    row = np.ones(len(allowed), dtype=np.int64)
    assert gap.position(row, np.arange(len(allowed))).tolist() == allowed


RANGES = st.lists(st.integers(0, 30), max_size=10).map(
    lambda cuts: [tuple(pair) for pair in zip(*[iter(sorted(cuts))] * 2, strict=False)]
)
"""Disjoint ranges of [0, 30), in order; some are empty, some touch."""


def union_of(rows: list[list[tuple[int, int]]]) -> ranges.Union:
    start, end = (np.array([r[i] for row in rows for r in row], dtype=np.int64) for i in (0, 1))
    return ranges.Union(start, end, np.cumsum([0, *map(len, rows)]))


@given(st.lists(RANGES, min_size=1, max_size=5))
def test_a_union_reaches_exactly_its_places_and_tells_their_ranks(rows):
    union = union_of(rows)
    places = [[n for start, end in row for n in range(start, end)] for row in rows]
    assert union.size().tolist() == [len(row) for row in places]
    for i, allowed in enumerate(places):
        row = np.full(len(allowed), i)
        assert union.position(row, np.arange(len(allowed))).tolist() == allowed
        assert union.rank(row, np.array(allowed, dtype=np.int64)).tolist() == [*range(len(allowed))]
    of = np.array([len(rows) - 1, 0, 0])
    chosen = ranges.Chosen(union, of)
    assert chosen.size().tolist() == [len(places[i]) for i in of]
    for i, at in enumerate(of.tolist()):
        row = np.full(len(places[at]), i)
        assert chosen.position(row, np.arange(len(row))).tolist() == places[at]


@given(st.lists(RANGES, min_size=1, max_size=5), st.data())
def test_outside_reaches_exactly_the_places_beside_the_ranges(rows, data):
    low = [data.draw(st.integers(0, min([start for start, _ in row] or [30]))) for row in rows]
    high = [
        data.draw(st.integers(max([end for _, end in row] or [low[i]]), 45))
        for i, row in enumerate(rows)
    ]
    given_ = union_of(rows)
    actual = ranges.Union.outside(given_.start, given_.end, given_.bounds, ints(*low), ints(*high))
    for i, row in enumerate(rows):
        taken = {n for start, end in row for n in range(start, end)}
        allowed = [n for n in range(low[i], high[i]) if n not in taken]
        assert actual.size()[i] == len(allowed)
        row = np.full(len(allowed), i)
        assert actual.position(row, np.arange(len(allowed))).tolist() == allowed
