"""Reads a recipe and the schema that it names, and checks one against the other."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError
from tensorflow_metadata.proto.v0 import schema_pb2

from relation import schema as schemas
from relation.errors import RecipeError
from relation.names import ID, tuple_feature_names
from relation.recipe import Recipe

PROJECT = Path(__file__).resolve().parent.parent
"""Where relative paths of the shipped recipes start."""
RECIPES = PROJECT / "pipeline" / "recipes"
IMAGE_FOLDER = ("id", "image", "label")
"""The features of a row that is an image file in the folder of its class: all of BYTES."""


class LoadedRecipe(NamedTuple):
    """A recipe, where it was read, and the checked schema of its entity type."""

    recipe: Recipe
    path: Path
    schema_path: Path
    schema: schema_pb2.Schema

    @property
    def features(self) -> tuple[schemas.Feature, ...]:
        """The features that enter the tower: those the recipe names, else all that are not keys."""
        features = schemas.read_features(self.schema)
        named = self.recipe.model.features
        if named is not None:
            return tuple(features[name] for name in named)
        withheld = {self.recipe.entity.id, self.recipe.relation.source.feature}
        return tuple(feature for name, feature in features.items() if name not in withheld)

    @property
    def tuple_schema(self) -> schema_pb2.Schema:
        """The schema of the tuples that RelationGen makes."""
        return schemas.tuple_schema(self.recipe.tuples, self.schema, self.recipe.entity.id)


def load_recipe(name_or_path: str) -> LoadedRecipe:
    """Loads a recipe by the name of a shipped one, or by the path of a YAML file.

    Raises:
      RecipeError: no such file, not YAML, or it does not say what it must; the message names file,
        field, received value and what was expected.
    """
    path = _recipe_path(name_or_path)
    recipe = parse_recipe(path.read_text(encoding="utf-8"), str(path))
    schema_path = _beside(
        path, recipe.entity.schema_path, f"data.entities.{recipe.entity_type}.schema"
    )
    loaded = LoadedRecipe(recipe, path, schema_path, schemas.read_schema(schema_path))
    _check_against_schema(loaded)
    return loaded


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
        # Pydantic adds the tag of a union ("pairs") to the location; it is no key of the file.
        place = [
            str(part)
            for index, part in enumerate(item["loc"])
            if not (index == 1 and item["loc"][0] == "relation" and part in ("pairs", "triplets"))
        ]
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


def _check_against_schema(loaded: LoadedRecipe) -> None:
    """Checks that what the recipe names is in the schema, and can serve as what it is named for."""
    recipe = loaded.recipe
    kinds, keys = list(schemas.read_features(loaded.schema)), schemas.key_features(loaded.schema)
    id_field = f"data.entities.{recipe.entity_type}.id"
    if recipe.entity.format == "image_folder":
        _check_image_folder(loaded)
    _expect(loaded, id_field, [recipe.entity.id], kinds, keys)
    _expect(loaded, "relation.source.feature", [recipe.relation.source.feature], kinds, keys)
    _expect(loaded, "model.features", recipe.model.features or (), kinds, kinds)
    _expect(loaded, "evaluation.slices", recipe.evaluation.slices, kinds, keys)
    if ID in kinds and recipe.entity.id != ID:
        raise RecipeError(
            f"{loaded.path}: {id_field}: got {recipe.entity.id!r}, but {loaded.schema_path} also "
            f"has a feature {ID!r}, and `<role>_id` can hold only one of them: rename the feature"
        )
    if not loaded.features:
        raise RecipeError(
            f"{loaded.path}: model.features: no feature is left for the tower: "
            f"{loaded.schema_path} has only {', '.join(kinds)}"
        )
    tuple_feature_names({role.name: kinds for role in recipe.tuples.roles})


def _check_image_folder(loaded: LoadedRecipe) -> None:
    found = {
        name: feature.dtype
        for name, feature in schemas.read_features(loaded.schema).items()
        if name in IMAGE_FOLDER
    }
    wrong = [name for name in IMAGE_FOLDER if found.get(name) != "bytes"]
    if wrong:
        field = f"data.entities.{loaded.recipe.entity_type}.format"
        got = f"a feature of {found[wrong[0]]}s" if wrong[0] in found else "no such feature"
        raise RecipeError(
            f"{loaded.path}: {field}: got 'image_folder', whose rows have the features "
            f"{', '.join(IMAGE_FOLDER)}, all of BYTES; {loaded.schema_path} has for "
            f"{wrong[0]!r} {got}"
        )


def _expect(
    loaded: LoadedRecipe, field: str, names: Iterable[str], known: list[str], fit: list[str]
) -> None:
    for name in names:
        if name not in known:
            raise RecipeError(
                f"{loaded.path}: {field}: got {name!r}; expected a feature of "
                f"{loaded.schema_path}: {', '.join(known)}"
            )
        if name not in fit:
            raise RecipeError(
                f"{loaded.path}: {field}: got {name!r}, an image or a float; expected a feature of "
                f"bytes or integers: {', '.join(fit)}"
            )


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
