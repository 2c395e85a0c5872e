"""Rows become tf.Examples, dealt out to files."""

import numpy as np
import pytest
import tensorflow as tf

from demo_data.rows import example, write_rows


def test_types_follow_the_values():
    features = example(
        {
            "text": "Käse",
            "raw": b"\x00\xff",
            "count": 3,
            "numpy": np.int64(4),
            "price": 0.5,
            "several": ["a", "b"],
            "vector": np.array([1.0, 2.0]),
            "none": None,
            "empty": [],
        }
    ).features.feature
    assert {name: feature.WhichOneof("kind") for name, feature in features.items()} == {
        "text": "bytes_list",
        "raw": "bytes_list",
        "count": "int64_list",
        "numpy": "int64_list",
        "price": "float_list",
        "several": "bytes_list",
        "vector": "float_list",
    }
    assert list(features["text"].bytes_list.value) == ["Käse".encode()]
    assert list(features["raw"].bytes_list.value) == [b"\x00\xff"]
    assert list(features["numpy"].int64_list.value) == [4]
    assert list(features["several"].bytes_list.value) == [b"a", b"b"]
    assert list(features["vector"].float_list.value) == [1.0, 2.0]


def test_a_feature_of_two_types_is_refused():
    with pytest.raises(TypeError):
        example({"mixed": [1, "one"]})


def test_rows_are_dealt_out_in_turn(tmp_path):
    write_rows(tmp_path, "n", ({"id": str(i)} for i in range(5)), shards=2)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["n-00000-of-00002.tfrecord.gz", "n-00001-of-00002.tfrecord.gz"]
    actual = [
        [
            tf.train.Example.FromString(record).features.feature["id"].bytes_list.value[0]
            for record in tf.data.TFRecordDataset(str(tmp_path / name), "GZIP").as_numpy_iterator()
        ]
        for name in names
    ]
    assert actual == [[b"0", b"2", b"4"], [b"1", b"3"]]
