"""JSON lines: values by the schema's types, lists, missing values; bad lines are bad rows."""

import gzip

import pytest

from components.entity_gen.readers import json_lines
from components.entity_gen.records import ColumnTypes, Fault, ReadOptions
from relation.core.errors import DataError

OPTIONS = ReadOptions({"id": "bytes", "n": "int", "x": "float", "tags": "bytes"})


def read(tmp_path, text, options=OPTIONS, name="rows.jsonl"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(json_lines.read(str(path), options))


def values(row):
    return {
        name: list(getattr(feature, feature.WhichOneof("kind")).value)
        for name, feature in row.features.feature.items()
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"id": "a", "n": 3, "x": 0.5, "tags": ["t", "é"]}', {"id": [b"a"], "n": [3], "x": [0.5], "tags": [b"t", "é".encode()]}),
        ('{"id": "a\\n\\u00e9", "n": null, "tags": [], "more": {"a": 1}}', {"id": ["a\né".encode()]}),
        ('{"id": 7, "n": true, "x": 3}', {"id": [b"7"], "n": [1], "x": [3.0]}),
        ('{"id": "a", "n": "12", "x": "1e3"}', {"id": [b"a"], "n": [12], "x": [1000.0]}),
        ('{"id": "a", "n": -9223372036854775808}', {"id": [b"a"], "n": [-(2**63)]}),
        ('{"id": ""}', {"id": [b""]}),
        ("{}", {}),
    ],
)  # fmt: skip
def test_a_line_is_a_row(tmp_path, line, expected):
    [row] = read(tmp_path, line + "\n")
    assert values(row) == expected


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("[1]", "line 2: got a JSON list; expected a JSON object"),
        ("3", "line 2: got a JSON number; expected a JSON object"),
        ("null", "line 2: got a JSON null; expected a JSON object"),
        ('{"id": "a"', "line 2: not JSON: Expecting ',' delimiter at character 11; expected a JSON object"),
        ('{"id": 1, "id": 2}', "line 2: the key 'id' appears twice; expected a JSON object"),
        ('{"x": 0, "y": 3, "id": 1, "y": 2}', "line 2: the key 'y' appears twice; expected a JSON object"),
        ('{"x": 1e999}', "line 2: the number 1e999 is beyond 64 bits; expected a JSON object"),
        ("[" * 100_000, "line 2: nested too deeply; expected a JSON object"),
        ('{"n": ' + "9" * 5000 + "}", "line 2: "),
        ('{"n": 9223372036854775808}', "line 2, column 'n': got 9223372036854775808; expected an integer"),
        ('{"n": 0.5}', "line 2, column 'n': got 0.5; expected an integer"),
        ('{"x": {"a": 1}}', "line 2, column 'x': got {'a': 1}; expected a number"),
        ('{"tags": ["a", null]}', "line 2, column 'tags': got None; expected text"),
        ('{"tags": [["a"]]}', "line 2, column 'tags': got ['a']; expected text"),
        ('{"id": "\\ud800"}', "line 2, column 'id': got '\\ud800'; expected text"),
    ],
)  # fmt: skip
def test_a_bad_line_is_a_bad_row_and_the_next_is_read(tmp_path, line, shown):
    first, bad, last = read(tmp_path, f'{{"id": "a"}}\n{line}\n{{"id": "b"}}')
    assert isinstance(bad, Fault)
    assert bad.shown.startswith(shown)
    assert values(first) == {"id": [b"a"]}
    assert values(last) == {"id": [b"b"]}


def test_gzip_byte_order_mark_and_empty_lines(tmp_path):
    text = '\ufeff{"id": "a"}\r\n\n  \n{"id": "b"}'.encode()
    for content in (text, gzip.compress(text)):
        assert [values(row)["id"] for row in read(tmp_path, content)] == [[b"a"], [b"b"]]


@pytest.mark.parametrize(
    "content",
    [b'{"id": "\xff"}', gzip.compress(b'{"id": "a"}\n' * 99, mtime=0)[:-9], b'{"i\0d": 1}'],
    ids=["no UTF-8", "a gzip stream that is cut", "a null character"],
)
def test_a_damaged_file_is_named(tmp_path, content):
    with pytest.raises(DataError, match=r"rows\.jsonl: line \d+: "):
        read(tmp_path, content)


def test_columns(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"a": 1, "b": 1, "c": "x", "d": [1.5], "e": {"f": 1}}\n[]\n{"b": 1.5, "c": 2, "g": true}\n{"h": null}'
    )
    assert json_lines.columns(str(path)) == ColumnTypes(
        {"a": "int", "b": "float", "c": "bytes", "d": "float", "g": "int", "h": "bytes"},
        {"e": "it holds objects or lists of lists: write plain values, or one list"},
    )
    path.write_text("[]\n")
    with pytest.raises(DataError, match="no line is a JSON object with keys"):
        json_lines.columns(str(path))
