"""Glob patterns of the rows."""

import pytest

from pipeline.paths import RunPaths
from pipeline.stages.file_patterns import data_patterns, expected_patterns, single_globs, tfrecords
from relation.load import load_recipe


def loaded_with(**entity):
    loaded = load_recipe("digits_triplets")
    changed = loaded.recipe.data.entities[loaded.compiled.primary].model_copy(
        update={"generator": None, **entity}
    )
    data = loaded.recipe.data.model_copy(update={"entities": {"item": changed}})
    return loaded._replace(recipe=loaded.recipe.model_copy(update={"data": data}))


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("rows/*.gz", "{recipes}/rows/*.gz"),
        ("../rows/*.gz", "{recipes}/../rows/*.gz"),
        ("/data/*.gz", "/data/*.gz"),
        ("gs://bucket/{{SPAN}}/*.gz", "gs://bucket/{{SPAN}}/*.gz"),
        ("~/rows.gz", "/home/cat/rows.gz"),
    ],
)
def test_a_relative_path_starts_at_the_recipe(path, pattern, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", "/home/cat")
    loaded = loaded_with(path=path)
    expected = pattern.format(recipes=loaded.path.parent) if "{recipes}" in pattern else pattern
    assert data_patterns(loaded, RunPaths(tmp_path)) == {"item": expected}


def test_the_recipes_folder_may_have_any_name(tmp_path):
    loaded = loaded_with(path="a[12]/*.gz")._replace(
        path=tmp_path / r"br [old]?{SPAN}\x" / "mine.yaml"
    )
    expected = rf"{tmp_path}/br [[]old][?][{{]SPAN}}\\x/a[12]/*.gz"
    assert data_patterns(loaded, RunPaths(tmp_path)) == {"item": expected}
    absolute = loaded_with(path="/data/*.gz")._replace(path=loaded.path)
    assert data_patterns(absolute, RunPaths(tmp_path)) == {"item": "/data/*.gz"}


def test_files_with_a_split(tmp_path):
    loaded = loaded_with(path={"train": "a/*.gz", "eval": "/b/*.gz"})
    assert data_patterns(loaded, RunPaths(tmp_path)) == {
        "item": {"train": f"{loaded.path.parent}/a/*.gz", "eval": "/b/*.gz"}
    }


def test_a_generator_writes_once_below_the_runs_folder(tmp_path):
    loaded = loaded_with(generator="demo_data.digits")
    patterns = data_patterns(loaded, RunPaths(tmp_path))
    assert patterns == {"item": str(tmp_path / "data" / "item" / "*.tfrecord.gz")}
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "data" / "item").iterdir()}
    assert len(before) == 4
    assert data_patterns(loaded, RunPaths(tmp_path)) == patterns
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "data" / "item").iterdir()}
    assert after == before


def test_generated_rows_have_a_pattern_without_wildcards_of_the_runs_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    paths = RunPaths(tmp_path / "a [x] {SPAN}")
    paths.make()
    pattern = data_patterns(loaded_with(generator="demo_data.digits"), paths)["item"]
    assert not set("*?[{\\") & set(pattern.removesuffix("*.tfrecord.gz"))
    assert len(list((paths.root / "data" / "item").glob("*.tfrecord.gz"))) == 4


def test_a_generator_for_each_entity_type_and_edge_list(tmp_path):
    loaded, paths = load_recipe("two_tower_retrieval"), RunPaths(tmp_path)
    future = expected_patterns(loaded, paths)
    assert list(future) == ["user", "item", "purchases"]
    assert not paths.data.exists()
    assert data_patterns(loaded, paths) == future
    for name, pattern in future.items():
        assert list((tmp_path / "data" / name).glob("*.tfrecord.gz")), name
        assert pattern.startswith(str(tmp_path / "data" / name))


@pytest.mark.parametrize(
    ("recipe", "read"),
    [("entity_matching", ["pairs"]), ("label_conditioned", ["scene"])],
)
def test_entities_that_come_with_the_source_have_no_files(recipe, read, tmp_path):
    assert list(expected_patterns(load_recipe(recipe), RunPaths(tmp_path))) == read


def test_tables_that_one_glob_names():
    patterns = {"a": "/a [[]x] [{]y}/*", "b": "/b/{SPAN}/*", "c": {"train": "/c/*", "eval": "/d/*"}}
    assert single_globs(patterns) == {"a": patterns["a"]}


def test_what_tools_can_read_that_know_tfrecord_files_alone():
    assert tfrecords(loaded_with(path="/a/*"), {"item": "/a/*"}) == "/a/*"
    assert tfrecords(loaded_with(path="/a/{SPAN}/*"), {"item": "/a/{SPAN}/*"}) is None
    assert tfrecords(loaded_with(path="/a/*", format="csv"), {"item": "/a/*"}) is None
    assert tfrecords(loaded_with(), {"item": {"train": "/a/*", "eval": "/b/*"}}) is None
    assert tfrecords(load_recipe("entity_matching"), {"pairs": "/a/*"}) is None
