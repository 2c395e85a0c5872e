"""Reads a recipe and the schema that it names, and checks one against the other."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError
from tensorflow_metadata.proto.v0 import schema_pb2

from relation import checks
from relation import schema as schemas
from relation.errors import RecipeError
from relation.materialization import Materialization
from relation.recipe import Recipe
from relation.spec import Relation

PROJECT = Path(__file__).resolve().parent.parent
"""Where relative paths of the shipped recipes start."""
RECIPES = PROJECT / "pipeline" / "recipes"


class LoadedRecipe(NamedTuple):
    """A recipe, where it was read, and the checked schemas that it names.

    `schemas`: of each entity type, and of each edge list, by name.
    """

    recipe: Recipe
    path: Path
    schema_paths: Mapping[str, Path]
    schemas: Mapping[str, schema_pb2.Schema]
    materialization: Materialization

    @property
    def schema_path(self) -> Path:
        """Where the schema of the primary entity type is."""
        return self.schema_paths[self.recipe.primary]

    @property
    def schema(self) -> schema_pb2.Schema:
        """The schema of the primary entity type."""
        return self.schemas[self.recipe.primary]

    @property
    def tuples(self) -> Relation:
        """Roles, label and comparisons of the tuples that the recipe asks for."""
        return self.materialization.tuples

    @property
    def features(self) -> tuple[schemas.Feature, ...]:
        """The features of the primary entity type that enter its tower."""
        return self.features_of(self.recipe.primary)

    def features_of(self, entity: str) -> tuple[schemas.Feature, ...]:
        """The features that enter the tower: those the recipe names, else all that are not keys."""
        features = schemas.read_features(self.schemas[entity])
        named = self.recipe.model.features_of(entity) if self.recipe.model else None
        if named is not None:
            return tuple(features[name] for name in named)
        withheld = checks.keys_of(self.recipe, entity)
        return tuple(feature for name, feature in features.items() if name not in withheld)

    @property
    def tuple_schema(self) -> schema_pb2.Schema:
        """The schema of the tuples that RelationGen makes."""
        return schemas.tuple_schema(self.materialization, self.schemas)


def load_recipe(name_or_path: str) -> LoadedRecipe:
    """Loads a recipe by the name of a shipped one, or by the path of a YAML file.

    Raises:
      RecipeError: no such file, not YAML, or it does not say what it must; the message names file,
        field, received value and what was expected.
    """
    path = _recipe_path(name_or_path)
    recipe = parse_recipe(path.read_text(encoding="utf-8"), str(path))
    named = {name: ("entities", entity) for name, entity in recipe.data.entities.items()}
    named |= {name: ("edges", edges) for name, edges in recipe.data.edges.items()}
    paths = {
        name: _beside(path, part.schema_path, f"data.{kind}.{name}.schema")
        for name, (kind, part) in named.items()
    }
    read = {name: schemas.read_schema(found) for name, found in paths.items()}
    try:
        checks.check(recipe, read, paths)
        return LoadedRecipe(recipe, path, paths, read, checks.materialization(recipe, read))
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from None


def parse_recipe(text: str, origin: str) -> Recipe:
    """Parses the text of a recipe; `origin` is named in errors.

    Raises:
      RecipeError: see `load_recipe`.
    """
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RecipeError(f"{origin}: not YAML: {error}") from None
    if not isinstance(raw, dict):
        raise RecipeError(f"{origin}: expected a mapping of keys, got {_shown(raw)}")
    try:
        return Recipe.model_validate(_hashable(raw))
    except ValidationError as error:
        raise RecipeError("\n".join(f"{origin}: {line}" for line in describe(error))) from None


def describe(error: ValidationError, prefix: str = "") -> list[str]:
    """One line an error of a validation: field, received value, what was expected."""
    lines = []
    for item in error.errors():
        place = _without_tags([str(part) for part in item["loc"]])
        field = ".".join([*([prefix] if prefix else []), *place]) or "recipe"
        if item["type"] == "missing":
            lines.append(f"{field}: missing; it is required")
        elif item["type"] == "extra_forbidden":
            lines.append(f"{field}: unknown key (value {_shown(item['input'])})")
        else:
            expected = re.sub(r"^Value error, ", "", item["msg"])
            lines.append(
                f"{field}: got {_shown(item['input'])}; {expected[0].lower()}{expected[1:]}"
            )
    return lines


def _without_tags(place: list[str]) -> list[str]:
    """A location without the tags of unions ("pairs", "edges"), which are no keys of the file."""
    if place[:1] == ["relation"]:
        place = [place[0], *place[2:]] if len(place) > 1 else place
        if place[1:2] == ["source"] and len(place) > 2 and place[2] in checks.SOURCES:
            place = [*place[:2], *place[3:]]
    return [part for part in place if part not in ("str", "int") and not part.startswith("dict[")]


def _recipe_path(name_or_path: str) -> Path:
    if re.fullmatch(r"[A-Za-z0-9_-]+", name_or_path):
        path = RECIPES / f"{name_or_path}.yaml"
        if not path.is_file():
            known = ", ".join(sorted(p.stem for p in RECIPES.glob("*.yaml")))
            raise RecipeError(f"recipe {name_or_path!r}: no such recipe; shipped ones are {known}")
        return path
    path = Path(name_or_path).expanduser().resolve()
    if not path.is_file():
        raise RecipeError(f"recipe {name_or_path!r}: no such file ({path})")
    return path


def _beside(recipe_path: Path, name: str, field: str) -> Path:
    """A path named by a recipe: absolute, beside the recipe, or in the project."""
    places = [folder / name for folder in (recipe_path.parent, PROJECT)]
    for place in places:
        if place.is_file():
            return place.resolve()
    looked = " nor ".join(dict.fromkeys(str(place) for place in places))
    raise RecipeError(f"{recipe_path}: {field}: got {name!r}; no such file: neither {looked}")


def _hashable(value: Any) -> Any:
    """Lists as tuples, so that what is parsed is immutable all the way down."""
    if isinstance(value, dict):
        return {key: _hashable(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_hashable(item) for item in value)
    return value


def _shown(value: Any, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
