"""Cells as the schema's types: accepted values, and faults of the others."""

import math
import time
from decimal import Decimal

import pytest
import tensorflow as tf

from components.entity_gen.records import Fault
from components.entity_gen.values import check_columns, convert, row
from relation.core.errors import DataError


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        ("3", "int", 3),
        (" -7\t", "int", -7),
        ("+7", "int", 7),
        ("9223372036854775807", "int", 2**63 - 1),
        ("-9223372036854775808", "int", -(2**63)),
        (b"12", "int", 12),
        (3.0, "int", 3),
        (True, "int", 1),
        (Decimal("5.00"), "int", 5),
        ("1.5", "float", 1.5),
        ("1e-3", "float", 0.001),
        (".5", "float", 0.5),
        ("5.", "float", 5.0),
        ("-Inf", "float", -math.inf),
        ("-.5E-1", "float", -0.05),
        ("infinity", "float", math.inf),
        ("-" + "0" * 5000 + "7", "int", -7),
        ("-0", "int", 0),
        (2.0**53 - 1, "int", 2**53 - 1),
        (2, "float", 2.0),
        (Decimal("0.25"), "float", 0.25),
        (math.inf, "float", math.inf),
        ("é ", "bytes", b"\xc3\xa9 "),
        (b"\xff\x00", "bytes", b"\xff\x00"),
        (42, "bytes", b"42"),
    ],
)
def test_what_a_type_takes(value, dtype, expected):
    converted = convert(value, dtype)
    assert (converted, type(converted)) == (expected, type(expected))


def test_nan_is_a_number():
    assert math.isnan(convert("nan", "float"))
    assert math.isnan(convert(math.nan, "float"))


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ("", "int"),
        ("1.0", "int"),
        ("1_000", "int"),
        ("٣", "int"),
        ("3\u200b", "int"),
        ("9223372036854775808", "int"),
        (2**64 - 1, "int"),
        (0.5, "int"),
        (math.nan, "int"),
        (math.inf, "int"),
        (None, "int"),
        ("9" * 5000, "int"),
        ("9" * 5000, "float"),
        (2.0**53, "int"),
        (-(2.0**53), "int"),
        ("1,5", "float"),
        ("\xa01.5", "float"),
        ("1_0.5", "float"),
        ("0x10", "float"),
        ("1e39", "float"),
        ("1e999", "float"),
        (1e39, "float"),
        ([1.0], "float"),
        (b"\xff", "float"),
        (1.0, "bytes"),
        (True, "bytes"),
        (None, "bytes"),
        ({"a": 1}, "bytes"),
    ],
)
def test_what_a_type_does_not_take(value, dtype):
    with pytest.raises(ValueError):  # noqa: PT011 - the caller tells what is wrong
        convert(value, dtype)


@pytest.mark.parametrize("text", ["9" * 10**6, "." + "9" * 10**6, "1e" + "9" * 10**6])
@pytest.mark.parametrize("dtype", ["int", "float"])
def test_a_long_cell_takes_linear_time(text, dtype):
    start = time.process_time()
    with pytest.raises(ValueError):  # noqa: PT011 - the caller tells what is wrong
        convert(text + "x", dtype)
    assert time.process_time() - start < 2


def test_a_row_has_no_feature_for_a_missing_value():
    actual_row = row(
        [("a", [1]), ("b", []), ("c", ["x", "y"])], {"a": "int", "b": "int", "c": "bytes"}, "line 2"
    )
    expected = tf.train.Example()
    expected.features.feature["a"].int64_list.value.append(1)
    expected.features.feature["c"].bytes_list.value.extend([b"x", b"y"])
    assert actual_row == expected


def test_a_bad_value_is_reported_with_its_location_and_counted_without_it():
    assert row([("price", ["1\u200b"])], {"price": "float"}, "line 2") == Fault(
        "has a value in column 'price' that is not a number of 32 bits (FLOAT in the schema)",
        "line 2, column 'price': got '1\\u200b'; expected a number of 32 bits (FLOAT in the schema)",
    )


def test_a_long_value_is_cut():
    fault = row([("n", ["x" * 500])], {"n": "int"}, "line 2")
    assert len(fault.shown) < 150


@pytest.mark.parametrize(
    ("actual", "message"),
    [
        (
            ["id", "price\u200b"],
            r"t\.csv: no column 'price', which the schema names; the file has the columns 'id', 'price\\u200b'; did you mean 'price\\u200b'\?$",
        ),
        ([], "the file has the columns none$"),
        (["price", "id", "price"], r"t\.csv: 2 columns 'price'; expected one$"),
    ],
)
def test_columns_that_do_not_fit(actual, message):
    with pytest.raises(DataError, match=message):
        check_columns("t.csv", actual, ["price"])
    check_columns("t.csv", ["other", "price", "other"], ["price"])
