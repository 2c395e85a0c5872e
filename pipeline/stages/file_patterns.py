"""Glob patterns of the files of rows: the recipe's, or those of generated rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from demo_data.once import FILES, write_once
from pipeline.paths import RunPaths
from relation.files.wildcards import escape
from relation.load import LoadedRecipe

Pattern: TypeAlias = str | Mapping[str, str]
"""A glob, or one for each split of `split: {unit: files}`."""
Patterns: TypeAlias = Mapping[str, Pattern]
"""Pattern of each entity type and edge list, by name."""


def data_patterns(loaded: LoadedRecipe, paths: RunPaths) -> Patterns:
    """Return the patterns of all rows, after generating rows where the recipe asks for it."""
    for name, table in loaded.recipe.data.tables.items():
        if table.generator is not None:
            write_once(table.generator, paths.data / name)
    return expected_patterns(loaded, paths)


def expected_patterns(loaded: LoadedRecipe, paths: RunPaths) -> Patterns:
    """Return the same patterns without generating rows.

    A relative path is resolved against the recipe's folder, whose name is taken as it is: in it
    no character is a wildcard.
    """
    patterns: dict[str, Pattern] = {}
    for name, table in loaded.recipe.data.tables.items():
        if table.path is None:
            patterns[name] = str(paths.data / name / FILES)
        elif isinstance(table.path, str):
            patterns[name] = _absolute(loaded, table.path)
        else:
            patterns[name] = {split: _absolute(loaded, one) for split, one in table.path.items()}
    return patterns


def single_globs(patterns: Patterns) -> dict[str, str]:
    """Return the patterns of the tables that one glob names, without spans."""
    return {n: one for n, one in patterns.items() if isinstance(one, str) and not _spans(one)}


def _spans(pattern: str) -> bool:
    """Whether a pattern holds a span, and not a brace that stands for itself."""
    return "{" in pattern.replace("[{]", "")


def tfrecords(loaded: LoadedRecipe, patterns: Patterns) -> str | None:
    """Return the glob of the primary entities' TFRecord files, for `trainer_module.try_model`.

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
