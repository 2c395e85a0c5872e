"""JSON schemas of objects as Markdown: a table of keys with type, default, range and meaning."""

from collections.abc import Callable, Iterator
from typing import Any

from pipeline.reference.json_schema import JsonSchema

Link = Callable[[str], str]
"""The Markdown link to the section of a definition, by its name in `$defs`."""

_TYPES = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "`true` or `false`",
    "object": "mapping",
}
_BOUNDS = (
    ("minimum", "≥ {}"),
    ("exclusiveMinimum", "> {}"),
    ("maximum", "≤ {}"),
    ("exclusiveMaximum", "< {}"),
    ("multipleOf", "multiple of {}"),
    ("minItems", "{} or more"),
    ("maxItems", "{} at most"),
    ("minProperties", "{} or more"),
    ("maxProperties", "{} at most"),
    ("minLength", "{} or more characters"),
)


def table(schema: JsonSchema, link: Link, definitions: JsonSchema) -> str:
    """The keys of an object except `type`, which titles its section; empty if there are none."""
    keys = {key: value for key, value in schema.get("properties", {}).items() if key != "type"}
    if not keys:
        return ""
    rows = ["| key | type | default | range | meaning |", "|---|---|---|---|---|"]
    for key, value in keys.items():
        default = "required" if key in schema.get("required", ()) else _default(value)
        meaning = _meaning(value, definitions)
        cells = [f"`{key}`", kind(value, link), default, bounds(value), meaning]
        rows.append("| " + " | ".join(text.replace("|", "\\|") for text in cells) + " |")
    return "\n".join(rows) + "\n"


def _meaning(schema: JsonSchema, definitions: JsonSchema) -> str:
    """The description on one line; without one, the first line of the definition's."""
    if "description" not in schema and "$ref" in schema:
        definition = definitions[schema["$ref"].rpartition("/")[2]]
        return str(definition.get("description", "")).partition("\n")[0]
    return " ".join(schema.get("description", "").split())


def kind(schema: JsonSchema, link: Link) -> str:
    """The type of a value in words; definitions are linked."""
    if "$ref" in schema:
        return link(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return f"`{_yaml(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{_yaml(value)}`" for value in schema["enum"])
    if members := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(kind(m, link) for m in members if m != {"type": "null"}))
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}), link)}"
    for value in values_of(schema):
        return f"mapping of names to {kind(value, link)}"
    return _TYPES.get(schema.get("type", ""), "any value")


def values_of(schema: JsonSchema) -> list[JsonSchema]:
    """The schemas of the values of a mapping with names of the user."""
    values = [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]
    return [value for value in values if isinstance(value, dict)]


def bounds(schema: JsonSchema) -> str:
    """The range of a value, of the items of a list too; empty if there is none."""
    return "; ".join(dict.fromkeys(_bounds(schema)))


def _bounds(schema: JsonSchema) -> Iterator[str]:
    own = [text.format(_number(schema[name])) for name, text in _BOUNDS if name in schema]
    if own:
        yield ", ".join(own)
    for member in [*schema.get("anyOf", ()), *schema.get("oneOf", ())]:
        yield from _bounds(member)
    if isinstance(items := schema.get("items"), dict) and (inner := bounds(items)):
        yield f"each {inner}"


def _default(schema: JsonSchema) -> str:
    value = schema.get("default")
    if value is None or value == {}:
        return "none"
    if isinstance(value, dict):
        return "its own defaults" if "$ref" in str(schema) else f"`{_yaml(value)}`"
    return f"`{_yaml(value)}`"


def _yaml(value: Any) -> str:
    """A value in the recipe's YAML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    return _number(value) if isinstance(value, int | float) else str(value) or '""'


def _number(value: float) -> str:
    """A number as people write it: large powers of 2 as such."""
    if isinstance(value, int) and value >= 2**20 and value & (value - 1) == 0:
        return f"2^{value.bit_length() - 1}"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
