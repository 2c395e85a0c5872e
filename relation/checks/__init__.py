"""Checks a recipe against the schemas that it names: what is named is there, and can serve.

What one part of a recipe can tell of itself, its class checks (`relation.data`, `relation.kinds`,
`relation.sampling`); here is what takes two parts, or a schema.
"""

from collections.abc import Mapping
from pathlib import Path

from relation.checks import data, derived, model, sampling, sources
from relation.checks.derived import Schemas
from relation.checks.lookup import Lookup
from relation.materialization import Materialization
from relation.recipe import Recipe
from relation.schema import tuple_schema


def checked(recipe: Recipe, schemas: Schemas, paths: Mapping[str, Path]) -> Materialization:
    """Checks all that a recipe names, and returns what RelationGen needs of it.

    Raises:
      RecipeError: the message names field, received value and what was expected.
    """
    lookup = Lookup(recipe, schemas, paths)
    data.check(lookup)
    sources.check(lookup)
    asked = derived.materialization(recipe, schemas)
    sampling.check(lookup, asked)
    model.check(lookup)
    tuple_schema(asked, schemas)  # Raises where two features of a tuple get one name.
    return asked
