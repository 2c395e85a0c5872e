"""Build the requests of Transform, Trainer and Tuner from a recipe.

What a loss needs is read from its class here, and travels in the request. So Transform, whose cache
depends on `request.py`, does not depend on the code of any loss.
"""

from google.protobuf import text_format

from relation.core.errors import RecipeError
from relation.load import LoadedRecipe
from relation.names import ID, prefixed
from relation.schema import read_features, tuple_schema
from trainer_module.data.batch_keys import Keys
from trainer_module.registry import LOSSES
from trainer_module.request import PreprocessingRequest, TrainingRequest
from trainer_module.training.epoch_metric import epoch_metric


def preprocessing_request(loaded: LoadedRecipe) -> PreprocessingRequest:
    """Return what Transform needs of a recipe.

    Raises:
      RecipeError: there is no such loss, it needs groups and the source has none, or there is no
        such metric to choose the epoch by.
    """
    model = loaded.recipe.model
    return PreprocessingRequest(
        compiled=loaded.compiled,
        features={entity: loaded.features_of(entity) for entity in loaded.tuples.entities},
        keys=_keys(loaded),
        measured=_measured(loaded),
        counted=_counted(loaded),
        shown=_shown(loaded),
        numbers=model.numbers if model is not None else "z_scores",
    )


def training_request(loaded: LoadedRecipe) -> TrainingRequest:
    """Return what the Trainer needs of a recipe with a model.

    Raises:
      RecipeError: see above, or the training options do not fit the loss.
    """
    assert loaded.recipe.model is not None
    preprocessing = preprocessing_request(loaded)
    if loaded.recipe.training.jit and preprocessing.keys is not None:
        raise RecipeError(
            "training.jit: got true; expected false, since XLA cannot compile "
            "mining or losses within a batch"
        )
    raw = read_features(tuple_schema(loaded.compiled, loaded.schemas))
    ids = (prefixed(role.name, ID) for role in loaded.tuples.roles)
    return TrainingRequest(
        preprocessing=preprocessing,
        model=loaded.recipe.model,
        training=loaded.recipe.training,
        schemas={n: text_format.MessageToString(schema) for n, schema in loaded.schemas.items()},
        readings={name: loaded.row_reading(name) for name in loaded.recipe.data.tables},
        integer_ids=tuple(name for name in ids if raw[name].dtype == "int"),
    )


def _keys(loaded: LoadedRecipe) -> Keys | None:
    """The keys that the loss or the miner needs; None: none."""
    model, compiled = loaded.recipe.model, loaded.compiled
    if model is None:
        return None
    loss = LOSSES.resolve(model.loss)
    grouped = model.mining is not None or loss.needs_groups
    if not grouped and not loss.needs_keys:
        return None
    if grouped and compiled.batch_group is None:
        field, component = ("mining", model.mining) if model.mining else ("loss", model.loss)
        raise RecipeError(
            f"model.{field}: got {component.type!r}; it needs groups, as the source "
            f"same_label gives them; the source is {loaded.recipe.relation.source.type}"
        )
    return Keys(
        group=compiled.batch_group,
        known_positives=compiled.sampling.known_positives > 0,
        filtered=compiled.filtered,
    )


def _measured(loaded: LoadedRecipe) -> Keys | None:
    """The keys that a metric of neighbours needs, where one chooses the epoch."""
    model, compiled = loaded.recipe.model, loaded.compiled
    if model is None:
        return None
    metric = epoch_metric(loaded.recipe.training, model, compiled)
    if metric is None or metric.question is None:
        return None
    return Keys(
        group=compiled.batch_group if metric.question.relevant == "label" else None,
        known_positives=compiled.sampling.known_positives > 0,
        filtered=compiled.filtered,
    )


def _counted(loaded: LoadedRecipe) -> str | None:
    """The feature of the tags, if the loss weights tags by their frequency."""
    model = loaded.recipe.model
    weighed = model is not None and LOSSES.resolve(model.loss).needs_tag_weights
    return loaded.compiled.label_by if weighed else None


def _shown(loaded: LoadedRecipe) -> tuple[str, ...]:
    """Features that name tuples: the ids, and the label of the first role."""
    roles, label = loaded.tuples.roles, loaded.compiled.label_by
    names = [prefixed(role.name, ID) for role in roles]
    if label is not None:
        names.append(prefixed(roles[0].name, label))
    return tuple(names)
