import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf
import yaml
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.example_gen import base_example_gen_executor
from tfx.proto import example_gen_pb2

from components.relation_gen.cli import main
from relation.load import PROJECT
from relation.schema import tuple_schema
from tests.relation_gen.helpers import SCHEMA, request, row, tuples, write

ROWS = [row(id=b"item-%d" % n, label=n % 3, x=[1.0]) for n in range(60)]


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe of its own, with the shipped one's model and gates."""
    found = yaml.safe_load((PROJECT / "pipeline" / "recipes" / "digits_triplets.yaml").read_text())
    (tmp_path / "item.pbtxt").write_text(text_format.MessageToString(SCHEMA))
    found["data"] = {
        "entities": {"item": {"schema": "item.pbtxt", "path": "unused"}},
        "split": {"train": 2, "eval": 1},
        "bad_rows": "fail",
    }
    found["relation"]["sampling"] = {"triplets_per_anchor": 2}
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(found))
    return path


def call(recipe: Path, pattern: str, output: Path) -> int:
    return main(["--recipe", str(recipe), "--input", pattern, "--output", str(output)])


def test_rows_are_split_as_example_gen_does(tmp_path, recipe, capsys):
    write(tmp_path / "in" / "a.gz", ROWS[:40])
    write(tmp_path / "in" / "b", ROWS[40:], "")
    assert call(recipe, f"item={tmp_path}/in/*", tmp_path / "out") == 0
    config = example_gen_pb2.SplitConfig(partition_feature_name="id")
    expected: dict[str, set[bytes]] = {"train": set(), "eval": set()}
    for serialized in ROWS:
        example = tf.train.Example.FromString(serialized)
        split = base_example_gen_executor._PartitionFn(example, 2, [2, 3], config)
        key = example.features.feature["id"].bytes_list.value[0]
        expected[["train", "eval"][split]].add(key)
    for split, ids in expected.items():
        assert {one["anchor_id"] for one in tuples(tmp_path / "out", split)} == ids
    actual = {one["anchor_id"] for one in tuples(tmp_path / "out", "entities")}
    assert actual == expected["train"]
    printed = capsys.readouterr().out
    count = len(expected["train"])
    assert f"train: {count} rows read, {count} used; {2 * count} tuples" in printed
    described = text_format.Parse(
        (tmp_path / "out" / "schema.pbtxt").read_text(), schema_pb2.Schema()
    )
    assert described == tuple_schema(request(), {"item": SCHEMA})


def test_folders_of_splits_are_kept(tmp_path, recipe):
    write(tmp_path / "in" / "Split-train" / "a", ROWS[:30])
    write(tmp_path / "in" / "Split-test" / "a", ROWS[30:])
    assert call(recipe, f"{tmp_path}/in/*/*", tmp_path / "out") == 0
    actual = {one["anchor_id"] for one in tuples(tmp_path / "out", "test")}
    assert actual == {b"item-%d" % n for n in range(30, 60)}


def refused(capsys, status: int) -> str:
    """The one sentence of a refusal."""
    assert status == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert error.startswith("error: ")
    return error.removeprefix("error: ").rstrip("\n")


def test_no_file(tmp_path, recipe, capsys):
    status = call(recipe, f"{tmp_path}/none/*", tmp_path / "out")
    assert refused(capsys, status) == f"input {tmp_path}/none/*: no file matches"


def test_unknown_entity_type(tmp_path, recipe, capsys):
    status = call(recipe, "query=/x", tmp_path / "out")
    assert refused(capsys, status) == (
        "--input query=/x: got input 'query', and no file matches; the recipe has 'item'"
    )


def test_unknown_recipe(tmp_path, capsys):
    message = refused(capsys, call(tmp_path / "none.yaml", "x", tmp_path / "out"))
    assert "no such file" in message


def test_files_in_and_out_of_split_folders(tmp_path, recipe, capsys):
    write(tmp_path / "in" / "Split-train" / "a", ROWS)
    loose = write(tmp_path / "in" / "loose" / "a", ROWS)
    message = refused(capsys, call(recipe, f"{tmp_path}/in/*/*", tmp_path / "out"))
    assert message.startswith(f"--input: {loose} lies in no folder Split-<name>")


def test_an_output_that_holds_results_is_left_as_it_is(tmp_path, recipe, capsys):
    write(tmp_path / "in" / "a", ROWS)
    assert call(recipe, f"{tmp_path}/in/a", tmp_path / "out") == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    capsys.readouterr()
    message = refused(capsys, call(recipe, f"{tmp_path}/in/a", tmp_path / "out"))
    assert message.endswith("out: already holds results; name another folder, or remove this one")
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}


def test_an_output_that_cannot_be_written(tmp_path, recipe, capsys):
    write(tmp_path / "in" / "a", ROWS)
    (tmp_path / "file").write_text("")
    message = refused(capsys, call(recipe, f"{tmp_path}/in/a", tmp_path / "file" / "out"))
    assert message.startswith(f"output folder {tmp_path}/file/out: cannot be written: ")
    message = refused(capsys, call(recipe, f"{tmp_path}/in/a", tmp_path / "file"))
    assert message.startswith(f"output folder {tmp_path}/file: cannot be written: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_an_output_without_permission(tmp_path, recipe, capsys):
    write(tmp_path / "in" / "a", ROWS)
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed").chmod(stat.S_IRUSR | stat.S_IXUSR)
    message = refused(capsys, call(recipe, f"{tmp_path}/in/a", tmp_path / "closed" / "out"))
    assert "cannot be written" in message


def test_a_fault_of_the_data_is_one_sentence_of_the_command_and_its_workers(tmp_path, recipe):
    write(tmp_path / "in" / "a", [*ROWS, row(id=b"x")])
    done = subprocess.run(
        [
            *(sys.executable, "-m", "components.relation_gen", "--recipe", str(recipe)),
            *("--input", f"{tmp_path}/in/a", "--output", str(tmp_path / "out")),
            *("--direct_num_workers=2", "--direct_running_mode=multi_processing"),
        ],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "error: some rows cannot be used: split 'train': no_label 1 (ids 'x'); fix them, or set "
        "data.bad_rows: skip in the recipe"
    ]
    assert list((tmp_path / "out").iterdir()) == []
