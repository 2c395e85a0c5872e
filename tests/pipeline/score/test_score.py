"""Answers to users' files are those of the signatures, whatever the format."""

import csv
import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from pipeline.score.command import main
from tests.trainer_module import small_run
from trainer_module.build_request import training_request
from trainer_module.run_fn import run_fn

COUNT = 300
"""More than a batch."""
RANDOM = np.random.default_rng(5)
ITEMS = [
    {"id": n, "x": RANDOM.normal(size=3).astype("float32").tolist(), "colour": "red"}
    for n in range(COUNT)
]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("job")
    files = small_run.transformed(folder)
    request = training_request(small_run.recipe(folder))
    run_fn(small_run.arguments(files, request, folder))
    return str(folder / "serving")


def serialized(item, prefix=""):
    features = {
        f"{prefix}x": tf.train.Feature(float_list=tf.train.FloatList(value=item["x"])),
        f"{prefix}colour": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"red"])),
        f"{prefix}id": tf.train.Feature(int64_list=tf.train.Int64List(value=[item["id"]])),
    }
    return tf.train.Example(features=tf.train.Features(feature=features))


def merged(left, right):
    example = serialized(left, "anchor_")
    example.MergeFrom(serialized(right, "positive_"))
    return example.SerializeToString()


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    pq.write_table(pa.Table.from_pylist(ITEMS), folder / "items.parquet")
    with tf.io.TFRecordWriter(str(folder / "items.tfrecord.gz"), "GZIP") as writer:
        for item in ITEMS:
            writer.write(serialized(item).SerializeToString())
    pairs = {"left": list(range(COUNT)), "right": [COUNT - 1 - n for n in range(COUNT)]}
    pq.write_table(pa.table(pairs), folder / "pairs.parquet")
    return folder


@pytest.fixture(scope="module")
def expected(model):
    examples = [serialized(item).SerializeToString() for item in ITEMS]
    signature = tf.saved_model.load(model).signatures["embed_item"]
    return signature(examples=tf.constant(examples))["embedding"].numpy()


@pytest.mark.parametrize("file", ["items.parquet", "items.tfrecord.gz", "*.gz"])
def test_embeddings_are_those_of_the_signature(model, rows, expected, file, tmp_path, capsys):
    output = tmp_path / "answers.parquet"
    assert main([model, str(rows / file), "--output", str(output)]) == 0
    table = pq.read_table(output)
    assert table.column("id").to_pylist() == [str(n) for n in range(COUNT)]
    np.testing.assert_allclose(np.stack(table.column("embedding").to_pylist()), expected, atol=1e-6)
    assert capsys.readouterr().err == f"300 rows written to {output}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["answers.parquet"]


def test_csv_has_a_column_for_each_number(model, rows, expected, capfdbinary):
    assert main([model, f"item={rows / 'items.parquet'}"]) == 0
    answers = list(csv.DictReader(io.StringIO(capfdbinary.readouterr().out.decode())))
    assert list(answers[0]) == ["id", *(f"embedding_{n}" for n in range(4))]
    numbers = [[float(row[f"embedding_{n}"]) for n in range(4)] for row in answers]
    np.testing.assert_allclose(numbers, expected, atol=1e-6)


def test_pairs_have_the_score_of_the_signature(model, rows, tmp_path):
    output = tmp_path / "answers.csv"
    pairs = str(rows / "pairs.parquet")
    arguments = [model, str(rows / "items.parquet"), "--pairs", pairs, "--output", str(output)]
    assert main(arguments) == 0
    answers = list(csv.DictReader(output.read_text().splitlines()))
    tuples = [merged(ITEMS[n], ITEMS[COUNT - 1 - n]) for n in range(COUNT)]
    signature = tf.saved_model.load(model).signatures["score"]
    scores = signature(examples=tf.constant(tuples))["score"].numpy()
    np.testing.assert_allclose([float(row["score"]) for row in answers], scores, atol=1e-5)
    assert (answers[1]["left"], answers[1]["right"]) == ("1", "298")


