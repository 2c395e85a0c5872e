import apache_beam as beam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.common.input_files import InputFile
from components.relation_gen.context import Context
from components.relation_gen.pipeline import Materialize
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
