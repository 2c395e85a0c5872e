"""Cron expressions, checked when a recipe is read, not by a scheduler at night."""

import re
from typing import Annotated, NamedTuple, TypeAlias

from pydantic import AfterValidator

PRESETS = (
    "@once",
    "@continuous",
    "@hourly",
    "@daily",
    "@midnight",
    "@weekly",
    "@monthly",
    "@quarterly",
    "@yearly",
    "@annually",
)
"""Names of expressions, as Airflow has them."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class _Field(NamedTuple):
    """`special`: pattern of what means more than a number or a name."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    special: str = "(?!)"


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31, special=r"l|\?|[1-9]\d?w|w[1-9]\d?"),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 7, _DAYS, special=r"\?|\w+#[1-5]|l[0-7]"),
    _Field("second", 0, 59),
)
_ITEM = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?", re.ASCII)


def checked(expression: str) -> str:
    """The expression itself.

    Raises:
      ValueError: it is not a cron expression, or names a day that never comes.
    """
    text = expression.strip().lower()
    if text in PRESETS:
        return expression
    fields = text.split()
    if text.startswith("@") or not 5 <= len(fields) <= 6:
        raise ValueError(
            f"expected five fields (minute, hour, day of the month, month, day of the week), as "
            f"in '30 2 * * *', or one of {', '.join(PRESETS)}"
        )
    for field, value in zip(_FIELDS, fields, strict=False):
        for item in value.split(","):
            if not _fits(item, field):
                raise ValueError(
                    f"{field.name}: got {item!r}; expected *, a number from {field.low} to "
                    f"{field.high}, a range as 1-5, a step as */15, or a list of them"
                )
    _check_days(*fields[2:5])
    return expression


Cron: TypeAlias = Annotated[str, AfterValidator(checked)]
"""A cron expression of five fields, or a preset as `@daily`."""


def _fits(item: str, field: _Field) -> bool:
    if re.fullmatch(field.special, item, re.ASCII):
        return True
    match = _ITEM.fullmatch(item)
    if match is None:
        return False
    _, low, high, step = match.groups()
    numbers = [_number(text, field) for text in (low, high) if text is not None]
    inside = all(number is not None and field.low <= number <= field.high for number in numbers)
    return inside and (step is None or int(step[:9]) > 0)


def _number(text: str, field: _Field) -> int | None:
    """The number that a name or some digits stand for."""
    if text in field.names:
        return field.names.index(text) + field.low
    return int(text) if text.isdigit() and len(text) < 9 else None


def _check_days(days: str, months: str, weekdays: str) -> None:
    """Checks that some month has one of the days, where both are lists of plain numbers.

    Raises:
      ValueError: none has.
    """
    day_list, month_list = days.split(","), months.split(",")
    if weekdays not in ("*", "?") or not all(day.isdigit() for day in day_list):
        return
    numbers = [_number(month, _FIELDS[3]) for month in month_list]
    longest = max((_MONTH_DAYS[n - 1] for n in numbers if n is not None), default=31)
    if None not in numbers and min(map(int, day_list)) > longest:
        raise ValueError(f"got day {days} of month {months}, which never comes")
