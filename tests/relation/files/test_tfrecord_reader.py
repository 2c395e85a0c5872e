"""Hostile TFRecord files: one sentence, in bounded time and memory; nothing kills the process."""

import gzip
import struct

import google_crc32c
import pytest

from relation.core.errors import DataError
from relation.files import tfrecord_reader
from tests.common.bounded import python


def masked(data: bytes) -> bytes:
    """A checksum as TFRecord masks it: turned right by 15 bits, plus a constant."""
    crc = google_crc32c.value(data)
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def header(length: int) -> bytes:
    packed = struct.pack("<Q", length)
    return packed + masked(packed)


def frame(data: bytes) -> bytes:
    return header(len(data)) + data + masked(data)


GOOD = b"".join(frame(b"row %d" % number) for number in range(3))
LONGEST = tfrecord_reader.MAX_RECORD


def refusal(path) -> str:
    with pytest.raises(DataError) as raised:
        list(tfrecord_reader.read_batches(str(path)))
    text = str(raised.value)
    assert text.startswith(f"{path}: ")
    assert len(text.splitlines()) == 1
    return text.removeprefix(f"{path}: ")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("length", [LONGEST + 1, 2**31, 2**40, 2**62, 2**63, 2**64 - 1, 2**64 - 16])
def test_a_record_that_claims_too_much(tmp_path, pack, length):
    path = tmp_path / "a"
    path.write_bytes(pack(GOOD + header(length) + b"data"))
    assert refusal(path) == (f"record 4: claims {length} bytes; expected at most {LONGEST}")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (GOOD + header(LONGEST) + b"data", "record 4: truncated; is it a TFRecord file?"),
        (GOOD[:-1], "record 3: truncated; is it a TFRecord file?"),
        (GOOD + b"\0", "record 4: truncated; is it a TFRecord file?"),
        (GOOD + header(5)[:11], "record 4: truncated; is it a TFRecord file?"),
        (b"id,label\n1,2\n3,4\n", "record 1: corrupted; is it a TFRecord file?"),
        (b"\0" * 64, "record 1: corrupted; is it a TFRecord file?"),
        (GOOD[:25] + b"?" + GOOD[26:], "record 2: corrupted; is it a TFRecord file?"),
        (frame(b"a") + header(1) + b"b" + masked(b"a"), "record 2: corrupted; is it a TFRecord file?"),
        (frame(b"a") + header(1)[:8] + b"1234" + b"b", "record 2: corrupted; is it a TFRecord file?"),
    ],
)  # fmt: skip
def test_damage_is_named_by_its_record(tmp_path, pack, content, reason):
    path = tmp_path / "a"
    path.write_bytes(pack(content))
    assert refusal(path) == reason


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_records_before_the_damage_are_read(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(tfrecord_reader, "BATCH_ROWS", 256)
    rows = [b"%d" % number for number in range(300)]
    path = tmp_path / "a"
    path.write_bytes(pack(b"".join(map(frame, rows)) + header(2**62)))
    read = tfrecord_reader.read_batches(str(path))
    assert next(read) == rows[:256]
    with pytest.raises(DataError, match="record 301: claims"):
        next(read)


@pytest.mark.parametrize("chunk", [1, 7, 12, 16, 64])
def test_records_may_lie_across_chunks(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(tfrecord_reader, "CHUNK", chunk)
    rows = [b"", b"a", b"b" * 100, b"", b"c" * 13]
    path = tmp_path / "a"
    path.write_bytes(b"".join(map(frame, rows)))
    assert [row for batch in tfrecord_reader.read_batches(str(path)) for row in batch] == rows


def test_a_file_that_cannot_be_opened(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert refusal(tmp_path / "loop").startswith("cannot be read: ")
    assert refusal(tmp_path / "none").startswith("cannot be read: ")
    assert refusal(tmp_path).startswith("cannot be read: ")


READ = """
import resource, sys
from relation.files.tfrecord_reader import read_batches
from relation.core.errors import DataError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    sum(map(len, read_batches(sys.argv[1])))
except DataError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_small_file_that_unpacks_to_much_is_read_in_bounded_memory(tmp_path):
    path = tmp_path / "bomb.gz"
    record = frame(bytes(2**18))
    with gzip.open(path, "wb", 1) as file:
        for _ in range(1600):
            file.write(record)
        file.write(header(2**40))
    assert path.stat().st_size < 2**22
    result = python(READ, str(path))
    assert result.returncode == 0, result.stderr
    message, megabytes = result.stdout.splitlines()
    assert "record 1601: claims 1099511627776 bytes" in message
    assert int(megabytes) < 200
