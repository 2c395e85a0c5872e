"""Where rows are: the files that the recipe names, or those its generators made."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from demo_data.once import FILES, write_once
from pipeline.paths import RunPaths
from relation.data import Edges, Entity
from relation.load import LoadedRecipe
from relation.recipe import Recipe

Pattern: TypeAlias = str | Mapping[str, str]
"""A glob, or one for each split of `split: {unit: files}`."""
Patterns: TypeAlias = Mapping[str, Pattern]
"""Of each entity type and edge list that is read, by name."""


def read_tables(recipe: Recipe) -> dict[str, Entity | Edges]:
    """What is read from files: entity types, then edge lists."""
    entities = {name: entity for name, entity in recipe.data.entities.items() if entity.read}
    return {**entities, **recipe.data.edges}


def data_patterns(loaded: LoadedRecipe, paths: RunPaths) -> Patterns:
    """The glob patterns of the rows; makes them first where the recipe names a generator."""
    for name, table in read_tables(loaded.recipe).items():
        if table.generator is not None:
            write_once(table.generator, paths.data / name)
    return expected_patterns(loaded, paths)


def expected_patterns(loaded: LoadedRecipe, paths: RunPaths) -> Patterns:
    """The same patterns, but nothing is made: a generator's rows need not be there yet.

    A relative path starts at the recipe's folder.
    """
    found: dict[str, Pattern] = {}
    for name, table in read_tables(loaded.recipe).items():
        if table.path is None:
            found[name] = str(paths.data / name / FILES)
        elif isinstance(table.path, str):
            found[name] = _absolute(loaded, table.path)
        else:
            found[name] = {split: _absolute(loaded, one) for split, one in table.path.items()}
    return found


def tfrecords(loaded: LoadedRecipe, patterns: Patterns) -> str | None:
    """The glob of the primary entities' TFRecord files.

    None: they are of another format, with spans, of several globs, or in no files of their own.
    """
    name = loaded.materialization.primary
    pattern = patterns.get(name)
    plain = loaded.recipe.data.entities[name].format == "tfrecord"
    return pattern if plain and isinstance(pattern, str) and "{" not in pattern else None


def _absolute(loaded: LoadedRecipe, path: str) -> str:
    return path if "://" in path else str(loaded.path.parent / Path(path).expanduser())
