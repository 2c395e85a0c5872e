"""Where an entity type's rows are: the files that the recipe names, or those its generator made."""

from pathlib import Path

from datasets.once import FILES, write_once
from pipeline.paths import RunPaths
from relation.load import LoadedRecipe


def data_pattern(loaded: LoadedRecipe, paths: RunPaths) -> str:
    """The glob pattern of the rows; makes them first where the recipe names a generator."""
    recipe = loaded.recipe
    if recipe.entity.generator is not None:
        return write_once(recipe.entity.generator, paths.data / recipe.primary)
    return future_pattern(loaded, paths)


def future_pattern(loaded: LoadedRecipe, paths: RunPaths) -> str:
    """The same pattern, but nothing is made: a generator's rows need not be there yet.

    A relative path starts at the recipe's folder.
    """
    recipe = loaded.recipe
    if recipe.entity.generator is not None:
        return str(paths.data / recipe.primary / FILES)
    assert recipe.entity.path is not None
    if "://" in recipe.entity.path:
        return recipe.entity.path
    return str(loaded.path.parent / Path(recipe.entity.path).expanduser())


def tfrecords(loaded: LoadedRecipe, pattern: str) -> str | None:
    """The pattern where it is a glob of TFRecord files; None for other formats, and with spans."""
    plain = loaded.recipe.entity.format == "tfrecord" and "{" not in pattern
    return pattern if plain else None
