"""Convert cells of a table to values of a tf.Example, by the types in the schema.

No type is guessed and no value is truncated: a value that its type cannot hold is an error.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

import tensorflow as tf

from components.entity_gen.records import Fault
from relation.core.errors import DataError, did_you_mean

EXPECTED = {
    "bytes": "text or bytes (BYTES in the schema)",
    "int": "an integer of 64 bits (INT in the schema)",
    "float": "a number of 32 bits (FLOAT in the schema)",
}
_LISTS = {"bytes": "bytes_list", "int": "int64_list", "float": "float_list"}
_INT = re.compile(r"[+-]?[0-9]+")
_INT_DIGITS = 19
"""Of the longest integer of 64 bits. Python takes quadratic time for long ones, or refuses them."""
_FLOAT = re.compile(
    r"[+-]?((?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf|infinity|nan)", re.I
)
"""No two parts can match the same digits, so that matching takes linear time."""
INT_MIN, INT_MAX = -(1 << 63), (1 << 63) - 1
FLOAT_MAX = float.fromhex("0x1.fffffep127")
"""Largest finite float32."""
_SHOWN = 60


def convert(value: object, dtype: str, precision: int = 53) -> bytes | int | float:
    """Convert a value to a type of the schema; text is parsed where a number is expected.

    >>> convert("3", "int"), convert(3.0, "int"), convert("3", "bytes")
    (3, 3, b'3')

    Args:
      value: the value.
      dtype: "bytes", "int" or "float".
      precision: bits of the significand that floats came with. A float of 2^precision or more may
        be another integer, rounded, so it is refused here.

    Raises:
      ValueError: the type cannot hold the value.
    """
    if dtype == "bytes":
        return _bytes(value)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    if isinstance(value, str):
        value = value.strip(" \t")
        # Python's int and float accept more: 1_000, digits of any script, hidden spaces.
        if not (_INT if dtype == "int" else _FLOAT).fullmatch(value):
            raise ValueError
        value = _whole(value) if dtype == "int" else _parsed(value)
    if not isinstance(value, bool | int | float | Decimal):
        raise ValueError
    if dtype == "float":
        return _float(value)
    if isinstance(value, float) and abs(value) >= 2**precision:
        raise ValueError
    return _int(value)


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value).encode()
    if isinstance(value, Decimal):
        return format(value, "f").encode()
    raise ValueError


def _whole(text: str) -> int:
    digits = text.lstrip("+-0")
    if len(digits) > _INT_DIGITS:
        raise ValueError
    return -int(digits or 0) if text.startswith("-") else int(digits or 0)


def _parsed(text: str) -> float:
    number = float(text)
    if math.isinf(number) and "n" not in text.lower():  # 1e999, not "inf".
        raise ValueError
    return number


def _int(value: float | Decimal) -> int:
    if not INT_MIN <= value <= INT_MAX or value != int(value):
        raise ValueError
    return int(value)


def _float(value: float | Decimal) -> float:
    number = float(value)
    if FLOAT_MAX < abs(number) < math.inf:
        raise ValueError
    return number


def row(
    cells: Iterable[tuple[str, Sequence[object]]],
    features: Mapping[str, str],
    location: str,
    precisions: Mapping[str, int] = MappingProxyType({}),
) -> tf.train.Example | Fault:
    """Make a row from the values of its columns; a column without values is left out.

    Args:
      cells: name and values of each column.
      features: type of each column.
      location: position of the row in its file: "line 3".
      precisions: precision of each column of floats, where it is not 53; see `convert`.

    Returns:
      The row, or the fault of its first invalid value.
    """
    example = tf.train.Example()
    for name, values in cells:
        dtype = features[name]
        converted = []
        for value in values:
            try:
                converted.append(convert(value, dtype, precisions.get(name, 53)))
            except ValueError:
                return Fault(
                    f"has a value in column {name!r} that is not {EXPECTED[dtype]}",
                    f"{location}, column {name!r}: got {_short(value)}; expected {EXPECTED[dtype]}",
                )
        if converted:
            getattr(example.features.feature[name], _LISTS[dtype]).value.extend(converted)
    return example


def check_columns(location: str, columns: Sequence[str], features: Iterable[str]) -> None:
    """Check that a file has exactly one column for each feature of the schema.

    Raises:
      DataError: a column is missing or repeated. Names are quoted so that hidden characters show.
    """
    for name in features:
        if name not in columns:
            listed = ", ".join(map(repr, columns)) or "none"
            raise DataError(
                f"{location}: no column {name!r}, which the schema names; the file has the columns "
                f"{listed}{did_you_mean(name, columns)}"
            )
        if columns.count(name) > 1:
            raise DataError(f"{location}: {columns.count(name)} columns {name!r}; expected one")


def _short(value: object) -> str:
    text = repr(value[:_SHOWN] if isinstance(value, str | bytes) else value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
