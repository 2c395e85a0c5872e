"""EntityGen gives the same Examples for every format of the same rows."""

import csv
import gzip
import hashlib
import json

import pyarrow as pa
import pytest
import tensorflow as tf
from pyarrow import parquet
from tfx.orchestration import data_types
from tfx.types import standard_artifacts

from components.entity_gen.component import EntityGen
from relation.core.errors import DataError

FEATURES = {"id": "bytes", "n": "int", "x": "float"}
ROWS = [
    {"id": f"row, {number}\n🐈\u200b", "n": number, "x": number / 4 if number % 3 else None}
    for number in range(40)
]


def example(row, id_type="bytes"):
    features = {} if row["x"] is None else {"x": tf.train.Feature(float_list={"value": [row["x"]]})}
    number = tf.train.Feature(int64_list={"value": [row["n"]]})
    name = tf.train.Feature(bytes_list={"value": [row["id"].encode()]})
    features |= {"n": number, "id": name if id_type == "bytes" else number}
    return tf.train.Example(features=tf.train.Features(feature=features))


def write_tfrecord(path, rows, id_type):
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for row in rows:
            writer.write(example(row, id_type).SerializeToString())


def write_csv(path, rows, id_type, open_file=open):
    with open_file(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["x", "not in the schema", "id", "n"])
        for row in rows:
            writer.writerow([row["x"], "?", row["id" if id_type == "bytes" else "n"], row["n"]])


def write_csv_gz(path, rows, id_type):
    write_csv(path, rows, id_type, gzip.open)


def write_parquet(path, rows, id_type):
    ids = [row["id" if id_type == "bytes" else "n"] for row in rows]
    columns = {name: [row[name] for row in rows] for name in ("n", "x")}
    parquet.write_table(pa.table({**columns, "other": ids, "id": ids}), path)


def run(pattern, out, **parameters):
    """Run driver and executor as the launchers do; return the artifact."""
    node = EntityGen(str(pattern), "id", 3, 1, **parameters)
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
    return sorted(
        tf.train.Example.FromString(record).SerializeToString(deterministic=True)
        for record in tf.data.TFRecordDataset(paths, "GZIP").as_numpy_iterator()
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.mark.parametrize("id_type", ["bytes", "int"])
@pytest.mark.parametrize(
    ("file_format", "write"),
    [("csv", write_csv), ("csv", write_csv_gz), ("parquet", write_parquet)],
)
def test_the_same_rows_as_tfrecord_files_give(folder, tmp_path, file_format, write, id_type):
    for name, rows in (("a", ROWS[:15]), ("b", ROWS[15:])):
        write(folder / f"{name}.table", rows, id_type)
        write_tfrecord(folder / f"{name}.gz", rows, id_type)
    run(folder / "*.gz", tmp_path / "expected")
    run(
        folder / "*.table",
        tmp_path / "out",
        file_format=file_format,
        features={**FEATURES, "id": id_type},
    )
    actual = {split: read(tmp_path / "out", split) for split in ("train", "eval")}
    assert actual == {split: read(tmp_path / "expected", split) for split in ("train", "eval")}
    assert sorted(actual["train"] + actual["eval"]) == sorted(
        example(row, id_type).SerializeToString(deterministic=True) for row in ROWS
    )


def test_images_in_folders_of_classes(folder, tmp_path):
    expected = []
    for number in range(40):
        label = "cat" if number % 2 else "dög"
        (folder / label).mkdir(exist_ok=True)
        image = b"\x89PNG\r\n\x1a\n" + bytes([number, 0, 255])
        (folder / label / f"{number}.PNG").write_bytes(image)
        features = {"id": f"{label}/{number}.PNG".encode(), "image": image, "label": label.encode()}
        example_proto = tf.train.Example()
        for name, value in features.items():
            example_proto.features.feature[name].bytes_list.value.append(value)
        expected.append(example_proto.SerializeToString(deterministic=True))
    (folder / "cat" / "Thumbs.db").write_bytes(b"x")
    (folder / "dög" / "notes.txt").write_bytes(b"x")
    artifact, _ = run(folder / "*" / "*", tmp_path / "out", file_format="image_folder")
    actual = read(tmp_path / "out", "train") + read(tmp_path / "out", "eval")
    assert sorted(actual) == sorted(expected)
    assert artifact.get_int_custom_property("rows_skipped") == 2
    stats = json.loads((tmp_path / "out" / "entity_stats.json").read_text())
    assert stats["unusable"] == {}
    assert stats["left_out"] == {
        "not_an_image_file": {"count": 2, "file": str(folder / "cat" / "Thumbs.db"), "record": 1}
    }


def test_files_that_no_person_put_there_are_left_out_and_counted(folder, tmp_path):
    strays = [
        ".ipynb_checkpoints/9-checkpoint.png",
        "__MACOSX/._cat.png",
        "cat/._0.png",
        "cat/.DS_Store",
    ]
    for name in [*strays, "cat/Thumbs.db", "cat/desktop.ini"]:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    for number in range(40):
        (folder / "cat" / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "cat" / "again").symlink_to(folder)
    artifact, _ = run(folder / "*" / "*", tmp_path / "out", file_format="image_folder")
    rows = read(tmp_path / "out", "train") + read(tmp_path / "out", "eval")
    examples = [tf.train.Example.FromString(row).features.feature for row in rows]
    assert {label for row in examples for label in row["label"].bytes_list.value} == {b"cat"}
    assert len(rows) == 40
    assert artifact.get_int_custom_property("rows_skipped") == 6
    stats = json.loads((tmp_path / "out" / "entity_stats.json").read_text())
    counts = {reason: left_out["count"] for reason, left_out in stats["left_out"].items()}
    assert counts == {"hidden_or_system_file": 4, "not_an_image_file": 2}


def test_hidden_files_of_every_format_are_left_out(tmp_path):
    folder = tmp_path / ".cache" / "in"  # That this is hidden says nothing about its files.
    folder.mkdir(parents=True)
    write_csv(folder / "a.csv", ROWS, "bytes")
    (folder / "._a.csv").write_bytes(b"\0\5\x16\7")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "a-checkpoint.csv").write_bytes(b"id,n,x\nagain,1,2\n")
    artifact, _ = run(folder / "*.csv", tmp_path / "out", file_format="csv", features=FEATURES)
    assert artifact.get_int_custom_property("rows_skipped") == 1
    assert len(read(tmp_path / "out", "train") + read(tmp_path / "out", "eval")) == 40


