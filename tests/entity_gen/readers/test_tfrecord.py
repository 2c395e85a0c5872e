"""The reader of TFRecord files tells a damaged file from a short one, and names the record."""

import gzip

import pytest
import tensorflow as tf

from components.entity_gen.readers import tfrecord
from relation.core.errors import DataError


def row(number):
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"row-%03d" % number]))
    return tf.train.Example(features=tf.train.Features(feature={"id": feature}))


SIZE = len(row(0).SerializeToString()) + 16
"""Bytes of a row within a file."""


@pytest.fixture
def file(tmp_path):
    """Write a file of the rows 0 to count - 1, and return its path."""

    def write(count, compression="GZIP", records=None):
        path = tmp_path / "rows.gz"
        with tf.io.TFRecordWriter(str(path), compression) as writer:
            for record in records or [row(n).SerializeToString() for n in range(count)]:
                writer.write(record)
        return path

    return write


def read(path):
    return list(tfrecord.read(str(path)))


def cut(path, missing):
    path.write_bytes(path.read_bytes()[:-missing])


@pytest.mark.parametrize("compression", ["", "GZIP"])
@pytest.mark.parametrize("count", [0, 1, 512, 513])
def test_all_rows_in_order(file, count, compression):
    assert read(file(count, compression)) == [row(number) for number in range(count)]


def test_gzip_of_several_members(file):
    path = file(3)
    path.write_bytes(path.read_bytes() * 2)
    assert read(path) == [row(number) for number in (0, 1, 2, 0, 1, 2)]


@pytest.mark.parametrize("missing", [1, 8, 12, 60])
def test_truncated_gzip(file, missing):
    path = file(40)
    cut(path, missing)
    with pytest.raises(DataError, match=r"rows\.gz: truncated gzip: it ends after \d+ unpacked"):
        read(path)


def test_damaged_gzip(file):
    path = file(40)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"rows\.gz: (damaged|truncated) gzip"):
        read(path)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (1, r"rows\.gz: record 3: truncated"),
        (SIZE - 12, r"rows\.gz: record 3: truncated"),
        # Only 4 bytes of the third record are left: TensorFlow calls that the end of the file.
        (SIZE - 4, r"rows\.gz: record 3: truncated"),
    ],
)
def test_truncated_plain_file(file, missing, message):
    path = file(3, compression="")
    cut(path, missing)
    with pytest.raises(DataError, match=message):
        read(path)


def test_no_tfrecord_file(tmp_path):
    path = tmp_path / "rows.gz"
    path.write_text("id,label\n1,2\n3,4\n5,6\n")
    with pytest.raises(DataError, match=r"rows\.gz: record 1: corrupted; is it a TF"):
        read(path)
    path.write_bytes(gzip.compress(b"short"))
    with pytest.raises(DataError, match=r"rows\.gz: record 1: truncated"):
        read(path)


def test_a_damaged_record_is_named_by_its_number(file):
    path = file(600, compression="")
    content = bytearray(path.read_bytes())
    content[550 * SIZE + 20] ^= 1  # A byte of the 551st record; batches are of 512.
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"rows\.gz: record 551: corrupted"):
        read(path)


def test_a_record_that_is_no_example(file):
    records = [row(0).SerializeToString(), b"\xff\xff\xff", row(2).SerializeToString()]
    assert read(file(3, records=records)) == [row(0), "is not a tf.Example", row(2)]
