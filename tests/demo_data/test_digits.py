"""The digits on disk are those of scikit-learn, to the last pixel."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from sklearn.datasets import load_digits

from demo_data import digits


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits")
    digits.write(folder)
    return folder


def read(folder):
    paths = sorted(str(path) for path in folder.iterdir())
    records = tf.data.TFRecordDataset(paths, "GZIP").as_numpy_iterator()
    return [tf.train.Example.FromString(record).features.feature for record in records]


def test_four_shards_share_the_rows(folder):
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"digits-0000{shard}-of-00004.tfrecord.gz" for shard in range(4)]
    rows = [row["id"].bytes_list.value[0] for row in read(folder)]
    assert rows[:3] == [b"digit-0000", b"digit-0004", b"digit-0008"]
    assert sorted(rows) == [b"digit-%04d" % row for row in range(1797)]


def test_images_and_labels_are_the_original_ones(folder):
    original = load_digits()
    for row in read(folder):
        number = int(row["id"].bytes_list.value[0][-4:])
        image = Image.open(io.BytesIO(row["image"].bytes_list.value[0]))
        assert (image.format, image.mode, image.size) == ("PNG", "L", (8, 8))
        pixels = np.rint(np.asarray(image) * (16 / 255))
        np.testing.assert_array_equal(pixels, original.images[number])
        assert list(row["label"].int64_list.value) == [original.target[number]]


def test_grey_values_span_the_whole_range():
    image = Image.open(io.BytesIO(digits.encode(np.array([[0.0, 1.0, 15.0, 16.0]]))))
    assert np.asarray(image).tolist() == [[0, 16, 239, 255]]


def test_the_same_bytes_every_time(folder, tmp_path):
    digits.write(tmp_path)
    for path in folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
