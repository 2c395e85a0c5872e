"""EntityGen splits rows by a key feature, by their files, or not at all."""

import csv
import json

import pyarrow as pa
import pytest
import tensorflow as tf
from pyarrow import parquet
from tfx.orchestration import data_types
from tfx.types import artifact_utils, standard_artifacts

from components.entity_gen.component import EntityGen, input_config
from relation.core.errors import DataError

EDGES = {"user": "bytes", "item": "int", "times": "float"}
BOUGHT = [
    {"user": f"u{number % 7}", "item": number, "times": number / 2 if number % 3 else None}
    for number in range(40)
]
"""Rows without an id of their own; the last two lack the left or the right endpoint."""
BOUGHT += [{"user": None, "item": 40, "times": 1.0}, {"user": "u1", "item": None, "times": 1.0}]


def example(row):
    example_proto = tf.train.Example()
    for name, value in row.items():
        if value is not None:
            feature, encoded = example_proto.features.feature[name], value
            kind = {str: "bytes_list", int: "int64_list", float: "float_list"}[type(value)]
            if isinstance(value, str):
                encoded = value.encode()
            getattr(feature, kind).value.append(encoded)
    return example_proto


def write_tfrecord(path, rows):
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for row in rows:
            writer.write(example(row).SerializeToString())


