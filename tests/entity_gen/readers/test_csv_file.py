"""The reader of CSV files: types from the schema, and every fault named by its line."""

import functools
import gzip

import pytest
import tensorflow as tf

from components.entity_gen import text_lines
from components.entity_gen.readers import csv_file
from components.entity_gen.records import Fault, ReadOptions
from relation.core.errors import DataError

packed = functools.partial(gzip.compress, mtime=0)  # The time would make new names of tests.

OPTIONS = ReadOptions({"id": "bytes", "n": "int", "x": "float"})


def example(**features):
    example_proto = tf.train.Example()
    for name, value in features.items():
        kinds = {bytes: "bytes_list", int: "int64_list", float: "float_list"}
        getattr(example_proto.features.feature[name], kinds[type(value)]).value.append(value)
    return example_proto


@pytest.fixture
def read(tmp_path):
    def read_content(content, options=OPTIONS):
        path = tmp_path / "t.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(csv_file.read(str(path), options))

    return read_content


TABLE = "id,n,x\na,1,0.5\nb,2,-1e2\n"
ROWS = [example(id=b"a", n=1, x=0.5), example(id=b"b", n=2, x=-100.0)]


@pytest.mark.parametrize(
    "content",
    [
        TABLE,
        TABLE.rstrip("\n"),
        TABLE.replace("\n", "\r\n"),
        "\ufeff" + TABLE,
        TABLE.replace("\nb", "\n\n\nb"),
        "x,extra,id,n\n0.5,?,a,1\n-1e2,,b,2\n",
        packed(TABLE.encode()),
        packed(("\ufeff" + TABLE[:10]).encode()) + packed(TABLE[10:].encode()),
    ],
)
def test_rows_by_the_schemas_types(read, content):
    assert read(content) == ROWS


def test_types_are_the_schemas_and_not_guessed(read):
    assert read("id,n,x\n007,007,7\n") == [example(id=b"007", n=7, x=7.0)]
    assert read("id\n12\n", ReadOptions({"id": "int"})) == [example(id=12)]


def test_an_empty_cell_is_a_missing_value(read):
    assert read('id,n,x\na,,\n"",1,""\n') == [example(id=b"a"), example(n=1)]


def test_quoted_fields_keep_what_is_in_them(read):
    content = 'id,n,x\n"a,""b""\r\nc\n",1,2\n"é 🐈\u200b\x7f",1,2\n'
    assert [row.features.feature["id"].bytes_list.value[0] for row in read(content)] == [
        b'a,"b"\r\nc\n',
        "é 🐈\u200b\x7f".encode(),
    ]


def test_a_header_alone_holds_no_row(read):
    assert read("id,n,x\n") == []


def test_a_bad_value_is_named_by_the_line_its_row_begins_at(read):
    actual = read('id,n,x\n"a\nb",1,2\n"c\nd",1.5,2\ne,1,2\n')
    assert actual[0] == example(id=b"a\nb", n=1, x=2.0)
    assert actual[1] == Fault(
        "has a value in column 'n' that is not an integer of 64 bits (INT in the schema)",
        "line 4, column 'n': got '1.5'; expected an integer of 64 bits (INT in the schema)",
    )
    assert actual[2] == example(id=b"e", n=1, x=2.0)


def test_rows_of_another_width(read):
    reason = "has more or fewer cells than the header"
    assert read("id,n,x\na,1\nb,1,2,3\n") == [
        Fault(reason, "line 2: 2 cells; expected 3, as in the header"),
        Fault(reason, "line 3: 4 cells; expected 3, as in the header"),
    ]


def test_columns_that_the_schema_does_not_name_may_be_there_twice(read):
    assert read("?,id,?,n,x\n1,a,2,1,0.5\n") == [example(id=b"a", n=1, x=0.5)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"line 1: empty; expected a header row"),
        ("\n" + TABLE, r"line 1: empty; expected a header row"),
        (
            "id,n\na,1\n",
            r"line 1: no column 'x', which the schema names; the file has the columns 'id', 'n'$",
        ),
        ("id;n;x\na;1;2\n", r"no column 'id', .* the file has the columns 'id;n;x'$"),
        ("id,n,\u200bx\n", r"no column 'x', .* the file has the columns 'id', 'n', '\\u200bx'$"),
        ("id,n,x,id\n", r"line 1: 2 columns 'id'; expected one"),
        (
            b"id,n,x\na,1,2\nb\xe9,1,2\n",
            r"line 3: byte 0xe9 at 2 is not UTF-8; expected a UTF-8 file",
        ),
        (
            TABLE.encode("utf-16"),
            r"line 1: byte 0x00 at 4; expected text in UTF-8 \(is it UTF-16\?\)",
        ),
        (TABLE.encode("utf-16-be"), r"line 1: byte 0x00 at 1; expected text in UTF-8"),
        ("id,n,x\na\0b,1,2\n", r"line 2: byte 0x00 at 2; expected text in UTF-8"),
        (TABLE.replace("\n", "\r"), r"line 1: a line that ends in CR alone; expected LF or CRLF"),
        ("id,n,x\na,1,2\rb,1,2\n", r"line 2: a line that ends in CR alone; expected LF or CRLF"),
        ('id,n,x\na,1,2\n"b,1,2\n', r"line 3: not CSV: unexpected end of data"),
        ('id,n,x\na,1,"2"3\n', r"line 2: not CSV: "),
        (packed(TABLE.encode())[:-9], r"truncated gzip"),
        (packed(TABLE.encode())[:-8] + b"12345678", r"damaged gzip"),
    ],
)
def test_broken_files(read, content, message):
    with pytest.raises(DataError, match=r"t\.csv: .*" + message):
        read(content)


def test_a_line_without_end_is_not_taken_into_memory(read, monkeypatch):
    for module in (text_lines, csv_file):
        monkeypatch.setattr(module, "LIMIT", 64)
    with pytest.raises(DataError, match=r"line 2: longer than 64 bytes"):
        read("id,n,x\n" + "a" * 64)
    with pytest.raises(DataError, match=r"line 2: not CSV: field larger than field limit"):
        read('id,n,x\n"' + "a\n" * 64)


def test_texts_that_stand_for_a_missing_value(read):
    options = ReadOptions(OPTIONS.features, missing=["?", "NA"])
    rows = read("id,n,x\n?,1,NA\nb,?,?? \n NA,3,\n", options)
    assert rows[0] == example(n=1)
    assert isinstance(rows[1], Fault)  # "?? " is neither a number nor one of the texts.
    assert rows[2] == example(id=b" NA", n=3)
