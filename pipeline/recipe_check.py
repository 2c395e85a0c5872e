"""Checks all that a recipe says, without TensorFlow and TFX, and tells all faults at once.

`make check` and `make run` begin with it. What only rows can tell is checked on rows.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from pipeline.stages.corpus import corpus_request
from pipeline.stages.splitting import split_step
from relation.core.errors import Faults, RecipeError, UserError
from relation.core.plugins import module_content
from relation.load import Draft, LoadedRecipe, draft_recipe, raise_faults
from relation.recipe import ComponentConfig
from trainer_module.build_request import training_request
from trainer_module.metrics.gates import check_gates, check_metric_names
from trainer_module.training.trial_values import tuned
from trainer_module.validate import check_components, check_level, check_model, component_configs


def checked_recipe(name_or_path: str) -> LoadedRecipe:
    """Load a recipe, and check all of its sections against each other.

    Raises:
      RecipeError: a line for each fault, with file, line, field, received value and expectation.
    """
    draft = draft_recipe(name_or_path)
    faults = Faults(draft.faults)
    _check_components(draft, faults)
    _check_generators(draft, faults)
    if draft.loaded is not None:
        _check_fit(draft.loaded, draft.sections.faulty, faults)
    elif (evaluation := draft.sections.recipe.evaluation) is not None:
        faults.check(check_metric_names, evaluation)
    raise_faults(draft.path, faults.lines)
    assert draft.loaded is not None
    return draft.loaded


def require_fit(loaded: LoadedRecipe) -> None:
    """Check the sections of a loaded recipe against each other.

    Raises:
      RecipeError: see `checked_recipe`.
    """
    faults = Faults()
    _check_fit(loaded, frozenset(), faults)
    raise_faults(loaded.path, faults.lines)


def _check_components(draft: Draft, faults: Faults) -> None:
    """Check that each component exists and takes its parameters, whatever else is wrong."""
    model = draft.sections.recipe.model
    if model is not None:
        faults.check(check_components, component_configs(model))
        return
    written = draft.sections.raw.get("model")
    written = written if isinstance(written, Mapping) else {}
    parts = {key: written.get(key) for key in ("tower", "head", "loss", "mining")}
    towers = written.get("towers")
    if isinstance(towers, Mapping):
        parts |= {f"towers.{entity}": tower for entity, tower in towers.items()}
    configs = {f"model.{key}": config for key, part in parts.items() for config in _config(part)}
    faults.check(check_components, configs)


def _check_generators(draft: Draft, faults: Faults) -> None:
    """Check that the modules that generate rows exist."""
    data = draft.sections.recipe.data
    if "data" in draft.sections.faulty:
        return
    for kind, tables in (("entities", data.entities), ("edges", data.edges)):
        for name, table in tables.items():
            if table.generator is not None:
                field = f"data.{kind}.{name}.generator"
                faults.check(_check_module, field, table.generator, table.generator)


def _config(part: Any) -> list[ComponentConfig]:
    """The configuration of a component, in a list; an empty one if it is not valid."""
    try:
        return [ComponentConfig.model_validate(part)]
    except ValidationError:
        return []


def _check_fit(loaded: LoadedRecipe, faulty: frozenset[str], faults: Faults) -> None:
    """Check sections against each other, each check where what it reads is right."""
    recipe = loaded.recipe
    faults.check(split_step, loaded)
    if (function := loaded.compiled.function) is not None:
        module = function.rpartition(".")[0]
        faults.check(_check_module, "relation.source.function", function, module)
    if recipe.evaluation is not None:
        faults.check(check_gates, loaded.tuples, recipe.evaluation)
    if recipe.model is None or any(line.startswith("model.") for line in faults.lines):
        return
    features = {entity: loaded.features_of(entity) for entity in loaded.tuples.entities}
    classes = len(loaded.compiled.label.domain)
    if not faults.check(check_model, recipe.model, loaded.tuples, features, classes):
        return
    if recipe.evaluation is not None:
        faults.check(corpus_request, loaded)
        faults.check(check_level, recipe.model, loaded.tuples, recipe.evaluation)
    if "training" not in faulty and faults.check(training_request, loaded):
        _check_tuning(loaded, faults)


def _check_tuning(loaded: LoadedRecipe, faults: Faults) -> None:
    """Check the model with each value of the search space that is listed, or bounds a range."""
    request, tuning = training_request(loaded), loaded.recipe.tuning
    features, classes = request.preprocessing.features, len(loaded.compiled.label.domain)

    def check(field: str, value: Any) -> None:
        try:
            check_model(tuned(request, {field: value}).model, loaded.tuples, features, classes)
        except RecipeError as error:
            place = f"tuning.space.{field}: got {value!r}"
            lines = str(error).splitlines()
            raise RecipeError("\n".join(f"{place}: {line}" for line in lines)) from None

    for values in tuning.extremes() if tuning is not None else ():
        ((field, value),) = values.items()
        faults.check(check, field, value)


def _check_module(field: str, path: str, module: str) -> None:
    try:
        module_content(module)
    except UserError as error:
        raise RecipeError(f"{field}: got {path!r}; {error}") from None
