"""JSON lines: a JSON object in each line, in UTF-8, plain or gzip.

A list is a feature with several values. A null, an empty list or a key that is absent is a missing
value. Keys that the schema does not name are left out. A line that is not an object is a bad row,
since the next one can be read all the same.
"""

import itertools
import json
import math
from collections.abc import Iterator
from typing import Any

from components.entity_gen.records import ColumnTypes, Fault, ReadOptions, Record
from components.entity_gen.text_lines import text_lines
from components.entity_gen.values import row
from relation.core.errors import DataError
from relation.files.binary_files import open_binary

NOT_AN_OBJECT = "is not a JSON object"
FIRST_LINES = 1000
"""Lines that show which keys there are."""


def read(path: str, options: ReadOptions) -> Iterator[Record]:
    """Yield each row of a file, or the `Fault` of a line that is not an object, or does not fit.

    Raises:
      DataError: invalid UTF-8, or a truncated or damaged gzip stream. It names file and line
        (from 1).
    """
    for where, parsed in _objects(path):
        if isinstance(parsed, str):
            yield Fault(NOT_AN_OBJECT, f"{where}: {parsed}; expected a JSON object")
            continue
        named = ((name, _values(parsed.get(name))) for name in options.features)
        yield row(named, options.features, where)


def columns(path: str) -> ColumnTypes:
    """The keys of the first lines: integers where all values are, numbers, or text.

    Raises:
      DataError: see `read`; or no line is an object.
    """
    values: dict[str, list[Any]] = {}
    for _, parsed in itertools.islice(_objects(path), FIRST_LINES):
        if isinstance(parsed, dict):
            for name, value in parsed.items():
                values.setdefault(name, []).extend(_values(value))
    if not values:
        raise DataError(f"{path}: no line is a JSON object with keys; is it a file of JSON lines?")
    types, unreadable = {}, {}
    for name, held in values.items():
        if any(isinstance(value, dict | list) for value in held):
            unreadable[name] = "it holds objects or lists of lists: write plain values, or one list"
        else:
            types[name] = _type(held)
    return ColumnTypes(types, unreadable)


def _type(values: list[Any]) -> str:
    if any(isinstance(value, str) for value in values) or not values:
        return "bytes"
    return "int" if all(isinstance(value, int) for value in values) else "float"


def _values(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _objects(path: str) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Yield where each line is, and its object; of another line what it is instead."""
    with open_binary(path) as file:
        lines = text_lines(path, file, "a file of JSON lines")
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield f"line {number}", _parsed(line)


def _parsed(line: str) -> dict[str, Any] | str:
    try:
        value = json.loads(line.strip(), object_pairs_hook=_object, parse_float=_number)
    except json.JSONDecodeError as error:
        return f"not JSON: {error.msg} at character {error.pos + 1}"
    except RecursionError:
        return "nested too deeply"
    except ValueError as error:
        return str(error)
    return value if isinstance(value, dict) else f"got a JSON {_called(value)}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} appears twice")
    return result


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:20]} is beyond 64 bits")
    return number


def _called(value: Any) -> str:
    return {list: "list", str: "text", type(None): "null", bool: "truth value"}.get(
        type(value), "number"
    )
