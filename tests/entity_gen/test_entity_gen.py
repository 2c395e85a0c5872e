"""EntityGen with TFX's driver and our executor, on files in a temporary folder."""

import hashlib
import json

import pytest
import tensorflow as tf
from tfx.components.example_gen import driver
from tfx.orchestration import data_types
from tfx.types import standard_artifacts

from components.entity_gen import component
from relation.core.errors import DataError


def row(number, **features):
    """Make a row with an id of bytes, unless the features replace it."""
    example = tf.train.Example()
    for name, values in {"id": [b"row-%03d" % number], "x": [number], **features}.items():
        feature = example.features.feature[name]
        if values and isinstance(values[0], bytes):
            feature.bytes_list.value.extend(values)
        elif values and isinstance(values[0], float):
            feature.float_list.value.extend(values)
        elif values:
            feature.int64_list.value.extend(values)
    return example.SerializeToString(deterministic=True)


def write(path, records, compression="GZIP"):
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for record in records:
            writer.write(record)


def read(folder):
    paths = [str(path) for path in folder.iterdir()]
    records = tf.data.TFRecordDataset(paths, "GZIP").as_numpy_iterator()
    examples = [tf.train.Example.FromString(record) for record in records]
    return sorted(example.SerializeToString(deterministic=True) for example in examples)


def run(tmp_path, pattern="*.gz", **parameters):
    """Run driver and executor as the launchers do; return the artifact and its folder."""
    arguments = {"id_feature": "id", "train": 3, "eval": 1, **parameters}
    node = component.EntityGen(str(tmp_path / "in" / pattern), **arguments)
    properties = resolve(node)
    artifact = standard_artifacts.Examples()
    artifact.uri = str(tmp_path / "out")
    node.executor_spec.executor_class().Do({}, {"examples": [artifact]}, properties)
    return artifact, tmp_path / "out"


def resolve(node):
    info = data_types.PipelineInfo("p", "r")
    return driver.FileBasedDriver(None).resolve_exec_properties(
        dict(node.exec_properties), info, data_types.ComponentInfo("", "", info)
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def bucket(number):
    """The hash bucket of four of a row, worked out from TFX's definition: sha256 of its id."""
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"row-%03d" % number]))
    return int(hashlib.sha256(feature.SerializeToString(deterministic=True)).hexdigest(), 16) % 4


def test_rows_are_split_by_their_id_and_the_contract_of_the_artifact_is_kept(folder, tmp_path):
    write(folder / "a.gz", [row(number) for number in range(20)])
    write(folder / "b.gz", [row(number) for number in range(20, 40)], compression="")
    artifact, out = run(tmp_path)
    expected = {"train": [], "eval": []}
    for number in range(40):
        expected["train" if bucket(number) < 3 else "eval"].append(row(number))
    assert read(out / "Split-train") == sorted(expected["train"])
    assert read(out / "Split-eval") == sorted(expected["eval"])
    assert artifact.get_int_custom_property("rows_train") == len(expected["train"])
    assert artifact.get_int_custom_property("rows_eval") == len(expected["eval"])
    assert artifact.get_int_custom_property("rows_skipped") == 0
    assert json.loads(artifact.split_names) == ["train", "eval"]
    assert artifact.get_string_custom_property("payload_format") == "FORMAT_TF_EXAMPLE"
    assert artifact.get_string_custom_property("file_format") == "tfrecords_gzip"
    assert sorted(path.name for path in out.iterdir()) == [
        "Split-eval",
        "Split-train",
        "entity_stats.json",
    ]
    for split in ("train", "eval"):
        names = [path.name for path in (out / f"Split-{split}").iterdir()]
        assert names == ["data_tfrecord-00000-of-00001.gz"]


def test_a_third_share_tests(folder, tmp_path):
    write(folder / "a.gz", [row(number) for number in range(40)])
    artifact, out = run(tmp_path, train=1, eval=1, test=2)
    names = ("train", "eval", "test", "test")
    expected = {
        name: sorted(row(n) for n in range(40) if names[bucket(n)] == name) for name in names
    }
    assert {name: read(out / f"Split-{name}") for name in names} == expected
    assert json.loads(artifact.split_names) == ["train", "eval", "test"]


