"""Where the rows are."""

import pytest

from pipeline.data import data_pattern, tfrecords
from pipeline.paths import RunPaths
from relation.load import load_recipe


def loaded_with(**entity):
    loaded = load_recipe("digits_triplets")
    changed = loaded.recipe.entity.model_copy(update={"generator": None, **entity})
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
    assert data_pattern(loaded, RunPaths(tmp_path)) == expected


def test_a_generator_writes_once_below_the_runs_folder(tmp_path):
    loaded = loaded_with(generator="datasets.digits")
    pattern = data_pattern(loaded, RunPaths(tmp_path))
    assert pattern == str(tmp_path / "data" / "item" / "*.tfrecord.gz")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "data" / "item").iterdir()}
    assert len(before) == 4
    assert data_pattern(loaded, RunPaths(tmp_path)) == pattern
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "data" / "item").iterdir()}
    assert after == before


def test_what_tools_can_read_that_know_tfrecord_files_alone():
    assert tfrecords(loaded_with(path="/a/*"), "/a/*") == "/a/*"
    assert tfrecords(loaded_with(path="/a/{SPAN}/*"), "/a/{SPAN}/*") is None
    assert tfrecords(loaded_with(path="/a/*", format="csv"), "/a/*") is None
