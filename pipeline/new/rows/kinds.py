"""What a column is, judged by its name and values, and why."""

import enum
import math
import re
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.new.rows.table import Column
from relation.files.feature_values import Value


class Kind(str, enum.Enum):
    """What a column is. A tower takes the last four."""

    ID = "id"
    UNIQUE = "near-unique"
    CONSTANT = "constant"
    TIME = "time"
    IMAGE = "image"
    TEXT = "text"
    CATEGORY = "category"
    NUMBER = "number"


FEATURES = (Kind.IMAGE, Kind.TEXT, Kind.CATEGORY, Kind.NUMBER)
"""Kinds that a tower takes."""


@dataclass(frozen=True)
class Profile:
    """A column, what it is, and why.

    Fields:
      column: the column.
      kind: what it is.
      reason: why, as a part of a sentence: "4 values in 150 rows".
      distinct: how many different values it has.
    """

    column: Column
    kind: Kind
    reason: str
    distinct: int

    @property
    def name(self) -> str:
        """The name of the column."""
        return self.column.name


MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
"""How PNG and JPEG files begin."""
_ID_NAME = re.compile(r"(^|[_\W])(id|uuid|guid|key|index|rowid|unnamed: 0)$", re.I)
_ID_CAMEL = re.compile(r"[a-z]I[dD]$")
_CODE_NAME = re.compile(r"(^|[_\W])(code|zip|zipcode|postcode|plz|type|class|category|kind)$", re.I)
_TIME_NAME = re.compile(r"(^|[_\W])(time|timestamp|ts|date|datetime|created|updated|at)$", re.I)
_DATE = re.compile(rb"\s*\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\S*)?\s*")
_OTHER_DATE = re.compile(rb"\s*\d{1,2}[-/.]\d{1,2}[-/.](\d{2}|\d{4})([T ]\d{1,2}:\d{2}\S*)?\s*")
_EPOCHS = ((3e8, 5e9), (3e11, 5e12), (3e14, 5e15), (3e17, 5e18))
"""Unix times from 1979 to 2128, in seconds, milliseconds, microseconds and nanoseconds."""
UNIQUE_SHARE = 0.5
"""Share of different values among all from which categories teach nothing that recurs."""
TEXT_WORDS = 2.5
"""Mean number of words from which different values are texts."""


def looks_like_id(name: str) -> bool:
    """Whether the name of a column says that it identifies something.

    >>> [looks_like_id(name) for name in ("id", "user_id", "userId", "paid", "Unnamed: 0")]
    [True, True, True, False, True]
    """
    return bool(_ID_NAME.search(name) or _ID_CAMEL.search(name))


def looks_like_code(name: str) -> bool:
    """Whether the name of a column says that its numbers are codes.

    >>> [looks_like_code(name) for name in ("zip", "area code", "user_id", "size")]
    [True, True, True, False]
    """
    return bool(looks_like_id(name) or _CODE_NAME.search(name))


def profile(column: Column) -> Profile:
    """Say what a column is."""
    values = column.values
    distinct = len(set(values))
    kind, reason = _kind(column, values, distinct)
    return Profile(column, kind, reason, distinct)


def _kind(column: Column, values: list[Value], distinct: int) -> tuple[Kind, str]:
    if distinct == 0:
        return Kind.CONSTANT, "it has no value in any row"
    if distinct == 1 and not column.missing:
        return Kind.CONSTANT, "it has one value in all rows"
    if column.dtype == "bytes":
        return _text_kind(column, [value for value in values if isinstance(value, bytes)], distinct)
    return _number_kind(
        column, [value for value in values if not isinstance(value, bytes)], distinct
    )


def _text_kind(column: Column, values: list[bytes], distinct: int) -> tuple[Kind, str]:
    count = len(values)
    if all(value.startswith(MAGIC) for value in values):
        return Kind.IMAGE, "its bytes begin as PNG or JPEG files do"
    shown = f"{distinct:,} different value{'s' if distinct > 1 else ''} in {count:,}"
    if _identifies(column, distinct):
        return Kind.ID, f"its name says so, and no value occurs twice in {count:,} rows"
    if _share(values, lambda value: _DATE.fullmatch(value) or _OTHER_DATE.fullmatch(value)) > 0.95:
        return Kind.TIME, "its values are dates"
    words = statistics.fmean(len(value.split()) for value in values)
    if words >= TEXT_WORDS and distinct > max(20, count / 10):
        return Kind.TEXT, f"{shown}, of {words:.1f} words on average"
    if distinct > UNIQUE_SHARE * count and count >= 20:
        if words >= 1.5 or _are_unspaced(values):
            return Kind.TEXT, f"{shown}, of {words:.1f} words on average"
        return Kind.UNIQUE, f"{shown}: too few values recur to learn from"
    return Kind.CATEGORY, shown


def _number_kind(column: Column, values: list[int | float], distinct: int) -> tuple[Kind, str]:
    whole = all(math.isfinite(value) and value == int(value) for value in values)
    if column.width > 1:
        return Kind.NUMBER, f"up to {column.width} numbers a row"
    if whole and column.dtype == "int":
        if _identifies(column, distinct):
            return Kind.ID, f"its name says so, and no value occurs twice in {len(values):,} rows"
        if distinct == len(column.entries) >= 20 and max(values) - min(values) == distinct - 1:
            return Kind.ID, f"it numbers the {distinct:,} rows"
        if _TIME_NAME.search(column.name) and _are_times(values):
            return Kind.TIME, "its name says so, and its values are Unix times"
        if looks_like_code(column.name):
            if distinct > UNIQUE_SHARE * len(values) and len(values) >= 20:
                return Kind.UNIQUE, f"{distinct:,} different codes in {len(values):,} rows"
            return Kind.CATEGORY, "its name says that the numbers are codes"
    return Kind.NUMBER, f"{distinct:,} different numbers"


def _identifies(column: Column, distinct: int) -> bool:
    unique = column.width == 1 and not column.missing and distinct == len(column.entries)
    return unique and distinct > 1 and looks_like_id(column.name)


def _are_times(values: list[int | float]) -> bool:
    low, high = min(values), max(values)
    return any(start <= low and high <= end for start, end in _EPOCHS)


def _are_unspaced(values: list[bytes]) -> bool:
    """Whether values are texts of a language without spaces: long, and of other letters."""
    return statistics.fmean(map(len, values)) > 30 and not any(map(bytes.isascii, values))


def _share(values: list[bytes], holds: Callable[[bytes], object]) -> float:
    return sum(bool(holds(value)) for value in values) / len(values)
