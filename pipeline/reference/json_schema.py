"""The JSON schema of a recipe, with registered components, by which editors complete and check."""

import copy
from typing import Any, TypeAlias

from relation.core.registry import Registry
from relation.recipe import ComponentConfig, Recipe
from trainer_module.registry import HEADS, LOSSES, MINERS, TOWERS

JsonSchema: TypeAlias = dict[str, Any]

COMPONENTS: dict[str, Registry[Any]] = {
    "tower": TOWERS,
    "head": HEADS,
    "loss": LOSSES,
    "mining": MINERS,
}
"""The registry of each key of `model`; `towers` takes what `tower` takes."""
_CONFIG = ComponentConfig.__name__


def recipe_schema() -> JsonSchema:
    """JSON schema (draft 2020-12) of a recipe, with all registered sources and components."""
    schema = _tidied(Recipe.model_json_schema())
    definitions = schema["$defs"]
    model = definitions["Model"]["properties"]
    for key, registry in COMPONENTS.items():
        names = [f"{key}.{name}" for name in registry.names]
        for name, component in zip(names, registry.names, strict=True):
            definitions[name] = component_schema(component, registry[component])
        definitions[key] = {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in names]}
        model[key] = _pointed_at(key, model[key])
    model["towers"] = _pointed_at("tower", model["towers"])
    del definitions[_CONFIG]
    _define_sources(definitions)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def component_schema(name: str, component: type[Any]) -> JsonSchema:
    """JSON schema of a component's configuration: `type`, and its parameters.

    Raises:
      ValueError: a parameter is of a type that has a definition of its own, as a nested class.
    """
    schema = _tidied(component.model_json_schema())
    if "$defs" in schema:
        raise ValueError(f"{name}: parameters of components are numbers, strings and lists")
    schema["properties"] = {"type": {"const": name}, **schema.get("properties", {})}
    schema["required"] = ["type", *schema.get("required", ())]
    return schema


def _define_sources(definitions: JsonSchema) -> None:
    """Gives each source one definition, to which the relation types that it serves refer."""
    for relation_type in list(definitions.values()):
        source = relation_type.get("properties", {}).get("source", {})
        members = source.get("oneOf", ())
        names = [f"source.{member['properties']['type']['const']}" for member in members]
        if names:
            definitions.update(zip(names, members, strict=True))
            source["oneOf"] = [{"$ref": f"#/$defs/{name}"} for name in names]
            source["description"] = "Where relationships come from, by `type`."


def _pointed_at(key: str, value: Any) -> Any:
    """A schema whose references to component configurations point at the definition `key`."""
    if isinstance(value, dict):
        return {name: _pointed_at(key, item) for name, item in value.items()}
    if isinstance(value, list):
        return [_pointed_at(key, item) for item in value]
    return f"#/$defs/{key}" if value == f"#/$defs/{_CONFIG}" else value


def _tidied(schema: JsonSchema) -> JsonSchema:
    """A schema without the titles that pydantic makes of names, and closed as the recipe is."""
    schema = copy.deepcopy(schema)
    waiting: list[Any] = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if isinstance(node.get("title"), str):
                del node["title"]
            if "patternProperties" in node:
                node["additionalProperties"] = False  # Other names are errors, too.
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return schema
