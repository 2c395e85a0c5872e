"""A YAML file as plain, immutable values."""

from typing import Any

import yaml

from relation.core.errors import RecipeError
from relation.core.validation_errors import shown

_STRING = "tag:yaml.org,2002:str"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
MAX_CHARACTERS = 2**18
MAX_VALUES = 100_000
"""Values of a document, where each alias counts as all that it stands for."""
MAX_DEPTH = 50
MAX_DIGITS = 100
"""Characters of a number."""


def read_mapping(text: str) -> dict[str, Any]:
    """The keys and values of a document; lists become tuples, so that all of it is immutable.

    Raises:
      RecipeError: not YAML, not a mapping, a key that is not a string or appears twice, a
        value that YAML does not allow, or more than the bounds above.
    """
    if len(text) > MAX_CHARACTERS:
        raise RecipeError(f"got {len(text)} characters; expected at most {MAX_CHARACTERS}")
    try:
        raw = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise RecipeError(f"not YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise RecipeError(f"is nested too deeply; expected at most {MAX_DEPTH} levels") from None
    plain = _Immutable()(raw, 1)
    if not isinstance(plain, dict):
        raise RecipeError(f"expected a mapping of keys, got {shown(plain)}")
    return plain


def lines_of(text: str) -> dict[str, int]:
    """The line, from 1 on, of each field of a document that `read_mapping` accepts.

    >>> lines_of("name: a\\nmodel:\\n  head: {type: dot}\\nslices: [b]")
    {'name': 1, 'model': 2, 'model.head': 3, 'model.head.type': 3, 'slices': 4, 'slices.0': 4}
    """
    lines: dict[str, int] = {}

    def visit(node: yaml.Node | None, field: str) -> None:
        if isinstance(node, yaml.MappingNode):
            items = [(str(key.value), key, value) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            items = [(str(number), item, item) for number, item in enumerate(node.value)]
        else:
            return
        for name, key, value in items:
            inner = f"{field}.{name}" if field else name
            lines[inner] = key.start_mark.line + 1
            visit(value, inner)

    visit(yaml.compose(text, _Loader), "")
    return lines


class _Loader(yaml.SafeLoader):
    """Refuses what YAML accepts silently: repeated keys, and keys such as `on`, which is True."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        place = f"line {node.start_mark.line + 1}"
        if node.tag in _NUMBERS and len(str(node.value)) > MAX_DIGITS:
            raise RecipeError(
                f"{place}: got a number of {len(node.value)} characters; "
                f"expected at most {MAX_DIGITS}"
            )
        try:
            value = super().construct_object(node, deep)
        except (RecipeError, yaml.YAMLError, RecursionError):
            raise
        except Exception as error:  # An impossible date, or a value that its tag does not fit.
            kind = node.tag.rpartition(":")[2]
            raise RecipeError(
                f"{place}: got {_shown(node)}, which is not a valid {kind}: {error}"
            ) from None
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise RecipeError(f"{place}: got {value}; expected an integer of 64 bits")
        return value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            place = f"line {key.start_mark.line + 1}"
            if key.tag != _STRING:
                raise RecipeError(
                    f"{place}: got {_shown(key)} as a key; expected a string (in quotes)"
                )
            if key.value in seen:
                raise RecipeError(f"{place}: key {key.value!r} appears twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _shown(node: yaml.Node) -> str:
    """A scalar's value; only the type of a collection, which may have any size."""
    if isinstance(node, yaml.ScalarNode):
        return shown(node.value)
    return "a mapping" if isinstance(node, yaml.MappingNode) else "a list"


class _Immutable:
    """Copies values with tuples for lists, and counts them: aliases may stand for any number."""

    def __init__(self) -> None:
        self._values = 0

    def __call__(self, value: Any, depth: int) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            raise RecipeError(
                f"holds more than {MAX_VALUES} values, where each alias counts as all that it "
                "stands for"
            )
        if depth > MAX_DEPTH:
            raise RecipeError(f"is nested too deeply; expected at most {MAX_DEPTH} levels")
        if isinstance(value, dict):
            return {key: self(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return tuple(self(item, depth + 1) for item in value)
        return value
