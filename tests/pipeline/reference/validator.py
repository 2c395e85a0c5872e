"""A validator of the part of JSON schema that the recipe's schema is written in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_TYPES = {
    "object": Mapping,
    "array": (list, tuple),
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
_BOUNDS = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
    "multipleOf": lambda value, bound: value % bound == 0,
    "minLength": lambda value, bound: len(value) >= bound,
    "minItems": lambda value, bound: len(value) >= bound,
    "maxItems": lambda value, bound: len(value) <= bound,
    "minProperties": lambda value, bound: len(value) >= bound,
    "maxProperties": lambda value, bound: len(value) <= bound,
    "pattern": lambda value, bound: re.search(bound, value) is not None,
}
_APPLICATORS = (
    *("$ref", "type", "const", "enum", "oneOf", "anyOf", "properties", "required", "items"),
    *("additionalProperties", "patternProperties", "propertyNames"),
)
_NOTES = ("$schema", "$defs", "default", "description", "discriminator")


def faults(
    value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str = ""
) -> list[str]:
    """What is wrong with a value, each fault with its place; empty: it is valid.

    Raises:
      AssertionError: the schema has a keyword that this validator does not know.
    """
    assert set(schema) <= {*_TYPES, *_BOUNDS, *_APPLICATORS, *_NOTES}, set(schema)
    return list(_faults(value, schema, root, at))


def _faults(
    value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str
) -> Iterator[str]:
    if "$ref" in schema:
        yield from faults(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{at}: {value!r} is no {schema['type']}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    for keyword, allowed in (("anyOf", None), ("oneOf", 1)):
        if keyword in schema:
            each = [faults(value, member, root, at) for member in schema[keyword]]
            valid = sum(not faults for faults in each)
            if not valid or (allowed and valid > allowed):
                yield f"{at}: {value!r} fits {valid} of {keyword}: {each}"
    for name, holds in _BOUNDS.items():
        if name in schema and not holds(value, schema[name]):
            yield f"{at}: {value!r} breaks {name} {schema[name]}"
    if isinstance(value, Mapping):
        yield from _of_keys(value, schema, root, at)
    if "items" in schema and isinstance(value, Sequence) and not isinstance(value, str):
        for number, item in enumerate(value):
            yield from faults(item, schema["items"], root, f"{at}.{number}")


def _of_keys(
    value: Mapping[str, Any], schema: Mapping[str, Any], root: Any, at: str
) -> Iterator[str]:
    properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    yield from (f"{at}.{key}: missing" for key in schema.get("required", ()) if key not in value)
    for key, item in value.items():
        place = f"{at}.{key}"
        if "propertyNames" in schema:
            yield from faults(key, schema["propertyNames"], root, place)
        known = [properties[key]] if key in properties else []
        known += [member for pattern, member in patterns.items() if re.search(pattern, key)]
        if not known:
            other = schema.get("additionalProperties", True)
            if other is False:
                yield f"{place}: unknown key"
            known = [other] if isinstance(other, Mapping) else []
        for member in known:
            yield from faults(item, member, root, place)


def _is(value: Any, kind: str) -> bool:
    is_flag = isinstance(value, bool)
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not is_flag)
