"""The features that a model reads, and the slices that it is evaluated by."""

from relation.compiled import CompiledRelation
from relation.core.errors import Faults, RecipeError
from relation.recipe import Model, Recipe
from relation.sources.lookup import Lookup, expect_one_of, wrong


def check(
    lookup: Lookup, recipe: Recipe, compiled: CompiledRelation | None, faults: Faults
) -> None:
    """Checks what `model` and `evaluation` name.

    Args:
      compiled: the relation; None if it has a fault.
      faults: takes each fault; it names field, received value and what was expected.
    """
    model, evaluation = recipe.model, recipe.evaluation
    if model is None:
        if evaluation is not None:
            faults.add(RecipeError("evaluation: there is no `model` to evaluate: remove it"))
        return
    if isinstance(model.features, dict):
        for entity in model.features:
            what = "an entity type"
            faults.check(expect_one_of, "model.features", entity, what, recipe.data.entities)
    for entity in recipe.data.entities:
        for name in model.features_of(entity) or ():
            faults.check(lookup.expect, "model.features", entity, name)
        withheld = None if compiled is None else compiled.withheld[entity]
        faults.check(_check_features, lookup, model, entity, withheld)
    if evaluation is None:
        return
    primary = recipe.relation.source.primary(recipe.data)
    for name in evaluation.slices:
        faults.check(lookup.expect_key, "evaluation.slices", primary, name)
    floor, stated = evaluation.slice_floor, evaluation.model_fields_set
    if floor and "slice_floor" in stated and not evaluation.slices:
        without = "`slices` beside it, or no floor"
        faults.add(wrong("evaluation.slice_floor", floor, without))


def _check_features(
    lookup: Lookup, model: Model, entity: str, withheld: tuple[str, ...] | None
) -> None:
    """Each feature once, and at least one; `withheld`: the default leaves these out."""
    named, features = model.features_of(entity), lookup.features(entity)
    if named is not None and len(set(named)) < len(named):
        raise wrong("model.features", list(named), "each feature once")
    left = named if named is not None else set(features).difference(withheld or ())
    if not left:
        raise RecipeError(
            f"model.features: no feature is left for the tower: {lookup.paths[entity]} has only "
            + ", ".join(features)
        )
