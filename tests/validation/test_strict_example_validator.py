"""Real rows through StatisticsGen's executor, then StrictExampleValidator's."""

import json
import re

import pytest
import tensorflow as tf
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import types
from tfx.components.statistics_gen import executor as statistics_executor
from tfx.types import standard_artifacts

from components.validation.component import StrictExampleValidator
from relation.core.errors import DataError

SCHEMA = """
feature {
  name: "label" type: INT presence { min_fraction: 1.0 min_count: 1 }
  value_count { min: 1 max: 1 } int_domain { min: 0 max: 9 }
}
feature {
  name: "weight" type: FLOAT presence { min_fraction: 1.0 min_count: 1 }
  value_count { min: 1 max: 1 } float_domain { disallow_nan: true }
}
"""


def example(label=1, weight=0.5):
    features = {}
    if isinstance(label, bytes):
        features["label"] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[label]))
    elif label is not None:
        features["label"] = tf.train.Feature(int64_list=tf.train.Int64List(value=[label]))
    if weight is not None:
        features["weight"] = tf.train.Feature(float_list=tf.train.FloatList(value=[weight]))
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


GOOD = [example(label=n) for n in range(10)]


SPLITS = {
    "good": GOOD,
    "also_good": GOOD,
    "some_without_label": [*GOOD, example(label=None)],
    "label_is_text": [example(label=b"seven")] * 3,
    "label_too_large": [*GOOD, example(label=11)],
    "weight_nan": [*GOOD, example(weight=float("nan"))],
    "no_weight": [example(weight=None)] * 3,
}


@pytest.fixture(scope="module")
def statistics(tmp_path_factory):
    """Compute the statistics of all splits by TFX."""
    folder = tmp_path_factory.mktemp("validation")
    examples, result = standard_artifacts.Examples(), standard_artifacts.ExampleStatistics()
    examples.uri, result.uri = str(folder / "examples"), str(folder / "statistics")
    examples.split_names = json.dumps(list(SPLITS))
    examples.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
    examples.span = 0
    for split, rows in SPLITS.items():
        path = folder / "examples" / f"Split-{split}"
        path.mkdir(parents=True)
        name = str(path / "data_tfrecord-00000-of-00001.gz")
        with tf.io.TFRecordWriter(name, "GZIP") as writer:
            for row in rows:
                writer.write(row)
    statistics_executor.Executor().Do({"examples": [examples]}, {"statistics": [result]}, {})
    return result


@pytest.fixture
def validate(statistics, tmp_path):
    """Run StrictExampleValidator on some of the splits; return the anomalies artifact."""

    def run(*splits, **parameters):
        schema, anomalies = standard_artifacts.Schema(), standard_artifacts.ExampleAnomalies()
        schema.uri, anomalies.uri = str(tmp_path / "schema"), str(tmp_path / "anomalies")
        (tmp_path / "schema").mkdir()
        (tmp_path / "schema" / "schema.pbtxt").write_text(SCHEMA)
        node = StrictExampleValidator(
            types.Channel(type=standard_artifacts.ExampleStatistics),
            types.Channel(type=standard_artifacts.Schema),
            exclude_splits=[split for split in SPLITS if split not in splits],
            **parameters,
        )
        node.executor_spec.executor_class().Do(
            {"statistics": [statistics], "schema": [schema]},
            {"anomalies": [anomalies]},
            node.exec_properties,
        )
        return anomalies

    return run


def read_anomalies(folder, split):
    content = (folder / "anomalies" / f"Split-{split}" / "SchemaDiff.pb").read_bytes()
    return anomalies_pb2.Anomalies.FromString(content)


def test_all_is_well_in_the_splits_that_are_not_excluded(validate, tmp_path):
    artifact = validate("good", "also_good")
    assert json.loads(artifact.split_names) == ["good", "also_good"]
    assert artifact.get_json_value_custom_property("blessed") == {"good": 1, "also_good": 1}
    assert not read_anomalies(tmp_path, "good").anomaly_info


@pytest.mark.parametrize(
    ("split", "feature", "text"),
    [
        ("some_without_label", "label", r"Column dropped — .*fraction"),
        ("label_is_text", "label", "Expected data of type: INT but got STRING"),
        ("label_too_large", "label", r"Out-of-range values — Unexpectedly large value: 11"),
        ("weight_nan", "weight", r"Invalid values — .*NaN"),
        ("no_weight", "weight", r"Column dropped — .*completely missing"),
    ],
)
def test_an_anomaly_stops_the_run_and_is_written(validate, tmp_path, split, feature, text):
    with pytest.raises(DataError) as raised:
        validate("good", split, title="rows of 'item'")
    first, line = str(raised.value).split("\n")
    assert first == "the rows of 'item' do not match the schema, 1 anomaly:"
    assert line.startswith(f"  split '{split}': feature '{feature}': ")
    assert re.search(text, line), line
    assert list(read_anomalies(tmp_path, split).anomaly_info) == [feature]


def test_several_splits(validate):
    with pytest.raises(DataError) as raised:
        validate("weight_nan", "label_too_large")
    first, *lines = str(raised.value).split("\n")
    assert "2 anomalies" in first
    splits = [line.split(":")[0] for line in lines]
    assert splits == ["  split 'label_too_large'", "  split 'weight_nan'"]


def test_twice_in_a_pipeline():
    channels = (
        types.Channel(type=standard_artifacts.ExampleStatistics),
        types.Channel(type=standard_artifacts.Schema),
    )
    ids = [
        StrictExampleValidator(*channels).with_id(name).id
        for name in ("EntityValidator", "TupleValidator")
    ]
    assert ids == ["EntityValidator", "TupleValidator"]


def test_cache_key_follows_the_code():
    channels = (
        types.Channel(type=standard_artifacts.ExampleStatistics),
        types.Channel(type=standard_artifacts.Schema),
    )
    node = StrictExampleValidator(*channels, exclude_splits=("a",), code_fingerprint="f00")
    assert node.exec_properties == {
        "exclude_splits": '["a"]',
        "title": "examples",
        "code_fingerprint": "f00",
    }
