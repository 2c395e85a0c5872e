import dataclasses
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from components.common import shuffle_store
from components.relation_gen import batches
from components.relation_gen.batches import TYPES, Strings


def strings() -> st.SearchStrategy[Strings]:
    return st.lists(st.binary(max_size=20), max_size=5).map(Strings.of)


def part_of(cls) -> st.SearchStrategy:
    """Any part of a type."""
    fields = {}
    for field in dataclasses.fields(cls):
        if field.type is Strings:
            fields[field.name] = strings()
        else:
            dtype = shuffle_store._dtype(field.type)
            fields[field.name] = of_numpy.arrays(dtype, st.integers(0, 6))
    return st.builds(cls, **fields)


PART = st.sampled_from(TYPES).flatmap(part_of)


def same(one, other) -> bool:
    if type(one) is not type(other):
        return False
    for field in dataclasses.fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, Strings):
            if list(a) != list(b) or a.length.dtype != b.length.dtype:
                return False
        elif a.dtype != b.dtype or a.tobytes() != b.tobytes() or a.shape != b.shape:
            return False
    return True


@settings(deadline=None, max_examples=300)
@given(PART)
def test_a_part_comes_back_as_it_was(part):
    assert same(shuffle_store.loads(shuffle_store.dumps(part)), part)


@pytest.mark.parametrize("cls", TYPES)
def test_an_empty_part_of_each_type_comes_back(cls):
    empty = {
        field.name: Strings.of([])
        if field.type is Strings
        else np.zeros(0, shuffle_store._dtype(field.type))
        for field in dataclasses.fields(cls)
    }
    assert same(shuffle_store.loads(shuffle_store.dumps(cls(**empty))), cls(**empty))


def test_a_view_is_written_as_what_it_shows():
    every = np.arange(20, dtype=np.uint64)
    part = batches.Indexed(every[::2], every[10:0:-1], every[:0], np.arange(6.0).reshape(2, 3).T)
    found = shuffle_store.loads(shuffle_store.dumps(part))
    assert found.key.tolist() == list(range(0, 20, 2))
    assert found.group.tolist() == list(range(10, 0, -1))
    assert found.numbers.tolist() == [0, 3, 1, 4, 2, 5]


def test_a_column_of_another_type_is_widened_or_refused_not_misread():
    none = np.zeros(0, dtype=np.uint64)
    wide = batches.Indexed(none, none, none, np.array([1, 2], dtype=np.float32))
    assert shuffle_store.loads(shuffle_store.dumps(wide)).numbers.tolist() == [1, 2]
    with pytest.raises(TypeError):
        shuffle_store.dumps(batches.Queries(np.array([1.5])))


def test_arrays_are_aligned():
    key = np.arange(5, dtype=np.uint64)
    part = batches.Entities(
        key, np.zeros(5, dtype=np.uint8), key, key, np.arange(5.0), Strings.of([b"abc"] * 5)
    )
    found = shuffle_store.loads(shuffle_store.dumps(part))
    for field in dataclasses.fields(part)[:5]:
        assert getattr(found, field.name).flags.aligned


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(PART, max_size=5), max_size=4))
def test_parts_of_several_files_come_back_by_type_then_place(tmp_path_factory, files):
    folder = str(tmp_path_factory.mktemp("spill"))
    refs, written = [], {}
    for parts in files:
        with shuffle_store.Writer(folder) as out:
            for part in parts:
                refs.append(out.add(part))
                written[refs[-1]] = part
    assert len(os.listdir(folder)) == sum(bool(parts) for parts in files)
    found = list(shuffle_store.read(reversed(refs)))
    assert len(found) == len(refs)
    assert all(same(part, written[ref]) for part, ref in zip(found, sorted(refs), strict=True))
    kinds = [TYPES.index(type(part)) for part in found]
    assert kinds == sorted(kinds)


def test_nothing_to_hand_on_makes_no_file(tmp_path):
    with shuffle_store.Writer(str(tmp_path / "new")):
        pass
    assert not (tmp_path / "new").exists()
    assert list(shuffle_store.read([])) == []
