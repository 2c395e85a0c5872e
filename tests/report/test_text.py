"""Untrusted text becomes one printable line."""

import pytest

from components.report.text import Name, data_value, measured, number, of_values, printable


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"plain", "plain"),
        ("caf\u00e9 \u65e5\u672c", "caf\u00e9 \u65e5\u672c"),
        (b"a\nb\r\tc\0d", "a⏎b⏎⇥c␀d"),
        (b"a\xffb", "a\ufffdb"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),  # Would be read from right to left.
        ("a\u200bb", "a\ufffdb"),  # A space of no width.
        ("\U0001f469\u200d\U0001f467", "\U0001f469\u200d\U0001f467"),  # A joined emoji stays one.
        ("a\u2028b", "a\ufffdb"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("\ud800", "\ufffd"),  # Half a character, which UTF-8 has not.
        ("", ""),
    ],
)
def test_printable(value, shown):
    assert printable(value) == shown


def test_a_long_text_is_cut():
    assert printable("abcdef", 6) == "abcdef"
    assert printable("abcdefg", 6) == "abcde…"
    assert len(printable(b"x" * 10_000_000, 100)) == 100


@pytest.mark.parametrize(
    ("value", "limit", "shown"),
    [
        ("a/b/c", 5, "a/b/c"),
        ("a/b/cd", 5, "a/…cd"),
        (b"IMG_0123.png", 8, "IMG_…png"),
        ("", 8, ""),
    ],
)
def test_a_name_is_elided_in_the_middle_and_remembers_the_whole(value, limit, shown):
    name = Name.of(value, limit)
    assert name == shown
    assert len(name) <= limit
    assert name.whole == printable(value)


def test_a_tooltip_has_an_end_too():
    name = Name.of("x" * 10_000 + "y")
    assert (len(name), len(name.whole)) == (24, 1000)


def test_data_have_no_separators():
    assert [data_value(v) for v in (2026.0, 123456.75, float("nan"))] == [
        *("2026", "123456.8", "undefined"),
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (float("nan"), "undefined"),
        (float("inf"), "∞"),
        (float("-inf"), "−∞"),
        (0.98765, "0.9877"),
        (-0.5, "−0.5000"),
        (3.0, "3"),
        (1234567, "1,234,567"),
        (12345.678, "12,345.7"),
        (0.00001, "1.0e−05"),
        (0.0, "0"),
    ],
)
def test_number(value, shown):
    assert number(value) == shown


def test_metrics_have_as_many_decimals_as_those_beside_them():
    assert [measured(v) for v in (1.0, 0.0, -1.0, 0.5, 1872.0)] == [
        *("1.0000", "0.0000", "−1.0000", "0.5000"),
        "1,872",
    ]


def test_values_of_a_feature():
    assert of_values((b"red", b"blue\n")) == "red, blue⏎"
    assert of_values((1, 2.5)) == "1, 2.5000"
    assert of_values((2026, 2026.0, -1234567, 1999.5)) == "2026, 2026, −1234567, 1999.5"
    assert of_values(()) == ""
    assert of_values(tuple(range(100))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …"
    assert len(of_values((b"x" * 300,) * 12)) == 160
