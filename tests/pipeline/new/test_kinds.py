"""What columns are: by hand, one column a kind."""

import pytest

from pipeline.new.rows.kinds import Kind, looks_like_id, profile
from pipeline.new.rows.table import Column

PNG = b"\x89PNG\r\n\x1a\n"


def column(name, dtype, values):
    entries = ((value if isinstance(value, tuple) else (value,)) for value in values)
    return Column(name, dtype, tuple(entries))


@pytest.mark.parametrize(
    ("name", "dtype", "values", "kind", "reason"),
    [
        ("id", "bytes", [b"a%d" % n for n in range(30)], Kind.ID, "its name says so, and no value occurs twice in 30 rows"),
        ("user_id", "int", list(range(100, 130)), Kind.ID, "its name says so, and no value occurs twice in 30 rows"),
        ("user_id", "int", [n % 10 for n in range(30)], Kind.CATEGORY, "its name says that the numbers are codes"),
        ("no", "int", list(range(1, 31)), Kind.ID, "it numbers the 30 rows"),
        ("age", "int", [20 + n % 28 for n in range(30)], Kind.NUMBER, "28 different numbers"),
        ("price", "float", [n / 2 for n in range(30)], Kind.NUMBER, "30 different numbers"),
        ("zip", "int", [8000 + n % 3 for n in range(30)], Kind.CATEGORY, "its name says that the numbers are codes"),
        ("email", "bytes", [b"cat%d@x.org" % n for n in range(30)], Kind.UNIQUE, "30 different values in 30: too few values recur to learn from"),
        ("colour", "bytes", [b"red", b"blue"] * 15, Kind.CATEGORY, "2 different values in 30"),
        ("colour", "bytes", [b"red"] * 30, Kind.CONSTANT, "it has one value in all rows"),
        ("colour", "bytes", [b"red"] * 29 + [()], Kind.CATEGORY, "1 different value in 29"),
        ("colour", "bytes", [()] * 30, Kind.CONSTANT, "it has no value in any row"),
        ("title", "bytes", [b"a red shoe of size %d" % n for n in range(30)], Kind.TEXT, "30 different values in 30, of 6.0 words on average"),
        ("name", "bytes", [b"Ann %d" % n for n in range(30)], Kind.TEXT, "30 different values in 30, of 2.0 words on average"),
        ("answer", "bytes", [b"not at all likely", b"very likely to me"] * 15, Kind.CATEGORY, "2 different values in 30"),
        ("photo", "bytes", [PNG + bytes([n]) for n in range(30)], Kind.IMAGE, "its bytes begin as PNG or JPEG files do"),
        ("when", "bytes", [b"2024-01-%02d" % (1 + n) for n in range(30)], Kind.TIME, "its values are dates"),
        ("when", "bytes", [b"2024-01-%02dT10:00:00Z" % (1 + n) for n in range(30)], Kind.TIME, "its values are dates"),
        ("when", "bytes", [b"%d.12.2024" % (1 + n) for n in range(30)], Kind.TIME, "its values are dates"),
        ("created_at", "int", [1_700_000_000 + 60 * n * n for n in range(30)], Kind.TIME, "its name says so, and its values are Unix times"),
        ("size", "int", [1_700_000_000 + 60 * n * n for n in range(30)], Kind.NUMBER, "30 different numbers"),
        ("tags", "bytes", [(b"a", b"b"), (b"b",)] * 15, Kind.CATEGORY, "2 different values in 45"),
        ("pixels", "float", [(0.5, 1.0, n / 2) for n in range(30)], Kind.NUMBER, "up to 3 numbers a row"),
    ],
)  # fmt: skip
def test_a_column_is(name, dtype, values, kind, reason):
    one = profile(column(name, dtype, values))
    assert (one.kind, one.reason) == (kind, reason)


@pytest.mark.parametrize(
    "name", ["id", "ID", "user_id", "userId", "item id", "uuid", "Unnamed: 0", "key"]
)
def test_names_of_ids(name):
    assert looks_like_id(name)


@pytest.mark.parametrize("name", ["paid", "identity", "monkey", "valid", "width", "grid"])
def test_names_of_other_things(name):
    assert not looks_like_id(name)
