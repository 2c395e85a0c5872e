from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from components.common.columns import Strings
from components.relation_gen.batches import ListedNegatives
from components.relation_gen.sampling import listed_negatives as plan
from components.relation_gen.sampling.ranges import Union
from tests.relation_gen.planned import key_of

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=25, unique=True)


def rows(pairs):
    """Rows whose probability tells which they are."""
    none = np.zeros(0, dtype=np.int64)
    return ListedNegatives(
        np.array([key_of(100 + left) for left, _ in pairs], dtype=np.uint64),
        np.array([key_of(right) for _, right in pairs], dtype=np.uint64),
        np.zeros(len(pairs), dtype=np.uint8),
        np.zeros(len(pairs), dtype=np.uint64),
        np.array([(10 * left + right + 1) / 64 for left, right in pairs], dtype=np.float32),
        np.zeros(0, dtype=np.float32),
        np.zeros(len(pairs), dtype=np.uint8),
        none.astype(np.int32),
        none,
        none,
        none,
        Strings.of([]),
        Strings.of([]),
    )


def anchors(count):
    return np.array([key_of(100 + i) for i in range(count)], dtype=np.uint64)


@settings(deadline=None, max_examples=150)
@given(PAIRS, PAIRS, st.integers(1, 4), st.lists(st.integers(0, 4), min_size=6, max_size=6))
def test_of_each_anchor_so_many_of_its_rows_that_are_no_positives(pairs, known, some, wanted):
    """Anchors from `some` on are not there."""
    key = anchors(some)

    def related(found, anchor):
        left = np.array([left for left, _ in known if left < some], dtype=np.int64)
        right = [key_of(right) for left, right in known if left < some]
        return plan.are_pairs(anchor, found.destination, left, np.array(right, dtype=np.uint64))

    chosen, counts = plan.choose(rows(pairs) if pairs else None, key, related, 7)
    usable = [pair for pair in pairs if pair[0] < some and pair not in known]
    lost = sum(left >= some for left, _ in pairs)
    if pairs:
        assert counts == {
            "rows_used": len(usable),
            "skipped:no_anchor": lost,
            "skipped:known_positive": len(pairs) - lost - len(usable),
        }
    asked = np.array(wanted[:some], dtype=np.int64)
    found = chosen.first(np.arange(some), asked)
    name = {key_of(i): i for i in range(10)}
    drawn = [
        (row, name[right])
        for row, right in zip(found.row.tolist(), found.value.tolist(), strict=True)
    ]
    assert set(drawn) <= set(usable)
    assert len(set(drawn)) == len(drawn)
    assert [row for row, _ in drawn] == sorted(row for row, _ in drawn)
    assert found.probability.tolist() == [(10 * row + right + 1) / 64 for row, right in drawn]
    held = Counter(left for left, _ in usable)
    assert Counter(row for row, _ in drawn) == {
        row: min(count, held[row]) for row, count in enumerate(wanted[:some]) if held[row] and count
    }


def test_each_row_of_an_anchor_is_as_likely():
    """One in five rows of 3,000 anchors; the order of the rows plays no part."""
    n = 3000
    pairs = [(left, right) for left in range(n) for right in range(5)]
    never = lambda found, _: np.zeros(len(found.source), dtype=bool)  # noqa: E731
    chosen, _ = plan.choose(rows(pairs), anchors(n), never, 3)
    found = chosen.first(np.arange(n), np.ones(n, dtype=np.int64))
    count = Counter(found.value.tolist())
    assert len(count) == 5
    assert stats.chisquare(list(count.values())).pvalue > 1e-4
    shuffled = [pairs[i] for i in np.random.default_rng(0).permutation(len(pairs))]
    again, _ = plan.choose(rows(shuffled), anchors(n), never, 3)
    assert (again.key == chosen.key).all()
    other, _ = plan.choose(rows(pairs), anchors(n), never, 4)
    assert (other.key != chosen.key).any()


def test_places_in_ranges():
    union = Union(
        np.array([2, 7, 0, 5]), np.array([4, 9, 1, 9]), np.array([0, 2, 3, 4])
    )  # Of three rows.
    inside = [{2, 3, 7, 8}, {0}, {5, 6, 7, 8}]
    for row, rows_of in enumerate(inside):
        found = union.has(np.full(10, row), np.arange(10))
        assert set(np.flatnonzero(found).tolist()) == rows_of
