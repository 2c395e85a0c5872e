"""The reader of Parquet files: types of the schema, lists, nulls, faults by record."""

import base64
import datetime
import re
from decimal import Decimal

import pyarrow as pa
import pytest
import tensorflow as tf
from pyarrow import parquet as pq

from components.entity_gen.readers import parquet
from components.entity_gen.records import ReadOptions
from relation.core.errors import DataError


def example(**features):
    example_proto = tf.train.Example()
    for name, values in features.items():
        kinds = {bytes: "bytes_list", int: "int64_list", float: "float_list"}
        getattr(example_proto.features.feature[name], kinds[type(values[0])]).value.extend(values)
    return example_proto


@pytest.fixture
def read(tmp_path):
    def read_columns(features, row_group_size=None, **columns):
        path = str(tmp_path / "t.parquet")
        pq.write_table(pa.table(columns), path, row_group_size=row_group_size)
        return list(parquet.read(path, ReadOptions(features)))

    return read_columns


@pytest.mark.parametrize(
    ("column", "dtype", "values"),
    [
        (pa.array([1, 2], pa.int8()), "int", (1, 2)),
        (pa.array([1, 2], pa.uint64()), "int", (1, 2)),
        (pa.array([1.0, -2.0]), "int", (1, -2)),
        (pa.array([True, False]), "int", (1, 0)),
        (pa.array(["1", "2"]), "int", (1, 2)),
        (pa.array([1, 2]), "float", (1.0, 2.0)),
        (pa.array([0.5, 0.25], pa.float32()), "float", (0.5, 0.25)),
        (pa.array(["é", "b"]), "bytes", ("é".encode(), b"b")),
        (pa.array(["é", "b"], pa.large_string()), "bytes", ("é".encode(), b"b")),
        (pa.array([b"\xff", b"b"]), "bytes", (b"\xff", b"b")),
        (pa.array([b"ab", b"cd"], pa.binary(2)), "bytes", (b"ab", b"cd")),
        (pa.array(["a", "b"]).dictionary_encode(), "bytes", (b"a", b"b")),
        (pa.array([1, 2]), "bytes", (b"1", b"2")),
        (pa.array([9007199254740991.0, -9007199254740991.0]), "int", (2**53 - 1, 1 - 2**53)),
        (pa.array([16777215.0, -1.0], pa.float32()), "int", (2**24 - 1, -1)),
        (pa.array([9007199254740993, 2**63 - 1]), "int", (2**53 + 1, 2**63 - 1)),
        (pa.array([Decimal("9007199254740993"), Decimal("-1.00")]), "int", (2**53 + 1, -1)),
        (pa.array([Decimal("0.25"), Decimal("1.5")]), "float", (0.25, 1.5)),
        (pa.array([Decimal("0.25"), Decimal("1.50")]), "bytes", (b"0.25", b"1.50")),
        (pa.array([Decimal(10**30), Decimal(7)]), "bytes", (b"1" + b"0" * 30, b"7")),
        (pa.array(["a", "b"], pa.large_string()).dictionary_encode(), "bytes", (b"a", b"b")),
        (pa.array([5, 7]).dictionary_encode(), "int", (5, 7)),
    ],
)
def test_columns_become_the_schemas_types(read, column, dtype, values):
    actual = read({"a": dtype}, a=column, extra=pa.array([datetime.date(2024, 1, 1)] * 2))
    assert actual == [example(a=[value]) for value in values]


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.large_list(pa.float32())])
def test_lists_are_features_of_several_values(read, kind):
    actual = read({"v": "float"}, v=pa.array([[0.5, 1.5], None, [2.0, 3.0]], kind))
    assert actual == [example(v=[0.5, 1.5]), tf.train.Example(), example(v=[2.0, 3.0])]


def test_lists_of_fixed_size(read):
    actual = read({"v": "float"}, v=pa.array([[0.5, 1.5], [2.0, 3.0]], pa.list_(pa.float32(), 2)))
    assert actual == [example(v=[0.5, 1.5]), example(v=[2.0, 3.0])]


