"""Groups of rows: by the values of a feature, or by what a function makes of each."""

import numpy as np
import pytest

from components.common.hashing import hash_values
from components.common.rows.row_requirements import EntitySpec, Key, RowSpec
from components.common.rows.row_validation import ValidatedRows, joined
from components.relation_gen.rows.group_key import group_hashes, group_label
from relation.core.errors import DataError


def first_letter(value: bytes) -> bytes:
    return value[:1]


def raises(value: bytes) -> bytes:
    raise KeyError(value)


def no_bytes(value: bytes) -> object:
    return len(value)


def spec(several: bool, function: str | None = None) -> EntitySpec:
    keys = (Key("id", False, None, "several_ids"), Key("g", False, None, None if several else "no"))
    rows = RowSpec(("id", "g"), keys, (), (), (), b"")
    return EntitySpec("item", rows, group="g", group_key=function)


def validated(values: list[list[bytes]], several: bool) -> ValidatedRows:
    keys = [joined(own) if several else own[0] for own in values]
    raw = {1: values} if several else {}
    return ValidatedRows([[b"i"] * len(values), keys], [], [""] * len(values), raw)


@pytest.mark.parametrize("several", [False, True])
def test_rows_of_one_value_are_of_one_group(several):
    rows = validated([[b"ab"], [b"ac"], [b"ab"]], several)
    a, b, c = group_hashes(spec(several), rows, [0, 1, 2]).tolist()
    assert a == c != b
    if not several:
        assert [a, b] == hash_values([b"ab", b"ac"], integers=False).tolist()


@pytest.mark.parametrize("several", [False, True])
def test_rows_of_one_result_are_of_one_group(several):
    rows = validated([[b"ab"], [b"ac"], [b"x"], [b"ad"]], several)
    by_letter = spec(several, f"{__name__}.first_letter")
    a, b, other, d = group_hashes(by_letter, rows, [0, 1, 2, 3]).tolist()
    assert a == b == d != other
    assert group_label(by_letter, [b"ab"]) == joined([b"a"])


def test_several_values_are_a_set_of_results():
    rows = validated([[b"ab", b"ac", b"x"], [b"x", b"ad"], [b"ab"]], several=True)
    by_letter = spec(several=True, function=f"{__name__}.first_letter")
    a, b, c = group_hashes(by_letter, rows, [0, 1, 2]).tolist()
    assert a == b != c  # {a, x}, {x, a} and {a}.


def test_rows_that_are_not_grouped():
    none = EntitySpec("item", spec(several=False).rows)
    rows = validated([[b"ab"], [b"x"]], several=False)
    assert np.array_equal(group_hashes(none, rows, [0, 1]), np.zeros(2, dtype=np.uint64))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("raises", "group key {}: raised KeyError: b'ab' for 'ab'"),
        ("no_bytes", "group key {}: gave 2 for 'ab'; expected bytes"),
    ],
)
def test_a_function_that_cannot_be_used_is_named(function, message):
    dotted = f"{__name__}.{function}"
    with pytest.raises(DataError) as raised:
        group_hashes(spec(False, dotted), validated([[b"ab"]], False), [0])
    assert str(raised.value) == message.format(dotted)
