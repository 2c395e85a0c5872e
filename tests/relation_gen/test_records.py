import gzip
import itertools
import struct

import google_crc32c
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from components.common import example_wire, tfrecord_writer
from tests.relation_gen.helpers import row, write

ROWS = [row(id=b"%d" % n, x=[n * 0.5] * (n % 40), y=b"\n" * (n * 7 % 300)) for n in range(2000)]
"""Of more lengths than one byte can count."""


def entries(record: bytes) -> list[bytes]:
    """The map entries of an example, one a feature."""
    found = example_wire.features_of(record)
    return [example_wire.entry(name.decode(), feature) for name, feature in found.items()]


def joined(records):
    """The records, taken apart and joined again."""
    return itertools.starmap(example_wire.example, map(entries, records))


def held(path) -> list[bytes]:
    return list(tf.data.TFRecordDataset(str(path), compression_type="GZIP").as_numpy_iterator())


def test_files_hold_what_tensorflow_writes(tmp_path, monkeypatch):
    monkeypatch.setattr(tfrecord_writer, "CHUNK", 50_000)  # Several turns.
    path = tmp_path / "a.gz"
    assert tfrecord_writer.write(str(path), joined(ROWS)) == len(ROWS)
    theirs = write(tmp_path / "b.gz", ROWS)
    assert held(path) == held(theirs) == ROWS
    assert gzip.decompress(path.read_bytes()) == gzip.decompress(theirs.read_bytes())


def test_a_file_without_records(tmp_path):
    path = tmp_path / "a.gz"
    assert tfrecord_writer.write(str(path), []) == 0
    assert held(path) == []
    assert gzip.decompress(path.read_bytes()) == b""


def test_the_same_records_make_the_same_file(tmp_path):
    for name in ("a", "b"):
        tfrecord_writer.write(str(tmp_path / name), ROWS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def masked(data: bytes) -> bytes:
    """The checksum as the format's documentation has it."""
    crc = google_crc32c.value(data)
    return struct.pack("<I", (((crc >> 15) | (crc << 17 & 0xFFFFFFFF)) + 0xA282EAD8) % 2**32)


def test_crc_of_the_standard():
    assert google_crc32c.value(b"123456789") == 0xE3069283  # RFC 3720's check value.
    assert tfrecord_writer._packed(np.array([0xE3069283])) == masked(b"123456789")


@settings(deadline=None)
@given(st.lists(st.lists(st.binary(max_size=200), max_size=4), max_size=12), st.integers(1, 500))
def test_frames_are_those_of_the_format(examples, chunk):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tfrecord_writer, "CHUNK", chunk)
        parts = list(tfrecord_writer.framed(itertools.starmap(example_wire.example, examples)))
    expected = b""
    for some in examples:
        data = example_wire.example(*some)
        size = struct.pack("<Q", len(data))
        expected += size + masked(size) + data + masked(data)
    assert b"".join(data for data, _ in parts) == expected
    assert sum(count for _, count in parts) == len(examples)
    assert all(count for _, count in parts)


def test_chunks_are_bounded():
    sizes = [len(data) for data, _ in tfrecord_writer.framed(b"x" * 1000 for _ in range(5000))]
    assert len(sizes) == 5
    assert max(sizes) < 1.1 * tfrecord_writer.CHUNK


def test_a_fault_of_what_is_written_is_raised(tmp_path):
    def broken():
        yield ROWS[0]
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        tfrecord_writer.write(str(tmp_path / "a"), broken())
    assert not (tmp_path / "a").exists()


def test_records_of_several_calls_follow_each_other(tmp_path):
    path = tmp_path / "new" / "a.gz"
    with tfrecord_writer.RecordWriter(str(path)) as writer:
        for begin, end in ((0, 300), (300, 300), (300, 1999), (1999, 2000)):
            writer.extend(ROWS[begin:end])
        assert not path.exists()
    assert writer.records == 2000
    assert held(path) == ROWS
    assert [file.name for file in path.parent.iterdir()] == ["a.gz"]
