import dataclasses

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from components.common.columns import Strings
from components.common.input_files import InputFile
from components.relation_gen.context import Context
from components.relation_gen.index.side_inputs import (
    Layout,
    LayoutCoder,
    ShardTotal,
    ShardTotalCoder,
)
from components.relation_gen.pipeline import Materialize
from components.relation_gen.sampling.base import Candidates
from components.relation_gen.sampling.label_sets import LabelSets, LabelSetTable
from components.relation_gen.sampling.ranges import Union
from components.relation_gen.shuffle_keys import ShuffleKey, ShuffleKeyCoder
from components.relation_gen.stats.counters import Counter, CounterCoder
from relation.load import PROJECT, load_recipe
from tests.common.coders import assert_no_pickle
from tests.relation_gen.test_determinism import SOURCES

RECIPES = sorted(path.stem for path in (PROJECT / "pipeline" / "recipes").glob("*.yaml"))


def shuffles(loaded, names) -> int:
    """Checks the shuffles of a recipe's pipeline, which is not run; their number."""
    relation = loaded.compiled
    files = [InputFile(name, f"/nowhere/{name}.gz", "train", 1) for name in names]
    context = Context.of(
        relation, loaded.schemas, files, ["train", "eval"], [1, 1], "/nowhere", None
    )
    entities = tuple(file for file in files if file.input in relation.entities)
    pipeline = beam.Pipeline()
    _ = pipeline | Materialize(context, entities, tuple(set(files) - set(entities)))
    return assert_no_pickle(pipeline)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_pickles_nothing_at_a_shuffle(recipe):
    loaded = load_recipe(recipe)
    # Files, ids, contents, index shards, positions, partitions, output shards; counters, twice.
    assert shuffles(loaded, loaded.schemas) >= 10


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_pickles_nothing_at_a_shuffle(tmp_path, source):
    loaded, inputs = SOURCES[source](tmp_path)
    assert shuffles(loaded, inputs) >= 10


NAMES = st.text(max_size=9)


@given(st.builds(ShuffleKey, NAMES, NAMES, st.integers(0, 2**32 - 1)))
def test_a_key_comes_back_as_it_was(key):
    coder = ShuffleKeyCoder()
    assert coder.is_deterministic()
    found = coder.decode(coder.encode(key))
    assert found == key
    assert type(found) is ShuffleKey


def test_keys_that_differ_are_encoded_differently():
    keys = [ShuffleKey("a", "bc", 1), ShuffleKey("ab", "c", 1), ShuffleKey("", "abc", 1)]
    assert len({ShuffleKeyCoder().encode(key) for key in keys}) == 3


@given(st.integers(0, 2**60), st.lists(st.binary(max_size=9), max_size=3))
def test_a_counter_comes_back_as_it_was(count, examples):
    coder, counter = CounterCoder(), Counter(count, tuple(examples))
    assert coder.decode(coder.encode(counter)) == counter


I64 = st.integers(-(2**63), 2**63 - 1)


def ints(size=None, dtype=np.int64):
    return of_numpy.arrays(dtype, st.integers(0, 5) if size is None else size)


@st.composite
def label_sets(draw):
    n = draw(st.integers(0, 4))
    labels = draw(st.lists(st.binary(max_size=9), min_size=n, max_size=n))
    hashes = [draw(ints(n, np.uint64)) for _ in range(2)]
    return LabelSets(*hashes, Strings.of(labels), *(draw(ints(n)) for _ in range(4)))


WEIGHTS = st.lists(st.tuples(I64, I64), max_size=3).map(tuple)
TOTALS = st.builds(
    ShardTotal, NAMES, I64, I64, I64, WEIGHTS, I64, I64, NAMES, I64, label_sets=label_sets()
)
UNIONS = st.builds(Union, ints(), ints(), ints())
TABLES = st.none() | st.builds(LabelSetTable, ints(dtype=np.uint64), UNIONS, UNIONS)


@st.composite
def layouts(draw):
    """Of some splits, and one output that is no split."""
    names = draw(st.lists(NAMES, max_size=3, unique=True))
    mappings = (
        {name: draw(of) for name in names}
        for of in (ints(), ints(), st.builds(Candidates, I64, I64, WEIGHTS), TABLES)
    )
    shards = {name: draw(st.integers(0, 99_999)) for name in [*names, "entities of training"]}
    return Layout(*mappings, shards)


def plain(value):
    """Arrays and dataclasses as lists and tuples, which can be compared."""
    if dataclasses.is_dataclass(value):
        return type(value), [plain(getattr(value, f.name)) for f in dataclasses.fields(value)]
    if isinstance(value, np.ndarray):
        return value.dtype, value.tolist()
    if isinstance(value, pa.Array):
        return value.to_pylist()
    if isinstance(value, dict):
        return [(name, plain(held)) for name, held in value.items()]
    return type(value), value


@settings(deadline=None)
@given(TOTALS)
def test_the_total_of_a_shard_comes_back_as_it_was(total):
    coder = ShardTotalCoder()
    encoded = coder.encode(total)
    assert plain(coder.decode(encoded)) == plain(total)
    assert coder.encode(coder.decode(encoded)) == encoded


@settings(deadline=None)
@given(layouts())
def test_a_layout_comes_back_as_it_was(layout):
    coder = LayoutCoder()
    encoded = coder.encode(layout)
    assert plain(coder.decode(encoded)) == plain(layout)
    assert coder.encode(coder.decode(encoded)) == encoded


def test_what_is_pickled_is_seen():
    pipeline = beam.Pipeline()
    pickled = pipeline | "Any" >> beam.Create([object]).with_output_types(object)
    alone = pipeline | beam.Create([1])
    _ = alone | beam.Map(lambda one, many: None, beam.pvalue.AsList(pickled))
    with pytest.raises(AssertionError, match="FastPrimitivesCoder"):
        assert_no_pickle(pipeline)