def write_csv(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_parquet(path, rows):
    parquet.write_table(pa.table({name: [row[name] for row in rows] for name in rows[0]}), path)


WRITERS = {"tfrecord": write_tfrecord, "csv": write_csv, "parquet": write_parquet}


def run(out, pattern, id_feature, *shares, **parameters):
    """Run driver and executor as the launchers do; return the artifact and the resolved properties."""
    node = EntityGen(pattern, id_feature, *shares, **parameters)
    info = data_types.PipelineInfo("p", "r")
    properties = node.driver_class(None).resolve_exec_properties(
        dict(node.exec_properties), info, data_types.ComponentInfo("", "", info)
    )
    artifact = standard_artifacts.Examples()
    artifact.uri = str(out)
    node.executor_spec.executor_class().Do({}, {"examples": [artifact]}, properties)
    return artifact, properties


def read(out, split):
    paths = [str(path) for path in (out / f"Split-{split}").iterdir()]
    return [
        tf.train.Example.FromString(record)
        for record in tf.data.TFRecordDataset(paths, "GZIP").as_numpy_iterator()
    ]


def ordered(examples):
    return sorted(one.SerializeToString(deterministic=True) for one in examples)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.mark.parametrize("file_format", list(WRITERS))
def test_edges_are_one_split_whether_or_not_they_have_both_ends(folder, tmp_path, file_format):
    WRITERS[file_format](folder / "a", BOUGHT)
    artifact, _ = run(
        tmp_path / "out", str(folder / "*"), None, file_format=file_format, features=EDGES
    )
    assert artifact_utils.decode_split_names(artifact.split_names) == ["all"]
    assert ordered(read(tmp_path / "out", "all")) == ordered(map(example, BOUGHT))
    assert artifact.get_int_custom_property("rows_all") == len(BOUGHT)
    assert artifact.get_int_custom_property("rows_skipped") == 0


def test_a_value_of_an_edge_is_checked_as_any(folder, tmp_path):
    write_csv(folder / "a.csv", [*BOUGHT, {"user": "u", "item": "x", "times": 1}])
    arguments = {"file_format": "csv", "features": EDGES}
    with pytest.raises(DataError, match=r"1 of 43 rows .* line 44, column 'item': got 'x'"):
        run(tmp_path / "out", str(folder / "*.csv"), None, **arguments)


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_the_latest_span_of_edges(folder, tmp_path, file_format):
    for span, rows in (("9", BOUGHT[:3]), ("10", BOUGHT)):
        (folder / span).mkdir()
        WRITERS[file_format](folder / span / "a", rows)
    pattern = str(folder / "{SPAN}" / "*")
    _, properties = run(tmp_path / "out", pattern, None, file_format=file_format, features=EDGES)
    assert properties["span"] == 10
    assert len(read(tmp_path / "out", "all")) == len(BOUGHT)


def test_rows_of_one_group_share_a_split(folder, tmp_path):
    rows = [{"id": f"row-{number}", "brand": f"brand-{number % 20}"} for number in range(200)]
    write_tfrecord(folder / "a.gz", rows)
    run(tmp_path / "out", str(folder / "*.gz"), "id", 3, 1, partition="brand")
    actual = {split: read(tmp_path / "out", split) for split in ("train", "eval")}
    assert ordered(actual["train"] + actual["eval"]) == ordered(map(example, rows))
    brands = {
        split: {row.features.feature["brand"].bytes_list.value[0] for row in actual[split]}
        for split in actual
    }
    assert not brands["train"] & brands["eval"]
    assert len(brands["train"] | brands["eval"]) == 20


def test_a_row_without_its_group_or_id_cannot_be_used(folder, tmp_path):
    rows = [{"id": f"row-{number}", "brand": number} for number in range(40)]
    write_tfrecord(folder / "a.gz", [*rows, {"id": "x"}, {"brand": 3}, {"id": "y", "brand": 0.5}])
    arguments = {"partition": "brand", "bad_rows": "skip"}
    artifact, _ = run(tmp_path / "out", str(folder / "*.gz"), "id", 3, 1, **arguments)
    assert artifact.get_int_custom_property("rows_skipped") == 3
    stats = json.loads((tmp_path / "out" / "entity_stats.json").read_text())
    assert {reason: fault["record"] for reason, fault in stats["unusable"].items()} == {
        "has no split feature 'brand'": 41,
        "has no id feature 'id'": 42,
        "has a split feature 'brand' of type float; expected bytes or integer": 43,
    }


@pytest.mark.parametrize("file_format", list(WRITERS))
@pytest.mark.parametrize("id_feature", ["item", None])
def test_files_of_each_split_have_their_own_glob(folder, tmp_path, file_format, id_feature):
    parts = {"train": BOUGHT[:30], "eval": BOUGHT[30:40]}
    for split, rows in parts.items():
        (folder / split).mkdir()
        WRITERS[file_format](folder / split / "a", rows[:5])
        WRITERS[file_format](folder / split / "b", rows[5:])
    patterns = {split: str(folder / split / "*") for split in parts}
    artifact, _ = run(
        tmp_path / "out", patterns, id_feature, file_format=file_format, features=EDGES
    )
    assert artifact_utils.decode_split_names(artifact.split_names) == ["train", "eval"]
    for split, rows in parts.items():
        assert ordered(read(tmp_path / "out", split)) == ordered(map(example, rows))
        assert artifact.get_int_custom_property(f"rows_{split}") == len(rows)


def test_what_is_skipped_is_counted_over_the_files_of_both_splits(folder, tmp_path):
    write_tfrecord(folder / "train.gz", [*BOUGHT[:5], {"user": "u"}])
    write_tfrecord(folder / "eval.gz", [*BOUGHT[5:9], {"user": "u"}, {"user": "u"}])
    patterns = {split: str(folder / f"{split}.gz") for split in ("train", "eval")}
    artifact, _ = run(tmp_path / "out", patterns, "item", bad_rows="skip")
    assert artifact.get_int_custom_property("rows_skipped") == 3
    with pytest.raises(DataError, match=r"3 of 12 rows cannot be used: .*has no id feature 'item'"):
        run(tmp_path / "again", patterns, "item")


def test_both_splits_are_read_at_the_same_span(folder, tmp_path):
    for name in ("train-1", "train-2", "eval-1"):
        write_tfrecord(folder / name, BOUGHT[:3])
    patterns = {split: str(folder / f"{split}-{{SPAN}}") for split in ("train", "eval")}
    with pytest.raises(DataError) as raised:
        run(tmp_path / "out", patterns, None)
    assert str(raised.value) == (
        f"{folder}/train-{{SPAN}} and {folder}/eval-{{SPAN}}: "
        "Latest span should be the same for each split"
    )
    write_tfrecord(folder / "eval-2", BOUGHT[:2])
    artifact, properties = run(tmp_path / "out", patterns, None)
    assert properties["span"] == 2
    assert artifact.get_int_custom_property("rows_eval") == 2


def test_a_split_without_files_or_rows(folder, tmp_path):
    write_tfrecord(folder / "train.gz", BOUGHT[:3])
    patterns = {split: str(folder / f"{split}.gz") for split in ("train", "eval")}
    with pytest.raises(DataError, match=r"in/eval\.gz: no file matches"):
        run(tmp_path / "out", patterns, None)
    write_tfrecord(folder / "eval.gz", [])
    with pytest.raises(
        DataError, match=r"split 'eval' is empty: .* or change the shares or the files$"
    ):
        run(tmp_path / "out", patterns, None)


@pytest.mark.parametrize(
    ("train", "held_out", "base", "relative"),
    [
        ("/a/train/*", "/a/eval/*", "/a", ("train/*", "eval/*")),
        ("/a/*-train", "/a/*-eval", "/a", ("*-train", "*-eval")),
        ("/a/b*/x", "/a/bc/y", "/a", ("b*/x", "bc/y")),
        ("/a/x", "/b/y", "/", ("a/x", "b/y")),
        ("/x", "/a/y", "/", ("x", "a/y")),
        ("gs://a/b/*", "gs://a/c/*", "gs://a", ("b/*", "c/*")),
    ],
)
def test_the_folder_that_the_files_of_both_splits_have_in_common(train, held_out, base, relative):
    actual, config = input_config({"train": train, "eval": held_out})
    assert actual == base
    assert tuple(split.pattern for split in config.splits) == relative


def test_files_of_two_buckets_have_no_folder_in_common():
    with pytest.raises(DataError, match="no folder in common: gs://a and gs://b"):
        EntityGen({"train": "gs://a/x", "eval": "gs://b/x"}, None)


def test_how_rows_are_split_is_in_the_cache_key():
    def key(pattern, id_feature, *shares, partition=None):
        node = EntityGen(pattern, id_feature, *shares, partition=partition)
        return json.dumps(dict(node.exec_properties), sort_keys=True)

    keys = [
        key("/a/*", "id", 3, 1),
        key("/a/*", "id", 3, 1, partition="brand"),
        key("/a/*", "id"),
        key("/a/*", None),
        key({"train": "/a/x", "eval": "/a/y"}, "id"),
        key({"train": "/a/y", "eval": "/a/x"}, "id"),
    ]
    assert len(set(keys)) == len(keys)
