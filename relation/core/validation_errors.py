"""Formats validation errors in the file's terms: one line for each fault, with its field as
written."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from relation.core.errors import did_you_mean, nearest

T = TypeVar("T")
_ROUNDS = 10
"""A misspelt key may hide others beneath it."""
_WORDS = (
    (r"^Value error, ", ""),
    (r"a valid dictionary( or .*)?$", "a mapping"),
    (r"a valid tuple$", "a list"),
    (r"^Dictionary ", "Mapping "),
    (r", (got a number with a fractional part|unable to parse string as an? \w+)$", ""),
    (r" after validation, not \d+$", ""),
)
"""Pydantic's terms for Python types, and ours for YAML."""


_UNKNOWN_KEY = "unknown_key"
"""Ours instead of pydantic's `extra_forbidden`; its context has `keys`, those that exist."""


class _Fault(NamedTuple):
    """`kind`: pydantic's name of it."""

    field: tuple[str, ...]
    kind: str
    got: Any
    expected: str


def describe(
    error: ValidationError, prefix: str = "", raw: Any = None, only_unknown: bool = False
) -> list[str]:
    """Formats each fault of a validation as one line: field, received value, what was expected.

    Args:
      prefix: the field whose value was validated.
      raw: that value, which tells its keys from the names that pydantic gives to members of unions.
      only_unknown: whether to leave out all faults but unknown keys.
    """
    items = [i for i in error.errors() if not only_unknown or i["type"] == _UNKNOWN_KEY]
    faults = [_fault(item, raw) for item in items]
    kept: dict[tuple[tuple[str, ...], str], list[_Fault]] = {}
    for fault in faults:
        if not any(_explains(other, fault) for other in faults):
            kept.setdefault((fault.field, shown(fault.got)), []).append(fault)
    start = [prefix] if prefix else []
    return [
        f"{'.'.join([*start, *field]) or 'recipe'}: {_worded(same)}"
        for (field, _), same in kept.items()
    ]


class Validated(NamedTuple, Generic[T]):
    """A validated mapping.

    value: None if it is not valid even with misspelt keys as they were probably meant.
    faults: one line each.
    raw: the mapping with those keys.
    """

    value: T | None
    faults: tuple[str, ...]
    raw: Mapping[str, Any]


def validated(
    validate: Callable[[Mapping[str, Any]], T], raw: Mapping[str, Any], prefix: str = ""
) -> Validated[T]:
    """Validates a mapping, and goes on as if a misspelt key was written as it was probably meant.

    Other unknown keys are left out then.

    Args:
      validate: raises ValidationError.
      raw: the mapping.
      prefix: its field.
    """
    faults: dict[str, None] = {}
    for _ in range(_ROUNDS):
        try:
            return Validated(validate(raw), tuple(faults), raw)
        except ValidationError as error:
            unknown = _unknown_keys(error, raw)
            faults |= dict.fromkeys(describe(error, prefix, raw, only_unknown=bool(unknown)))
            if not unknown:
                break
            for place, meant in unknown:
                raw = _respelt(raw, place, meant)
    return Validated(None, tuple(faults), raw)


def _respelt(value: Any, place: tuple[str | int, ...], meant: str | None) -> Any:
    """A copy in which a key is called `meant`, or is left out where that is None or taken."""
    first, *rest = place
    if rest:
        inner = _respelt(value[first], tuple(rest), meant)
        if isinstance(value, Mapping):
            return {**value, first: inner}
        return tuple(inner if number == first else item for number, item in enumerate(value))
    names = {first: None if meant in value else meant}
    renamed = {names.get(key, key): item for key, item in value.items()}
    renamed.pop(None, None)
    return renamed


def with_known_keys(error: ValidationError, keys: tuple[str, ...]) -> ValidationError:
    """The same error, in which each unknown key of the mapping itself has the keys that exist."""
    items = error.errors(include_url=False)
    if not any(_is_unknown(item) for item in items):
        return error
    details = []
    for item in items:
        kind, context = item["type"], item.get("ctx", {})
        if _is_unknown(item):
            kind, context = _UNKNOWN_KEY, {"keys": keys}
        own = PydanticCustomError(kind, "unknown key", context)  # type: ignore[arg-type]
        details.append(
            InitErrorDetails(
                type=own if kind == _UNKNOWN_KEY else kind,
                loc=item["loc"],
                input=item["input"],
                ctx=context,
            )
        )
    return ValidationError.from_exception_data(error.title, details)


def _is_unknown(item: Any) -> bool:
    return item["type"] == "extra_forbidden" and len(item["loc"]) == 1


def _unknown_keys(
    error: ValidationError, raw: Any
) -> list[tuple[tuple[str | int, ...], str | None]]:
    """Where each unknown key is, as written in the value, and the key that it probably means."""
    return [
        (
            (*_as_written(_without_tags(item["loc"][:-1]), raw), item["loc"][-1]),
            nearest(str(item["loc"][-1]), item["ctx"]["keys"]),
        )
        for item in error.errors()
        if item["type"] == _UNKNOWN_KEY
    ]


def shown(value: Any, limit: int = 80) -> str:
    """A received value, cut to part of a line."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _fault(item: Any, raw: Any) -> _Fault:
    kind, place = item["type"], list(_without_tags(item["loc"]))
    last = [place.pop()] if kind in ("missing", _UNKNOWN_KEY) else []
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
    if kind == _UNKNOWN_KEY:
        keys = context["keys"]
        expected = f"expected one of {', '.join(keys)}{did_you_mean(str(last[0]), keys)}"
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
    if kind == _UNKNOWN_KEY:
        return f"unknown key (value {got}); {faults[0].expected}"
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