def test_lists_of_text_and_empty_ones(read):
    assert read({"t": "bytes"}, t=[["a", "b"], [], ["c"]]) == [
        example(t=[b"a", b"b"]),
        tf.train.Example(),
        example(t=[b"c"]),
    ]


BAD = b"\xff\xfea"
"""Bytes that are no UTF-8."""


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.string()),
        pa.list_(pa.large_string()),
        pa.large_list(pa.string()),
        pa.large_list(pa.large_string()),
        pa.list_(pa.string(), 2),
        pa.list_(pa.dictionary(pa.int32(), pa.string())),
    ],
)
def test_text_that_is_no_utf_8_is_kept_in_lists_too(read, kind):
    values = pa.array([BAD, b"b", b"c", BAD]).cast(pa.binary())
    text = pa.Array.from_buffers(pa.string(), 4, values.buffers())
    value_type = kind.value_type
    if pa.types.is_dictionary(value_type):
        text = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, 0], pa.int32()), text)
    elif pa.types.is_large_string(value_type):
        text = text.cast(pa.binary()).cast(pa.large_binary())
        text = pa.Array.from_buffers(pa.large_string(), 4, text.buffers())
    if pa.types.is_fixed_size_list(kind):
        column = pa.FixedSizeListArray.from_arrays(text, 2)
    elif pa.types.is_large_list(kind):
        column = pa.LargeListArray.from_arrays(pa.array([0, 2, 4], pa.int64()), text)
    else:
        column = pa.ListArray.from_arrays(pa.array([0, 2, 4], pa.int32()), text)
    assert column.type == kind
    assert read({"t": "bytes"}, t=column) == [example(t=[BAD, b"b"]), example(t=[b"c", BAD])]


def test_lists_of_a_batch_that_does_not_begin_the_file(read):
    lists = [[n] * (n % 4) or None for n in range(1100)]
    expected = [example(n=values) if values else tf.train.Example() for values in lists]
    assert read({"n": "int"}, n=pa.array(lists, pa.list_(pa.int64()))) == expected


def test_a_null_in_a_fixed_size_list_is_said_as_what_it_is(tmp_path):
    # Not every version of Arrow writes such a list; so a list is declared to be one.
    schema = pa.schema([("v", pa.list_(pa.float32(), 2))])
    declared = {b"ARROW:schema": base64.b64encode(schema.serialize().to_pybytes())}
    rows = pa.array([[0.5, 1.5], None, [2.0, 3.0]], pa.list_(pa.float32()))
    path = str(tmp_path / "t.parquet")
    pq.write_table(pa.table({"v": rows}).replace_schema_metadata(declared), path)
    assert pq.read_schema(path).field("v").type == schema.field("v").type
    try:
        actual = list(parquet.read(path, ReadOptions({"v": "float"})))
    except DataError as error:
        actual = str(error)
    assert actual in (
        f"{path}: column 'v': a null in a fixed_size_list, which Arrow cannot read from Parquet; "
        "write the column as a list",
        [example(v=[0.5, 1.5]), tf.train.Example(), example(v=[2.0, 3.0])],
    )


def test_a_null_within_a_list_of_fixed_size_is_a_bad_value(read):
    [fault] = read({"v": "float"}, v=pa.array([[0.5, None]], pa.list_(pa.float32(), 2)))
    assert fault.shown.startswith("record 1, column 'v': got None; expected a number")