def test_cache_key_follows_files_code_and_parameters(folder, tmp_path):
    write(folder / "a.gz", [row(1)])
    pattern = str(folder / "*.gz")

    def key(code="", bad_rows="fail"):
        node = component.EntityGen(pattern, "id", 3, 1, code, bad_rows=bad_rows)
        return json.dumps(resolve(node), sort_keys=True)

    first = key()
    assert key() == first
    assert key(code="edited") != first
    assert key(bad_rows="skip") != first
    write(folder / "b.gz", [row(2)])
    assert key() != first


def test_node_id():
    node = component.EntityGen("/data/*.gz", "id", 3, 1)
    assert node.id == "EntityGen"
    assert list(node.outputs) == ["examples"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/data/digits/*.tfrecord.gz", ("/data/digits", "*.tfrecord.gz")),
        ("/data/*/part-?.gz", ("/data", "*/part-?.gz")),
        ("/data/span-{SPAN}/x.gz", ("/data", "span-{SPAN}/x.gz")),
        ("/data/rows.gz", ("/data", "rows.gz")),
        ("/*.gz", ("/", "*.gz")),
        ("rows.gz", (".", "rows.gz")),
        ("gs://bucket/a/*.gz", ("gs://bucket/a", "*.gz")),
    ],
)
def test_split_pattern(pattern, expected):
    assert component.split_pattern(pattern) == expected


def test_no_file_matches(folder, tmp_path):
    with pytest.raises(DataError, match=r"in/\*\.gz: no file matches"):
        run(tmp_path)
    folder.rmdir()
    with pytest.raises(DataError, match=r"in/\*\.gz: no file matches"):
        run(tmp_path)


def test_files_without_rows(folder, tmp_path):
    write(folder / "a.gz", [])
    with pytest.raises(DataError, match=r"the files hold no usable rows \(0 could"):
        run(tmp_path)


def test_a_split_without_rows(folder, tmp_path):
    numbers = [number for number in range(40) if bucket(number) == 3][:2]
    write(folder / "a.gz", [row(number) for number in numbers])
    with pytest.raises(DataError, match="split 'train' is empty: the 2 rows all fell"):
        run(tmp_path)


def test_several_broken_files_are_counted(folder, tmp_path):
    for name in ("c.gz", "b.gz"):
        (folder / name).write_text("this is not a TFRecord file")
    write(folder / "a.gz", [row(number) for number in range(40)])
    with pytest.raises(DataError, match=r"2 files are broken, the first is .*b\.gz: record 1"):
        run(tmp_path)


def test_all_rows_that_cannot_be_used_are_counted_by_reason(folder, tmp_path):
    nothing, floating = b"", row(0, id=[1.0])
    write(folder / "a.gz", [row(number) for number in range(40)])
    write(folder / "b.gz", [row(40), nothing, nothing, floating, nothing])
    with pytest.raises(DataError) as raised:
        run(tmp_path)
    first = folder / "b.gz"
    assert str(raised.value) == (
        f"4 of 45 rows cannot be used: {first}: record 4 has an id feature 'id' of type float; "
        f"expected bytes or integer; {first}: record 2 has no id feature 'id', as 2 rows more"
    )


def test_unusable_rows_are_counted_with_bad_rows_skip(folder, tmp_path):
    write(folder / "a.gz", [*(row(number) for number in range(40)), b"", b"\xff\xff\xff"])
    artifact, out = run(tmp_path, bad_rows="skip")
    assert len(read(out / "Split-train")) + len(read(out / "Split-eval")) == 40
    assert artifact.get_int_custom_property("rows_skipped") == 2
    stats = json.loads((out / "entity_stats.json").read_text())
    assert stats["unusable"]["has no id feature 'id'"] == {
        "count": 1,
        "file": str(folder / "a.gz"),
        "record": 41,
    }


def test_unknown_file_format():
    with pytest.raises(DataError, match="file format: got 'csvv'; expected one of"):
        component.EntityGen("/data/*", "id", 3, 1, file_format="csvv")
