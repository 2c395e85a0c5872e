import gzip
import re
import zlib

import pytest

from relation.core.errors import DataError
from relation.files import tfrecord_reader
from tests.relation_gen.helpers import write

ROWS = [b"%04d" % n * 50 for n in range(1000)]


def rows(path) -> list[bytes]:
    return [record for batch in tfrecord_reader.read_batches(str(path)) for record in batch]


@pytest.mark.parametrize("compression", ["", "GZIP"])
def test_all_records_in_order(tmp_path, compression):
    assert rows(write(tmp_path / "a", ROWS, compression)) == ROWS
    assert rows(write(tmp_path / "empty", [], compression)) == []


def test_batches_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(tfrecord_reader, "BATCH_ROWS", 300)
    path = write(tmp_path / "a", ROWS)
    assert [len(batch) for batch in tfrecord_reader.read_batches(str(path))] == [512, 488]


def test_gzip_of_several_members(tmp_path):
    one, two = write(tmp_path / "1", ROWS).read_bytes(), write(tmp_path / "2", ROWS).read_bytes()
    (tmp_path / "both").write_bytes(one + two)
    assert rows(tmp_path / "both") == ROWS + ROWS


def test_a_gzip_file_cut_anywhere_is_refused(tmp_path):
    data = write(tmp_path / "whole", ROWS).read_bytes()
    plain = gzip.decompress(data)
    # Also one that is cut between records, which TensorFlow takes for a shorter file.
    half = zlib.compressobj(wbits=31)
    between = half.compress(plain[: len(plain) // 2]) + half.flush(zlib.Z_SYNC_FLUSH)
    cuts = [data[:cut] for cut in (3, 9, 11, 50, len(data) // 2, len(data) - 8, len(data) - 1)]
    for index, cut in enumerate([*cuts, between]):
        path = tmp_path / f"cut{index}"
        path.write_bytes(cut)
        with pytest.raises(DataError, match=re.escape(str(path))):
            rows(path)


def test_a_plain_file_that_is_cut_is_refused(tmp_path):
    path = write(tmp_path / "a", ROWS, "")
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DataError, match=r"record 1000: truncated"):
        rows(path)


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,label\n" * 20)
    with pytest.raises(DataError, match=r"a\.csv: record 1: corrupted"):
        rows(path)
    with gzip.open(tmp_path / "b.gz", "wb") as file:
        file.write(b"id,label\n" * 20)
    with pytest.raises(DataError, match=r"b\.gz: record 1: corrupted"):
        rows(tmp_path / "b.gz")
