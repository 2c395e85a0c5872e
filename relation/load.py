"""Reads a recipe and the schema that it names, and checks one against the other."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tensorflow_metadata.proto.v0 import schema_pb2

from relation.compiled import CompiledRelation
from relation.compiler import check_and_compile
from relation.core.errors import Faults, RecipeError
from relation.core.validation_errors import describe as describe  # Components describe their own.
from relation.core.yaml_document import lines_of, read_mapping
from relation.data import Edges, Entity, RowReading
from relation.recipe import Recipe
from relation.schema import Feature, FeatureKind, read_features, read_schema, tuple_schema
from relation.spec import Relation
from relation.validation.sections import Sections, read_sections

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

    def row_reading(self, table: str) -> RowReading:
        """How the files of an entity type or edge list are read."""
        part, features = self.recipe.data.tables[table], read_features(self.schemas[table])
        entity = self.recipe.data.entities.get(table)
        derived_id = entity.id if entity is not None and entity.derive_id else None
        typed = part.format == "tfrecord"
        manifest = part.format == "image_manifest"
        return RowReading(
            format=part.format,
            types={n: f.dtype for n, f in features.items() if not typed and n != derived_id},
            images=tuple(
                n for n, f in features.items() if manifest and f.kind is FeatureKind.IMAGE
            ),
            missing=part.missing,
            derived_id=derived_id,
        )

    @property
    def tuple_schema(self) -> schema_pb2.Schema:
        """The schema of the tuples that RelationGen makes."""
        return tuple_schema(self.compiled, self.schemas)


class Draft(NamedTuple):
    """A recipe as far as it is right.

    path: its file.
    sections: the valid ones, and all faults of the others.
    loaded: the recipe with its schemas, if these and its relation are right; of its other sections
      only the valid ones are there.
    faults: all faults but those of components, which this package does not know.
    """

    path: Path
    sections: Sections
    loaded: LoadedRecipe | None
    faults: tuple[str, ...]


def load_recipe(name_or_path: str) -> LoadedRecipe:
    """Loads a recipe by the name of a shipped one, or by the path of a YAML file.

    Raises:
      RecipeError: no such file, not YAML, or an invalid recipe; the message has a line for each
        fault, with file, line, field, received value and what was expected.
    """
    draft = draft_recipe(name_or_path)
    raise_faults(draft.path, draft.faults)
    assert draft.loaded is not None
    return draft.loaded


def draft_recipe(name_or_path: str) -> Draft:
    """Loads a recipe as far as it is right.

    Raises:
      RecipeError: no such file, or not YAML.
    """
    path = _recipe_path(name_or_path)
    if (size := path.stat().st_size) > MAX_BYTES:
        raise RecipeError(f"{path}: got {size} bytes; expected a recipe of at most {MAX_BYTES}")
    sections = _parsed(_text(path), str(path))
    faults = Faults(sections.faults)
    loaded = None
    if not sections.faulty & {"data", "relation"}:
        loaded = _loaded(path, sections, faults)
    return Draft(path, sections, loaded, faults.lines)


def raise_faults(path: Path, faults: Sequence[str]) -> None:
    """Raises RecipeError if there are faults, in the order of the lines of the recipe's file.

    Args:
      faults: one line each, from the field on.
    """
    if faults:
        raise RecipeError(_placed(_text(path), str(path), faults))


def parse_recipe(text: str, origin: str) -> Recipe:
    """Parses the text of a recipe; `origin` is named in errors.

    Raises:
      RecipeError: see `load_recipe`.
    """
    sections = _parsed(text, origin)
    if sections.faults:
        raise RecipeError(_placed(text, origin, sections.faults))
    return sections.recipe


def _parsed(text: str, origin: str) -> Sections:
    try:
        return read_sections(read_mapping(text))
    except RecipeError as error:
        raise RecipeError(f"{origin}: {error}") from None


def _placed(text: str, origin: str, faults: Sequence[str]) -> str:
    """Faults with their file and line, sorted by line."""
    lines = lines_of(text)
    placed = sorted(((_line(fault, lines), fault) for fault in faults), key=lambda pair: pair[0])
    return "\n".join(
        f"{origin}:{line}: {fault}" if line else f"{origin}: {fault}" for line, fault in placed
    )


def _line(fault: str, lines: Mapping[str, int]) -> int:
    """The line of the field that a fault begins with, or of what is around it; 0 if there is
    none."""
    field = fault.partition(": ")[0]
    while field and field not in lines:
        field = field.rpartition(".")[0]
    return lines.get(field, 0)


def _loaded(path: Path, sections: Sections, faults: Faults) -> LoadedRecipe | None:
    """Reads the schemas, checks all that the recipe names, and compiles its relation."""
    recipe = sections.recipe
    tables: dict[str, Mapping[str, Entity | Edges]] = {
        "entities": recipe.data.entities,
        "edges": recipe.data.edges,
    }
    paths: dict[str, Path] = {}
    schemas: dict[str, schema_pb2.Schema] = {}

    def read(field: str, name: str, part: Entity | Edges) -> None:
        paths[name] = _beside(path, part.schema_path, field)
        try:
            schemas[name] = read_schema(paths[name])
        except RecipeError as error:
            lines = str(error).splitlines()
            raise RecipeError("\n".join(f"{field}: {line}" for line in lines)) from None

    for kind, parts in tables.items():
        for name, part in parts.items():
            faults.check(read, f"data.{kind}.{name}.schema", name, part)
    if len(schemas) < sum(map(len, tables.values())):
        return None
    compiled = check_and_compile(recipe, schemas, paths, faults, sections.faulty)
    return None if compiled is None else LoadedRecipe(recipe, path, paths, schemas, compiled)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: not UTF-8 text: {error}") from None


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
    raise RecipeError(f"{field}: got {name!r}; expected a file, but there is neither {looked}")
