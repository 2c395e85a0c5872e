"""The format of a file by its name."""

import pytest

from components.entity_gen.readers.file_format import format_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.jsonl", "jsonl"), ("a.ndjson.gz", "jsonl"), ("A.CSV", "csv"), ("a.json", None)],
)
def test_the_name_says_the_format(name, expected):
    assert format_of(name) == expected
