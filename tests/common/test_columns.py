import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from components.common.columns import Strings, join, take
from components.relation_gen.batches import Edges, Entities, MemberRequestsByWeight, Tuples

VALUES = st.lists(st.binary(max_size=9), max_size=12)


@given(VALUES, st.data())
def test_strings_are_the_values_in_any_order(values, data):
    actual = Strings.of(values)
    assert list(actual) == values
    index = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=20)) if values else []
    some = actual.take(np.array(index, dtype=np.intp))
    assert list(some) == [values[i] for i in index]
    assert some.size == sum(len(values[i]) for i in index)
    middle = actual.array[1:3]
    assert Strings(middle).size == sum(map(len, values[1:3]))


def edges(n: int, width: int, weighted: bool, known: bool, at: int = 0) -> Edges:
    row = np.arange(at, at + n)
    return Edges(
        row.astype(np.uint64),
        row.astype(np.uint64) + np.uint64(1),
        row.astype(np.uint8),
        row.astype(np.uint64),
        (row[:, None] * 10.0 + np.arange(width)).astype(np.float32).reshape(-1),
        row.astype(np.float32) if weighted else np.zeros(0, dtype=np.float32),
        row % 2 == 0,
        row.astype(np.int32) if known else np.zeros(0, dtype=np.int32),
        row if known else row[:0],
        row if known else row[:0],
        row[:0],
        Strings.of([b"l%d" % i for i in row]),
        Strings.of([b"r%d" % i for i in row]),
    )


def rows(part: Edges, width: int) -> list[tuple]:
    """Each row of edges, as Python values."""
    n = len(part.source)
    columns = []
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        if field.name == "value":
            columns.append(value.reshape(n, width).tolist())
        else:
            columns.append([repr(x) for x in value] if len(list(value)) else [None] * n)
    return list(zip(*columns, strict=True))


CASES = (st.integers(0, 6), st.integers(1, 4), st.booleans(), st.booleans())


@given(*CASES, st.data())
def test_rows_are_taken_whole(n, width, weighted, known, data):
    part = edges(n, width, weighted, known)
    index = data.draw(st.lists(st.integers(0, n - 1), max_size=9)) if n else []
    some = take(part, np.array(index, dtype=np.intp))
    everything = rows(part, width)
    assert rows(some, width) == [everything[i] for i in index]
    for field in dataclasses.fields(part)[:-2]:
        assert getattr(some, field.name).dtype == getattr(part, field.name).dtype


@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), *CASES[1:])
def test_parts_are_joined_in_order(sizes, width, weighted, known):
    parts = [edges(n, width, weighted, known, 20 * i) for i, n in enumerate(sizes)]
    assert rows(join(parts), width) == [row for part in parts for row in rows(part, width)]


def test_types_without_numbers_or_labels_are_taken_too():
    key = np.arange(3, dtype=np.uint64)
    part = Entities(
        key, np.zeros(3, dtype=np.uint8), key, key, np.zeros(0), Strings.of([b"a", b"", b"c"])
    )
    some = take(part, np.array([2, 1]))
    assert (some.key.tolist(), some.numbers.tolist(), list(some.payload)) == (
        [2, 1],
        [],
        [b"c", b""],
    )
    tuples = Tuples(
        key[:2],
        key[:2].astype(np.uint8),
        np.arange(6, dtype=np.uint64),
        np.zeros(0, dtype=np.float32),
        Strings.of([]),
    )
    some = take(tuples, np.array([1]))
    assert (some.member.tolist(), some.label.tolist()) == ([3, 4, 5], [])
    none = np.zeros(0)
    assert (
        type(
            take(MemberRequestsByWeight(none, none, none, none, none), np.array([], dtype=np.intp))
        )
        is MemberRequestsByWeight
    )
