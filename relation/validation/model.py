"""The features that a model reads, and the slices that it is evaluated by."""

from relation.compiled import CompiledRelation
from relation.core.errors import RecipeError
from relation.recipe import Model, Recipe
from relation.sources.lookup import Lookup, expect_one_of, wrong


def check(lookup: Lookup, recipe: Recipe, compiled: CompiledRelation) -> None:
    """Checks what `model` and `evaluation` name.

    Raises:
      RecipeError: the message names field, received value and what was expected.
    """
    if recipe.model is None:
        if recipe.evaluation is not None:
            raise RecipeError("evaluation: there is no `model` to evaluate: remove it")
        return
    if isinstance(recipe.model.features, dict):
        for entity in recipe.model.features:
            expect_one_of("model.features", entity, "an entity type", recipe.data.entities)
    for entity in recipe.data.entities:
        _check_features(lookup, recipe.model, entity, compiled.withheld[entity])
    if recipe.evaluation is None:
        return
    for name in recipe.evaluation.slices:
        lookup.expect_key("evaluation.slices", compiled.primary, name)
    floor, stated = recipe.evaluation.slice_floor, recipe.evaluation.model_fields_set
    if floor and "slice_floor" in stated and not recipe.evaluation.slices:
        raise wrong("evaluation.slice_floor", floor, "`slices` beside it, or no floor")


def _check_features(lookup: Lookup, model: Model, entity: str, withheld: tuple[str, ...]) -> None:
    named, features = model.features_of(entity), lookup.features(entity)
    for name in named or ():
        lookup.expect("model.features", entity, name)
    if named is not None and len(set(named)) < len(named):
        raise wrong("model.features", list(named), "each feature once")
    if not (set(features).difference(withheld) if named is None else named):
        raise RecipeError(
            f"model.features: no feature is left for the tower: {lookup.paths[entity]} has only "
            + ", ".join(features)
        )
