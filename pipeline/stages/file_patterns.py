"""Glob patterns of the files of rows: the recipe's, or those of generated rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from demo_data.once import FILES, write_once
from pipeline.paths import RunPaths
from relation.data import Edges, Entity
from relation.files.wildcards import escape
from relation.load import LoadedRecipe
from relation.recipe import Recipe

Pattern: TypeAlias = str | Mapping[str, str]
"""A glob, or one for each split of `split: {unit: files}`."""
Patterns: TypeAlias = Mapping[str, Pattern]
"""Pattern of each entity type and edge list, by name."""


def read_tables(recipe: Recipe) -> dict[str, Entity | Edges]:
    """Return the tables that are read from files: entity types, then edge lists."""
    entities = {name: entity for name, entity in recipe.data.entities.items() if entity.read}
    return {**entities, **recipe.data.edges}


def data_patterns(loaded: LoadedRecipe, paths: RunPaths) -> Patterns:
    """Return the patterns of all rows, after generating rows where the recipe asks for it."""
    for name, table in read_tables(loaded.recipe).items():
        if table.generator is not None:
            write_once(table.generator, paths.data / name)
    return expected_patterns(loaded, paths)


def expected_patterns(loaded: LoadedRecipe, paths: RunPaths) -> Patterns:
    """Return the same patterns without generating rows.

    A relative path is resolved against the recipe's folder, whose name is taken as it is: in it
    no character is a wildcard.
    """
    patterns: dict[str, Pattern] = {}
    for name, table in read_tables(loaded.recipe).items():
        if table.path is None:
            patterns[name] = str(paths.data / name / FILES)
        elif isinstance(table.path, str):
            patterns[name] = _absolute(loaded, table.path)
        else:
            patterns[name] = {split: _absolute(loaded, one) for split, one in table.path.items()}
    return patterns


def tfrecords(loaded: LoadedRecipe, patterns: Patterns) -> str | None:
    """Return the glob of the primary entities' TFRecord files.

    None if they have another format, spans or several globs, or are not in files of their own.
    """
    name = loaded.compiled.primary
    pattern = patterns.get(name)
    plain = loaded.recipe.data.entities[name].format == "tfrecord"
    return pattern if plain and isinstance(pattern, str) and "{" not in pattern else None


def _absolute(loaded: LoadedRecipe, path: str) -> str:
    if "://" in path:
        return path
    return str(Path(escape(str(loaded.path.parent))) / Path(path).expanduser())
