"""Reads a recipe and the schema that it names, and checks one against the other."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError
from tensorflow_metadata.proto.v0 import schema_pb2

from relation.compiled import CompiledRelation
from relation.compiler import checked
from relation.core.errors import RecipeError
from relation.core.validation_errors import describe as describe  # Components describe their own.
from relation.core.yaml_document import read_mapping
from relation.data import Edges, Entity
from relation.recipe import Recipe
from relation.schema import Feature, read_features, read_schema, tuple_schema
from relation.spec import Relation

PROJECT = Path(__file__).resolve().parent.parent
"""Where relative paths of the shipped recipes start."""
RECIPES = PROJECT / "pipeline" / "recipes"
MAX_BYTES = 2**20
"""Bytes of a recipe, which is read at once."""


class LoadedRecipe(NamedTuple):
    """A recipe, where it was read, and the checked schemas that it names.

    `schemas`: of each entity type, and of each edge list, by name.
    """

    recipe: Recipe
    path: Path
    schema_paths: Mapping[str, Path]
    schemas: Mapping[str, schema_pb2.Schema]
    compiled: CompiledRelation

    @property
    def schema_path(self) -> Path:
        """Where the schema of the primary entity type is."""
        return self.schema_paths[self.compiled.primary]

    @property
    def schema(self) -> schema_pb2.Schema:
        """The schema of the primary entity type."""
        return self.schemas[self.compiled.primary]

    @property
    def tuples(self) -> Relation:
        """Roles, label and comparisons of the tuples that the recipe asks for."""
        return self.compiled.tuples

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features of the primary entity type that enter its tower."""
        return self.features_of(self.compiled.primary)

    def features_of(self, entity: str) -> tuple[Feature, ...]:
        """The features that enter the tower: those that the recipe names, or else all that are not
        keys."""
        features = read_features(self.schemas[entity])
        named = self.recipe.model.features_of(entity) if self.recipe.model else None
        if named is not None:
            return tuple(features[name] for name in named)
        withheld = self.compiled.withheld[entity]
        return tuple(feature for name, feature in features.items() if name not in withheld)

    @property
    def tuple_schema(self) -> schema_pb2.Schema:
        """The schema of the tuples that RelationGen makes."""
        return tuple_schema(self.compiled, self.schemas)


def load_recipe(name_or_path: str) -> LoadedRecipe:
    """Loads a recipe by the name of a shipped one, or by the path of a YAML file.

    Raises:
      RecipeError: no such file, not YAML, or an invalid recipe; the message names file, field,
        received value and what was expected.
    """
    path = _recipe_path(name_or_path)
    if (size := path.stat().st_size) > MAX_BYTES:
        raise RecipeError(f"{path}: got {size} bytes; expected a recipe of at most {MAX_BYTES}")
    try:
        recipe = parse_recipe(path.read_text(encoding="utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: not UTF-8 text: {error}") from None
    tables: dict[str, Mapping[str, Entity | Edges]] = {
        "entities": recipe.data.entities,
        "edges": recipe.data.edges,
    }
    paths = {
        name: _beside(path, part.schema_path, f"data.{kind}.{name}.schema")
        for kind, parts in tables.items()
        for name, part in parts.items()
    }
    read = {name: read_schema(schema) for name, schema in paths.items()}
    try:
        return LoadedRecipe(recipe, path, paths, read, checked(recipe, read, paths))
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from None


def parse_recipe(text: str, origin: str) -> Recipe:
    """Parses the text of a recipe; `origin` is named in errors.

    Raises:
      RecipeError: see `load_recipe`.
    """
    try:
        raw = read_mapping(text)
        return Recipe.model_validate(raw)
    except RecipeError as error:
        raise RecipeError(f"{origin}: {error}") from None
    except ValidationError as error:
        faults = describe(error, raw=raw)
        raise RecipeError("\n".join(f"{origin}: {fault}" for fault in faults)) from None


def _recipe_path(name_or_path: str) -> Path:
    if re.fullmatch(r"[A-Za-z0-9_-]+", name_or_path):
        path = RECIPES / f"{name_or_path}.yaml"
        if not path.is_file():
            names = ", ".join(sorted(p.stem for p in RECIPES.glob("*.yaml")))
            raise RecipeError(f"recipe {name_or_path!r}: no such recipe; shipped ones are {names}")
        return path
    path = Path(name_or_path).expanduser().resolve()
    if not path.is_file():
        raise RecipeError(f"recipe {name_or_path!r}: no such file ({path})")
    return path


def _beside(recipe_path: Path, name: str, field: str) -> Path:
    """A path named by a recipe: absolute, beside the recipe, or in the project."""
    candidates = [folder / name for folder in (recipe_path.parent, PROJECT)]
    for candidate in candidates:
        if candidate.is_file():
            return candidate.resolve()
    looked = " nor ".join(dict.fromkeys(str(candidate) for candidate in candidates))
    raise RecipeError(
        f"{recipe_path}: {field}: got {name!r}; expected a file, but there is neither {looked}"
    )
