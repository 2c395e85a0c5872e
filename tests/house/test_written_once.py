"""What is written once: a format, an algorithm or a library call that has one home."""

import pytest

from tests.house.source_tree import ROOT, modules

HOMES = {
    "0xBF58476D1CE4E5B9": "relation/core/splitmix.py",
    "ExamplesToRecordBatchDecoder": "components/common/rows/example_decoder.py",
    "isal_zlib.compressobj": "components/common/tfrecord_writer.py",
    "data_tfrecord-{": "components/common/tfrecord_writer.py",
}
"""What stands in one file of the product, letters of either case, and the file."""


@pytest.mark.parametrize(("what", "home"), HOMES.items())
def test_it_stands_in_one_file(what, home):
    files = [
        path.relative_to(ROOT).as_posix()
        for path in modules().values()
        if what.lower() in path.read_text().lower()
    ]
    assert files == [home]