@pytest.mark.parametrize(
    ("column", "dtype", "message"),
    [
        (pa.array([1], pa.timestamp("us")), "int", "got timestamp[us]; expected an integer of 64 bits (INT in the schema): convert it, for example by pyarrow's `column.cast('int64')`"),
        (pa.array([1], pa.timestamp("us")), "bytes", "`column.cast('string')`"),
        (pa.array([[1]], pa.list_(pa.timestamp("ms"))), "float", ": timestamp[ms]>; expected a number"),
        (pa.array([1], pa.date32()), "int", "got date32[day]; expected an integer of 64 bits (INT in the schema): convert it, for example by pyarrow's `column.cast('int32')`"),
        (pa.array([datetime.date(2024, 1, 1)]), "bytes", "`column.cast('string')`"),
        (pa.array([1], pa.time64("us")), "int", "`column.cast('int64')`"),
        (pa.array([1], pa.duration("us")), "int", "`column.cast('int64')`"),
        (pa.array([0.5]), "bytes", "got double; expected text or bytes (BYTES in the schema): convert it, for example by pyarrow's `column.cast('string')`"),
        (pa.array([True]), "bytes", "`column.cast('string')`"),
        (pa.array([{"a": 1}]), "int", "got struct<a: int64>; expected an integer of 64 bits (INT in the schema): make a column of each field, for example by pyarrow's `table.flatten()`"),
        (pa.array([[[1]]]), "int", "write plain values, or one list a row"),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), "int", "write plain values, or one list a row"),
    ],
)  # fmt: skip
def test_types_that_are_none_of_the_schemas_say_how_to_convert(read, column, dtype, message):
    with pytest.raises(DataError, match=r"t\.parquet: column 'a': got ") as raised:
        read({"a": dtype}, a=column)
    assert message in str(raised.value)
    if way := re.search(r"cast\('(\w+)'\)", str(raised.value)):
        values = column.flatten() if pa.types.is_list(column.type) else column
        assert read({"a": dtype}, a=values.cast(way.group(1)))


def test_a_null_is_a_missing_value(read):
    assert read({"a": "int", "b": "bytes"}, a=[1, None], b=[None, "x"]) == [
        example(a=[1]),
        example(b=[b"x"]),
    ]


def test_rows_of_all_row_groups_in_order(read):
    numbers = list(range(1300))
    assert read({"n": "int"}, row_group_size=700, n=numbers) == [example(n=[n]) for n in numbers]


def test_a_bad_value_is_named_by_record_and_column(read):
    actual = read({"n": "int"}, row_group_size=2, n=[1.0, 2.0, 3.5, 4.0])
    assert [actual[0], actual[1], actual[3]] == [example(n=[n]) for n in (1, 2, 4)]
    assert actual[2].shown == (
        "record 3, column 'n': got 3.5; expected an integer of 64 bits (INT in the schema)"
    )


@pytest.mark.parametrize(
    ("column", "dtype", "got"),
    [
        ([[1, None]], "int", "None"),
        ([9007199254740992.0], "int", "9007199254740992.0"),
        ([-9007199254740992.0], "int", "-9007199254740992.0"),
        (pa.array([16777216.0], pa.float32()), "int", "16777216.0"),
        (pa.array([[16777216.0]], pa.list_(pa.float32())), "int", "16777216.0"),
        (pa.array([Decimal("0.5")]), "int", "0.5"),
        (pa.array([2**63], pa.uint64()), "int", "9223372036854775808"),
        (["\u200b1"], "int", r"b'\\xe2\\x80\\x8b1'"),
    ],
)
def test_values_that_are_not_of_the_schemas_type(read, column, dtype, got):
    [fault] = read({"a": dtype}, a=column)
    assert fault.shown.startswith("record 1, column 'a': got ")
    assert re.search(got, fault.shown)


def test_a_column_is_absent(read):
    with pytest.raises(
        DataError, match=r"t\.parquet: no column 'b', .* the file has the columns 'a', 'b '$"
    ):
        read({"a": "int", "b": "int"}, **{"a": [1], "b ": [2]})


def test_files_that_are_no_parquet(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": list(range(5000))}), str(path), compression="snappy")
    content = path.read_bytes()
    for broken in (b"", b"id,label\n1,2\n", content[:-20], content[:2000]):
        path.write_bytes(broken)
        with pytest.raises(DataError, match=r"t\.parquet: not a Parquet file, or a damaged one: "):
            list(parquet.read(str(path), ReadOptions({"a": "int"})))
