"""A YAML file as plain, immutable values."""

from typing import Any

import yaml

from relation.core.errors import RecipeError
from relation.core.validation_errors import shown

_STRING = "tag:yaml.org,2002:str"


def read_mapping(text: str) -> dict[str, Any]:
    """The keys and values of a document; lists become tuples, so that all of it is immutable.

    Raises:
      RecipeError: not YAML, no mapping, or a key that is no string or is there twice.
    """
    try:
        raw = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise RecipeError(f"not YAML: {error}") from None
    if not isinstance(raw, dict):
        raise RecipeError(f"expected a mapping of keys, got {shown(raw)}")
    result: dict[str, Any] = _immutable(raw)
    return result


class _Loader(yaml.SafeLoader):
    """Refuses what YAML would take without a word: of a key twice the last, `on` as True."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            place = f"line {key.start_mark.line + 1}"
            if key.tag != _STRING:
                raise RecipeError(f"{place}: key {shown(key.value)}: expected a string (in quotes)")
            if key.value in seen:
                raise RecipeError(f"{place}: key {key.value!r}: is there twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _immutable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _immutable(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_immutable(item) for item in value)
    return value