def test_neighbours_are_the_nearest_of_the_other_rows(model, rows, expected, tmp_path):
    output = tmp_path / "answers.parquet"
    arguments = [str(rows / "items.parquet"), "--neighbours", "2", "--output", str(output)]
    assert main([model, *arguments]) == 0
    answers = pq.read_table(output).to_pylist()
    distances = np.linalg.norm(expected[:, None] - expected[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert len(answers) == 2 * COUNT
    for row in answers:
        nearest = np.sort(distances[int(row["query"])])[row["rank"] - 1]
        assert row["distance"] == pytest.approx(nearest, abs=1e-5)


def test_rows_without_ids_are_numbered(model, rows, expected, tmp_path):
    path, output = tmp_path / "new.parquet", tmp_path / "out.parquet"
    pq.write_table(pq.read_table(rows / "items.parquet").drop(["id"]), path)
    assert main([model, str(path), "--number-rows", "--output", str(output)]) == 0
    table = pq.read_table(output)
    assert table.column("id").to_pylist() == [str(n + 1) for n in range(COUNT)]
    np.testing.assert_allclose(np.stack(table.column("embedding").to_pylist()), expected, atol=1e-6)
    # A row's number in one file is no id of a row of another.
    nearest = ["--neighbours", "1", "--among", str(path), "--output", str(output)]
    assert main([model, str(path), "--number-rows", *nearest]) == 0
    answers = pq.read_table(output).to_pylist()
    assert all(row["distance"] == pytest.approx(0, abs=1e-5) for row in answers)


def table_of(path, **columns):
    pq.write_table(pa.table(columns), path)
    return str(path)


def test_a_row_that_cannot_be_used_is_named_or_counted(model, tmp_path, capsys):
    path = tmp_path / "items.parquet"
    ids = pa.array([1, None, 3], pa.int64())
    numbers = pa.array([[1.0, 2.0, 3.0]] * 3, pa.list_(pa.float32()))
    table_of(path, id=ids, x=numbers, colour=["red"] * 3)
    assert main([model, str(path)]) == 2
    assert capsys.readouterr().err == (f"error: {path}: record 2 has no id feature 'id'\n")
    output = tmp_path / "out.parquet"
    assert main([model, str(path), "--skip-bad-rows", "--output", str(output)]) == 0
    assert capsys.readouterr().err == (
        f"skipped 1: has no id feature 'id'\n2 rows written to {output}\n"
    )
    assert pq.read_table(output).column("id").to_pylist() == ["1", "3"]


def test_what_the_user_must_change_is_said_in_one_line(model, rows, tmp_path, capsys):
    items = str(rows / "items.parquet")
    unknown = table_of(tmp_path / "p.parquet", left=["0"], right=["none"])
    numbers = pa.array([[1.0, 2.0, 3.0], [1.0, 2.0, 4.0]], pa.list_(pa.float32()))
    twice = table_of(tmp_path / "t.parquet", id=["0", "0"], x=numbers, colour=["red"] * 2)
    alien = tmp_path / "alien"
    tf.saved_model.save(tf.Module(), str(alien))
    for arguments, message in (
        ([str(tmp_path), items], f"{tmp_path}: not a SavedModel; expected a folder such as "
         "runs/<recipe>/serving/<version>"),
        ([str(alien), items], f"{alien}: has no assets.extra/interface.json; a model that is "
         "trained anew has it"),
        ([model, items, "--output", "x.json"], "--output: got 'x.json'; expected a name that ends "
         "in .csv or .parquet"),
        ([model, str(tmp_path / "none.csv")], f"{tmp_path}/none.csv: no file matches"),
        ([model, items, "--neighbours", "0"], "--neighbours: got 0; expected a number from 1"),
        ([model, items, "--among", items], "--among: expected --neighbours beside it"),
        ([model, items, items], f"item: got {items!r} and {items!r}; expected one glob"),
        ([model, items, "--pairs", unknown], f"{unknown}: got the id 'none', which no row of item "
         "has"),
        ([model, twice, "--pairs", unknown], "item: two different rows have the id '0'; expected "
         "one"),
        ([model, items, "--pairs", items], f"{items}: no column 'left', which the schema names; "
         "the file has the columns 'id', 'x', 'colour'"),
    ):  # fmt: skip
        assert main(arguments) == 2, arguments
        assert capsys.readouterr().err == f"error: {message}\n"


def test_nothing_is_written_where_no_row_can_be_used(model, tmp_path, capsys):
    numbers = pa.array([[1.0, 2.0, 3.0]], pa.list_(pa.float32()))
    path = table_of(
        tmp_path / "x.parquet", id=pa.array([None], pa.int64()), x=numbers, colour=["a"]
    )
    output = tmp_path / "out.csv"
    assert main([model, path, "--skip-bad-rows", "--output", str(output)]) == 2
    message = "error: no row has an answer; 1 skipped: has no id feature 'id'\n"
    assert capsys.readouterr().err == message
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.parquet"]


def test_the_interface_lies_beside_the_graph(model):
    with open(f"{model}/assets.extra/interface.json", encoding="utf-8") as file:
        interface = json.load(file)
    assert interface["ids"] == {"item": "id"}
    assert interface["scored"] == ["anchor", "positive"]
    assert interface["similarity"] == "euclidean"
    assert interface["outputs"] == []
