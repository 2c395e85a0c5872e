"""Columns of two members become one: values of two types are cast where the format allows."""

import pytest

from pipeline.new.relations.member_columns import MemberColumns, united
from tests.pipeline.new.tables import table

PAIR = MemberColumns(("left", "right"), ("x",))


@pytest.mark.parametrize(
    ("left", "right", "file_format", "dtype", "entries"),
    [
        ([1, None], [2, 3], "csv", "int", ((1,), (), (2,), (3,))),
        ([1, None], [0.5, 2.0], "parquet", "float", ((1.0,), (), (0.5,), (2.0,))),
        ([b"a", b"b"], [1, 2], "csv", "bytes", ((b"a",), (b"b",), (b"1",), (b"2",))),
        ([b"a", b"b"], [b"c", None], "csv", "bytes", ((b"a",), (b"b",), (b"c",), ())),
    ],
)
def test_values_of_both_members_have_one_type(left, right, file_format, dtype, entries):
    rows = table("rows", file_format, left_x=left, right_x=right)
    members, changed, left_out = united(rows, PAIR)
    assert left_out == {}
    assert members.columns["x"].dtype == dtype
    assert members.columns["x"].entries == entries
    assert (members.rows, members.path) == (4, "")
    assert changed.columns["left_x"].entries == entries[:2]
    assert changed.columns["right_x"].entries == entries[2:]
    assert {one.dtype for one in changed.columns.values()} == {dtype}


@pytest.mark.parametrize(
    ("right", "file_format"), [([1, 2], "parquet"), ([1, 2], "tfrecord"), ([0.5, 1.0], "jsonl")]
)
def test_columns_that_cannot_have_one_type_are_left_out(right, file_format):
    rows = table("rows", file_format, left_x=[b"a", b"b"], right_x=right)
    members, _, left_out = united(rows, PAIR)
    assert members.columns == {}
    assert left_out == {"x": "'left_x' and 'right_x' are not of one type"}
