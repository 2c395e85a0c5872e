"""The reader of Parquet files: types of the schema, lists, nulls, faults by record."""

import datetime
import re

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
        ([[[1]]], "int", r"\[1\]"),
        ([{"a": 1}], "int", r"\{'a': 1\}"),
        ([datetime.date(2024, 1, 1)], "bytes", "datetime"),
        (pa.array([2**63], pa.uint64()), "int", "9223372036854775808"),
        (["\u200b1"], "int", r"b'\\xe2\\x80\\x8b1'"),
    ],
)
def test_values_that_are_not_of_the_schemas_type(read, column, dtype, got):
    [fault] = read({"a": dtype}, a=column)
    assert fault.shown.startswith("record 1, column 'a': got ")
    assert re.search(got, fault.shown)


def test_a_column_is_absent(read):
    with pytest.raises(DataError, match=r"t\.parquet: no column 'b', .* columns: 'a', 'b '$"):
        read({"a": "int", "b": "int"}, **{"a": [1], "b ": [2]})


def test_files_that_are_no_parquet(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": list(range(5000))}), str(path), compression="snappy")
    content = path.read_bytes()
    for broken in (b"", b"id,label\n1,2\n", content[:-20], content[:2000]):
        path.write_bytes(broken)
        with pytest.raises(DataError, match=r"t\.parquet: not a Parquet file, or a damaged one: "):
            list(parquet.read(str(path), ReadOptions({"a": "int"})))
