"""Validates a recipe section by section, so that a fault in one does not hide those of others."""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from relation.core.validation_errors import validated
from relation.recipe import Recipe


class Sections(NamedTuple):
    """What is valid of a recipe, and the faults of the rest.

    recipe: its valid sections, not checked against each other; None for the others.
    faulty: names of the sections that are not valid.
    faults: one line each, from the field on.
    raw: the mapping that was read, with misspelt keys as they were probably meant.
    """

    recipe: Recipe
    faulty: frozenset[str]
    faults: tuple[str, ...]
    raw: Mapping[str, Any]


def read_sections(raw: Mapping[str, Any]) -> Sections:
    """Validates the mapping of a recipe's file."""
    recipe, faults, raw = validated(Recipe.model_validate, raw)
    if recipe is not None:
        return Sections(recipe, frozenset(), faults, raw)
    valid = {name: value for name in Recipe.model_fields for value in _valid(name, raw)}
    faulty = frozenset(Recipe.model_fields) - set(valid)
    recipe = Recipe.model_construct(**{**dict.fromkeys(faulty), **valid})
    return Sections(recipe, faulty, faults, raw)


def _valid(name: str, raw: Mapping[str, Any]) -> list[Any]:
    """The section of a name, or its default, in a list; an empty one if it is not valid."""
    field = Recipe.model_fields[name]
    if name not in raw:
        return [] if field.is_required() else [field.get_default()]
    try:
        section: Any = Annotated[field.annotation, field]
        return [TypeAdapter(section).validate_python(raw[name])]
    except ValidationError:
        return []