def test_ids_of_images_are_relative_to_the_folder_before_the_first_wildcard(tmp_path):
    folder = tmp_path / "a [x]"
    (folder / "cat").mkdir(parents=True)
    for number in range(40):
        (folder / "cat" / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    run(f"{tmp_path}/a [[]x]/*/*", tmp_path / "out", file_format="image_folder")
    rows = read(tmp_path / "out", "train") + read(tmp_path / "out", "eval")
    ids = {
        tf.train.Example.FromString(row).features.feature["id"].bytes_list.value[0] for row in rows
    }
    assert ids == {b"cat/%d.png" % number for number in range(40)}


def test_a_link_to_itself_is_a_broken_file(folder, tmp_path):
    write_csv(folder / "a.csv", ROWS, "bytes")
    (folder / "b.csv").symlink_to(folder / "b.csv")
    with pytest.raises(DataError, match=r"a file cannot be read: \S+b\.csv; Too many levels"):
        run(folder / "*.csv", tmp_path / "out", file_format="csv", features=FEATURES)


def test_a_folder_without_images_says_why(folder, tmp_path):
    (folder / "cat").mkdir()
    (folder / "cat" / "1.webp").write_bytes(b"x")
    with pytest.raises(
        DataError, match=r"no usable rows \(1 could not be used: not_an_image_file 1\)$"
    ):
        run(folder / "*" / "*", tmp_path / "out", file_format="image_folder")


@pytest.fixture
def faulty(folder):
    write_csv(folder / "a.csv", ROWS, "int")
    with open(folder / "a.csv", "a") as file:
        file.write("0.5,?,40,4O\r\n0.5,?,41,4l\r\n0.5,?,,42\r\n0.5,?\r\n")
    return folder / "*.csv"


def test_values_that_are_none_of_their_type_stop_the_run(faulty, tmp_path):
    with pytest.raises(DataError) as raised:
        run(faulty, tmp_path / "out", file_format="csv", features={**FEATURES, "id": "int"})
    file = tmp_path / "in" / "a.csv"
    assert str(raised.value) == (
        f"4 of 44 rows cannot be used: {file}: line 42, column 'n': got '4O'; expected an integer "
        f"of 64 bits (INT in the schema), as 1 row more; {file}: line 45: 2 cells; expected 4, as "
        f"in the header; {file}: record 43 has no id feature 'id'"
    )


def test_values_of_a_wrong_type_are_counted_with_bad_rows_skip(faulty, tmp_path):
    artifact, _ = run(
        faulty,
        tmp_path / "out",
        file_format="csv",
        features={**FEATURES, "id": "int"},
        bad_rows="skip",
    )
    assert artifact.get_int_custom_property("rows_skipped") == 4
    rows = [artifact.get_int_custom_property(f"rows_{split}") for split in ("train", "eval")]
    assert sum(rows) == 40


def test_broken_files_stop_the_run_whatever_is_skipped(folder, tmp_path):
    (folder / "a.csv").write_bytes(b"id,n,x\n\xff,1,2\n")
    with pytest.raises(DataError, match=r"a\.csv: line 2: byte 0xff at 1 is not UTF-8"):
        run(
            folder / "*.csv",
            tmp_path / "out",
            file_format="csv",
            features=FEATURES,
            bad_rows="skip",
        )


def test_the_types_are_in_the_cache_key():
    def key(**features):
        node = EntityGen("/data/*.csv", "id", 3, 1, file_format="csv", features=features)
        return node.exec_properties["custom_config"]

    assert key(id="int") == key(id="int")
    assert key(id="int") != key(id="bytes")


@pytest.mark.parametrize(
    ("pattern", "names", "span", "version", "latest"),
    [
        ("{SPAN}/*.csv", ["2/a.csv", "10/a.csv", "9/a.csv"], 10, None, "10"),
        ("{SPAN}-{VERSION}/*.csv", ["1-3/a.csv", "2-9/a.csv", "2-10/a.csv"], 2, 10, "2-10"),
        # Days since 1970: 31 January and 1 February 2024.
        ("{YYYY}-{MM}-{DD}/*.csv", ["2024-01-31/a.csv", "2024-02-01/a.csv"], 19754, None, "2024-02-01"),
    ],
)  # fmt: skip
def test_the_latest_span_is_read(folder, tmp_path, pattern, names, span, version, latest):
    for name in names:
        (folder / name).parent.mkdir()
        rows = ROWS if name.startswith(latest) else ROWS[:3]
        write_csv(folder / name, rows, "bytes")
    _, properties = run(folder / pattern, tmp_path / "out", file_format="csv", features=FEATURES)
    assert (properties["span"], properties["version"]) == (span, version)
    actual = read(tmp_path / "out", "train") + read(tmp_path / "out", "eval")
    assert len(actual) == len(ROWS)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("span-{SPAN}/*.csv", None),
        ("span-{SPAN}/*.csv", "span-x/a.csv"),
        ("{YYYY}-{MM}-{DD}/*.csv", "2024-02-31/a.csv"),
    ],
)
def test_a_span_that_cannot_be_resolved(folder, tmp_path, pattern, name):
    if name is not None:
        (folder / name).parent.mkdir()
        (folder / name).write_text("")
    with pytest.raises(DataError) as raised:
        run(folder / pattern, tmp_path / "out", file_format="csv", features=FEATURES)
    assert str(raised.value).startswith(
        f"{folder / pattern}: no file matches the pattern with its span, date"
    )


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("/data/{SPAN}/{YYYY}-{MM}-{DD}/*", "span spec or date specs must be specified exclusively"),
        ("/data/{YYYY}-{MM}/*", "Exactly one of each date spec"),
        ("/data/{VERSION}/*", "Version spec provided, but Span or Date spec is not present"),
        ("/data/{SPAN}/{DATE}/*", r"/data/\{SPAN\}/\{DATE\}/\*: got '\{DATE\}'; expected \{SPAN\}, \{VERSION\}"),
    ],
)  # fmt: skip
def test_patterns_that_make_no_sense(pattern, message):
    with pytest.raises(DataError, match=message):
        EntityGen(pattern, "id", 3, 1)


