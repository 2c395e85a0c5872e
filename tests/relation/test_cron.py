"""Cron expressions: right ones pass, wrong ones are named by field; croniter is the oracle."""

import pytest

from relation.core.cron import PRESETS, checked
from relation.core.errors import RecipeError
from relation.load import parse_recipe

RIGHT = [
    "30 2 * * *",
    "*/15 * * * *",
    "0 0 1,15 * *",
    "0 0 * * mon-fri",
    "0 0 * JAN,jul 0",
    "5/15 1-5/2 * * 7",
    "0 22-3 * * *",
    "0 0 L * *",
    "0 0 ? * 5#2",
    "0 0 15W * *",
    "0 0 29 2 *",
    "0 0 31 2 1",
    "0 0 30,31 2-4 *",
    "  0 0 * * *  ",
    "0 0 * * * 30",
]
WRONG = [
    ("", "expected five fields"),
    ("daily", "expected five fields"),
    ("@often", "expected five fields"),
    ("* * * *", "expected five fields"),
    ("* * * * * * *", "expected five fields"),
    ("60 * * * *", "minute: got '60'; expected \\*, a number from 0 to 59"),
    ("* 24 * * *", "hour: got '24'"),
    ("* * 0 * *", "day of the month: got '0'"),
    ("* * 32 * *", "day of the month: got '32'"),
    ("* * * 13 *", "month: got '13'"),
    ("* * * feb-x *", "month: got 'feb-x'"),
    ("* * * * 8", "day of the week: got '8'"),
    ("*/0 * * * *", "minute: got '\\*/0'"),
    ("1,,2 * * * *", "minute: got ''"),
    ("-1 * * * *", "minute: got '-1'"),
    ("1.5 * * * *", "minute: got '1.5'"),
    ("{{ x }} * * *", "minute: got '{{'"),
    ("٣ * * * *", "minute: got '٣'"),
    ("9" * 5000 + " * * * *", "minute: got '999"),
    ("* * * * 1#6", "day of the week: got '1#6'"),
    ("0 0 31 2,4 *", "got day 31 of month 2,4, which never comes"),
    ("0 0 30 feb *", "got day 30 of month feb, which never comes"),
]


@pytest.mark.parametrize("expression", [*RIGHT, *PRESETS])
def test_right_ones_are_kept_as_they_are(expression):
    assert checked(expression) == expression


@pytest.mark.parametrize(("expression", "message"), WRONG)
def test_wrong_ones_say_which_field(expression, message):
    with pytest.raises(ValueError, match=message):
        checked(expression)


def test_a_recipe_with_a_wrong_one_is_refused():
    with pytest.raises(RecipeError) as raised:
        parse_recipe("schedule: {cron: '0 3 * * mo'}", "r.yaml")
    assert (
        "r.yaml:1: schedule.cron: got '0 3 * * mo'; day of the week: got 'mo'; expected *, a number "
        "from 0 to 7, a range as 1-5, a step as */15, or a list of them"
    ) in str(raised.value).splitlines()


def test_airflows_library_agrees():
    croniter = pytest.importorskip("croniter")

    def starts(expression):
        try:
            croniter.croniter(expression).get_next()
        except (croniter.CroniterError, ValueError):
            return False
        return True

    assert [expression for expression in RIGHT if not starts(expression)] == []
    assert [expression for expression, _ in WRONG if starts(expression)] == ["* * * * * * *"]
