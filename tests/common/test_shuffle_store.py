import dataclasses
import os
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from components.common import columns, shuffle_store
from components.common.columns import Dictionary, Strings
from components.common.shuffle_store import NO_BATCH, BatchRef, BatchRefCoder, FileStore
from components.relation_gen import batches
from components.relation_gen.batches import KINDS


def strings(n: int) -> st.SearchStrategy[Strings]:
    return st.lists(st.binary(max_size=20), min_size=n, max_size=n).map(Strings.of)


@st.composite
def dictionaries(draw, n: int) -> Dictionary:
    values = draw(st.lists(st.binary(max_size=20), min_size=1, max_size=5))
    index = draw(of_numpy.arrays(np.int32, n, elements=st.integers(0, len(values) - 1)))
    return Dictionary(index, Strings.of(values))


@st.composite
def batches_of(draw, kind):
    """Any batch of a kind: columns but the first may be empty, arrays have any width."""
    n = draw(st.integers(0, 6))
    values = {}
    for number, field in enumerate(dataclasses.fields(kind)):
        width = 1 if number == 0 else draw(st.integers(0, 3))
        if field.type is Strings:
            values[field.name] = draw(strings(n if width else 0))
        elif field.type is Dictionary:
            values[field.name] = draw(dictionaries(n if width else 0))
        else:
            values[field.name] = draw(of_numpy.arrays(columns._dtype(field.type), n * width))
    return kind(**values)


BATCH = st.sampled_from(KINDS).flatmap(batches_of)


def same(one, other) -> bool:
    if type(one) is not type(other):
        return False
    for field in dataclasses.fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, Strings):
            if list(a) != list(b):
                return False
        elif isinstance(a, Dictionary):
            first, second = ([list(x.values)[i] for i in x.index.tolist()] for x in (a, b))
            if first != second or b.index.dtype != np.int32:
                return False
        elif a.dtype != b.dtype or a.tobytes() != b.tobytes() or a.shape != b.shape:
            return False
    return True


@settings(deadline=None, max_examples=300)
@given(BATCH)
def test_a_batch_comes_back_as_it_was(batch):
    assert same(shuffle_store.loads(type(batch), shuffle_store.dumps(batch)), batch)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_batch_of_each_kind_comes_back(kind):
    empty = {Strings: Strings.of([]), Dictionary: Dictionary.empty()}
    batch = kind(
        *(
            empty[field.type] if field.type in empty else np.zeros(0, columns._dtype(field.type))
            for field in dataclasses.fields(kind)
        )
    )
    assert same(shuffle_store.loads(kind, shuffle_store.dumps(batch)), batch)


def test_a_view_is_written_as_what_it_shows():
    every = np.arange(20, dtype=np.uint64)
    numbers = np.arange(20.0).reshape(2, 10).T
    batch = batches.Indexed(every[::2], every[10:0:-1], every[:0], numbers)
    found = shuffle_store.loads(batches.Indexed, shuffle_store.dumps(batch))
    assert found.key.tolist() == list(range(0, 20, 2))
    assert found.group.tolist() == list(range(10, 0, -1))
    assert found.numbers.tolist() == [
        x for pair in zip(range(10), range(10, 20), strict=True) for x in pair
    ]


def test_a_slice_is_written_without_the_rest():
    key = np.arange(1000, dtype=np.uint64)
    batch = batches.GroupLabels(key, key, Strings.of([b"%0100d" % i for i in range(1000)]))
    data = shuffle_store.dumps(columns.cut(batch, 5, 7))
    assert len(data) < 3000
    assert list(shuffle_store.loads(batches.GroupLabels, data).labels) == [
        b"%0100d" % 5,
        b"%0100d" % 6,
    ]


def test_a_value_that_no_row_has_is_not_written():
    key = np.arange(2, dtype=np.uint64)
    none = np.zeros(0, dtype=np.float32)
    values = Strings.of([b"a" * 5000, b"b", b"c"])
    batch = batches.TupleRows(
        key, key.astype(np.uint32), none, none, Dictionary(np.array([2, 2], np.int32), values)
    )
    data = shuffle_store.dumps(batch)
    assert len(data) < 3000
    found = shuffle_store.loads(batches.TupleRows, data).extra_features
    assert (found.index.tolist(), list(found.values)) == ([0, 0], [b"c"])


def test_a_column_of_another_type_is_widened_or_refused_not_misread():
    key, none = np.zeros(1, dtype=np.uint64), np.zeros(0, dtype=np.uint64)
    wide = batches.Indexed(key, none, none, np.array([1, 2], dtype=np.float32))
    found = shuffle_store.loads(batches.Indexed, shuffle_store.dumps(wide))
    assert found.numbers.tolist() == [1, 2]
    assert found.numbers.dtype == np.float64
    with pytest.raises(TypeError):
        shuffle_store.dumps(batches.Queries(np.array([1.5])))


def test_arrays_are_views_that_are_aligned():
    key = np.arange(5, dtype=np.uint64)
    batch = batches.Entities(
        key, np.zeros(5, dtype=np.uint8), key, key, np.arange(5.0), Strings.of([b"abc"] * 5)
    )
    found = shuffle_store.loads(batches.Entities, shuffle_store.dumps(batch))
    for field in dataclasses.fields(batch)[:5]:
        assert getattr(found, field.name).flags.aligned
        assert not getattr(found, field.name).flags.owndata


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(BATCH, max_size=5), max_size=4))
def test_batches_of_several_files_come_back_by_kind(tmp_path_factory, files):
    store = FileStore(str(tmp_path_factory.mktemp("shuffle")), KINDS)
    refs, written = [], {}
    for some in files:
        with store.writer() as out:
            for batch in some:
                refs.append(out.add(batch))
                written[refs[-1]] = batch
    assert len(os.listdir(store.folder)) == sum(bool(some) for some in files)
    assert len(set(refs)) == len(refs)
    found = list(store.read([NO_BATCH, *reversed(refs)]))
    assert len(found) == len(refs)
    kinds = [KINDS.index(type(batch)) for batch in found]
    assert kinds == sorted(kinds)
    for ref in refs:
        (one,) = store.read([ref])
        assert same(one, written[ref])
    for kind in KINDS:
        expected = sum(type(batch) is kind for batch in written.values())
        assert len(list(store.read_kind(kind, refs))) == expected


@given(st.builds(BatchRef, st.integers(0, 255), st.binary(max_size=40)))
def test_a_reference_comes_back_as_it_was(ref):
    coder = BatchRefCoder()
    assert coder.is_deterministic()
    assert coder.decode(coder.encode(ref)) == ref


def test_nothing_to_emit_makes_no_file(tmp_path):
    store = FileStore(str(tmp_path / "new"), KINDS)
    with store.writer():
        pass
    assert not (tmp_path / "new").exists()
    assert list(store.read([])) == []
    assert pickle.loads(pickle.dumps(store)) == store