def test_rows_without_an_id_get_a_hash_of_their_features(folder, tmp_path):
    lines = [f"{number % 30},{number % 30}.5,{number}" for number in range(40)]
    (folder / "a.csv").write_text("\n".join(["n,x,not in the schema", *lines, ""]))
    types = {"n": "int", "x": "float"}
    run(folder / "*.csv", tmp_path / "out", file_format="csv", features=types, derive_id=True)
    rows = read(tmp_path / "out", "train") + read(tmp_path / "out", "eval")
    examples = [tf.train.Example.FromString(row).features.feature for row in rows]
    by_n = {}
    for row in examples:
        by_n.setdefault(row["n"].int64_list.value[0], set()).add(row["id"].bytes_list.value[0])
    assert len(rows) == 40
    assert {len(ids) for ids in by_n.values()} == {1}
    assert len(set.union(*by_n.values())) == 30
    # SHA-256 of the row {n: 7, x: 7.5}, worked out by hashlib over its serialized tf.Example.
    alone = tf.train.Example()
    alone.features.feature["n"].int64_list.value.append(7)
    alone.features.feature["x"].float_list.value.append(7.5)
    digest = hashlib.sha256(alone.SerializeToString(deterministic=True)).hexdigest()
    assert by_n[7] == {digest[:32].encode()}
