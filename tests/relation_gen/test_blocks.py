import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.common.columns import Strings, take
from components.common.example_wire import joined
from components.relation_gen.sampling import label_sets
from relation.core.errors import DataError
from tests.relation_gen.planned import hashed

FIELD = "relation.source.feature"


def found(labels, groups, rows, weights):
    numbers = [np.array(values, dtype=np.int64) for values in (rows, weights)]
    start, weight_start = (np.cumsum(values) - values for values in numbers)
    return label_sets.LabelSets(
        np.array([hashed(i) for i in range(len(labels))], dtype=np.uint64),
        np.array(groups, dtype=np.uint64),
        Strings.of([joined(b"%d" % label for label in own) for own in labels]),
        start,
        numbers[0],
        weight_start,
        numbers[1],
    )


def positions(union, row: int) -> list[int]:
    begin, stop = union.bounds[row : row + 2]
    return [n for i in range(begin, stop) for n in range(union.start[i], union.end[i])]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.frozensets(st.integers(0, 5), min_size=1, max_size=3),
            st.integers(0, 2),
            st.integers(1, 4),
            st.integers(0, 5),
        ),
        min_size=1,
        max_size=14,
    ),
    st.sampled_from(["anywhere", "within", "outside"]),
    st.booleans(),
    st.integers(1, 40),
    st.randoms(),
)
def test_related_and_allowed_places_are_those_of_brute_force(
    rows, where, weighted, compared, shuffle
):
    labels, groups, sizes, weights = zip(*rows, strict=True)
    given_ = found(labels, groups, sizes, weights if weighted else sizes)
    order = list(range(len(rows)))
    shuffle.shuffle(order)
    shuffled = take(given_, np.array(order))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(label_sets, "COMPARED_AT_A_TIME", compared)
        table = label_sets.make_table(shuffled, where, weighted, FIELD)
    assert table.group.tolist() == sorted(given_.group.tolist())
    for i in range(len(rows)):
        (row,) = table.number(table.group[table.group == given_.group[i]]).tolist()
        related, allowed = [], []
        for j in range(len(rows)):
            start, size = int(given_.start[j]), sizes[j]
            if labels[i] & labels[j]:
                related += range(start, start + size)
            elif where == "anywhere" or (groups[i] == groups[j]) == (where == "within"):
                if weighted:
                    start, size = int(given_.weight_start[j]), weights[j]
                allowed += range(start, start + size)
        assert positions(table.related, row) == related
        assert positions(table.allowed, row) == allowed
        assert table.allowed.size()[row] == len(allowed)


def test_neighbours_are_one_range():
    table = label_sets.make_table(
        found([{0}, {0}, {1}, {0}], [0] * 4, [2, 3, 1, 4], [2, 3, 1, 4]), "anywhere", False, FIELD
    )
    row = int(table.number(table.group[table.group == hashed(2)])[0])
    begin, stop = table.allowed.bounds[row : row + 2]
    ranges = zip(
        table.allowed.start[begin:stop].tolist(),
        table.allowed.end[begin:stop].tolist(),
        strict=True,
    )
    assert list(ranges) == [(0, 5), (6, 10)]


def test_too_many_sets_of_labels_are_refused(monkeypatch: pytest.MonkeyPatch):
    some = found([{i} for i in range(6)], [0] * 6, [1] * 6, [1] * 6)
    monkeypatch.setattr(label_sets, "MAX_LABEL_SETS", 5)
    with pytest.raises(
        DataError, match=r"relation\.source\.feature: got 6 different sets of labels"
    ):
        label_sets.make_table(some, "anywhere", False, FIELD)


def test_too_many_ranges_are_refused(monkeypatch: pytest.MonkeyPatch):
    some = found([{i % 2} for i in range(6)], [0] * 6, [1] * 6, [1] * 6)
    monkeypatch.setattr(label_sets, "MAX_RANGES", 10)
    with pytest.raises(DataError, match="more than 10 ranges"):
        label_sets.make_table(some, "anywhere", False, FIELD)
