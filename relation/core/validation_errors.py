"""Formats validation errors in the file's terms: one line for each fault, with its field as
written."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

_WORDS = (
    (r"^Value error, ", ""),
    (r"a valid dictionary( or .*)?$", "a mapping"),
    (r"a valid tuple$", "a list"),
    (r"^Dictionary ", "Mapping "),
    (r", (got a number with a fractional part|unable to parse string as an? \w+)$", ""),
    (r" after validation, not \d+$", ""),
)
"""Pydantic's terms for Python types, and ours for YAML."""


class _Fault(NamedTuple):
    """`kind`: pydantic's name of it."""

    field: tuple[str, ...]
    kind: str
    got: Any
    expected: str


def describe(error: ValidationError, prefix: str = "", raw: Any = None) -> list[str]:
    """Formats each fault of a validation as one line: field, received value, what was expected.

    Args:
      prefix: the field whose value was validated.
      raw: that value, which tells its keys from the names that pydantic gives to members of unions.
    """
    faults = [_fault(item, raw) for item in error.errors()]
    kept: dict[tuple[tuple[str, ...], str], list[_Fault]] = {}
    for fault in faults:
        if not any(_explains(other, fault) for other in faults):
            kept.setdefault((fault.field, shown(fault.got)), []).append(fault)
    start = [prefix] if prefix else []
    return [
        f"{'.'.join([*start, *field]) or 'recipe'}: {_worded(same)}"
        for (field, _), same in kept.items()
    ]


def shown(value: Any, limit: int = 80) -> str:
    """A received value, cut to part of a line."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _fault(item: Any, raw: Any) -> _Fault:
    kind, place = item["type"], list(_without_tags(item["loc"]))
    last = [place.pop()] if kind in ("missing", "extra_forbidden") else []
    if kind.startswith("union_tag"):
        last = ["type"]
    field = tuple(str(part) for part in [*_as_written(place, raw), *last])
    context = item.get("ctx", {})
    got, expected = item["input"], item["msg"]
    if kind == "union_tag_not_found":
        return _Fault(field, "missing", got, "")
    if kind == "union_tag_invalid":
        tags = context["expected_tags"]
        got, expected = context["tag"], f"Input should be {'one of ' * (', ' in tags)}{tags}"
    for pattern, words in _WORDS:
        expected = re.sub(pattern, words, expected)
    return _Fault(field, kind, got, expected)


def _explains(other: _Fault, fault: _Fault) -> bool:
    """Whether another fault is the same one with more detail."""
    # Validation as another type went deeper: the value has that type, and a fault inside it.
    deeper = other.field != fault.field and _is_in(fault.field, other.field)
    return deeper and fault.kind.endswith("_type")


def _is_in(outer: tuple[str, ...], inner: tuple[str, ...]) -> bool:
    return inner[: len(outer)] == outer


def _worded(faults: Sequence[_Fault]) -> str:
    """Joins the faults at one field, which are those of the members of a union."""
    kind, got = faults[0].kind, shown(faults[0].got)
    if kind == "missing":
        return "missing; it is required"
    if kind == "extra_forbidden":
        return f"unknown key (value {got})"
    first, *rest = dict.fromkeys(fault.expected for fault in faults)
    either = " or ".join([first, *(text.removeprefix("Input should be ") for text in rest)])
    return f"got {got}; {either[0].lower()}{either[1:]}"


def _without_tags(place: Sequence[str | int]) -> Sequence[str | int]:
    """A location without the relation type that pydantic adds: `relation.pairs.sampling`."""
    return (place[0], *place[2:]) if place[:1] == ("relation",) and len(place) > 1 else place


def _as_written(place: Iterable[str | int], raw: Any) -> Iterator[str | int]:
    """The keys and indices of a location that exist in the file; the others are members of
    unions."""
    parts = iter(place)
    for part in parts:
        if raw is None:
            yield part
        elif isinstance(raw, Mapping):
            if part == "params" and part not in raw:  # `recipe.Part` gathers pairs, sorted by name.
                part = sorted(set(raw) - {"type"})[int(next(parts))]
                next(parts, None)
            if part in raw:
                yield part
                raw = raw[part]
        elif isinstance(part, int) and isinstance(raw, Sequence) and not isinstance(raw, str):
            yield part
            raw = raw[part]
