"""Results appear all at once, or not at all."""

import json

import pytest
import tensorflow as tf

from components.relation_gen.context import building
from components.relation_gen.transforms import write
from relation.core.errors import DataError


@pytest.fixture
def output(tmp_path):
    """An output folder with unpublished splits, and files of the steps before."""
    folder = tmp_path / "out"
    write.prepare(str(folder))
    for name in ("Split-train", "Split-eval", "shuffle"):
        made = folder.joinpath(building(str(folder)), name)
        made.mkdir()
        (made / "data").write_text(name)
    return folder


def published(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_splits_texts_and_statistics_are_published(output):
    write.publish(str(output), {"größe": 1}, {"schema.pbtxt": "a"})
    names = ["Split-eval", "Split-train", "relation_stats.json", "schema.pbtxt"]
    assert published(output) == names
    assert (output / "Split-eval" / "data").read_text() == "Split-eval"
    assert json.loads((output / write.STATS).read_text()) == {"größe": 1}
    assert (output / "schema.pbtxt").read_text() == "a"


@pytest.mark.parametrize("moved", [0, 1, 2])
def test_what_was_published_before_a_failure_is_removed(output, monkeypatch, moved):
    rename, left = tf.io.gfile.rename, list(range(moved))

    def failing(*names):
        if not left:
            raise OSError("no space")
        left.pop()
        rename(*names)

    monkeypatch.setattr(tf.io.gfile, "rename", failing)
    with pytest.raises(OSError, match="no space"):
        write.publish(str(output), {}, {})
    assert published(output) == []


def test_a_folder_is_prepared_once_and_without_what_a_killed_run_left(output):
    left = output / building(str(output)) / "shuffle"
    assert left.is_dir()
    write.prepare(str(output))
    assert not left.exists()
    write.publish(str(output), {}, {})
    with pytest.raises(DataError, match="already holds results"):
        write.prepare(str(output))
    write.discard(str(output))
    assert [path.name for path in output.iterdir()] == [write.STATS]
    write.discard(str(output))  # Nothing is left to remove.
