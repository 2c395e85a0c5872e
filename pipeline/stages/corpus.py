"""The request of the CorpusEvaluator; made without TFX, which a check of a recipe does without."""

from google.protobuf import text_format

from components.corpus_evaluator.request import CorpusRequest
from relation.core.errors import Faults, RecipeError, did_you_mean
from relation.load import LoadedRecipe
from relation.retrieval.measures import ANY_K, Cut, names
from trainer_module.metrics.registry import qualities
from trainer_module.registry import HEADS, LOSSES, predicted_image


def corpus_request(loaded: LoadedRecipe) -> CorpusRequest:
    """Make the CorpusEvaluator's request.

    Raises:
      RecipeError: a gate or a floor names a metric that the relation and the head do not have.
    """
    recipe = loaded.recipe
    assert recipe.model is not None
    assert recipe.evaluation is not None
    head = HEADS.resolve(recipe.model.head)
    request = CorpusRequest(
        compiled=loaded.compiled,
        features={entity: loaded.features_of(entity) for entity in loaded.tuples.entities},
        schemas={
            name: text_format.MessageToString(loaded.schemas[name])
            for name, entity in recipe.data.entities.items()
            if entity.read
        },
        similarity=head.similarity,
        references=recipe.evaluation.corpus.references,
        slices=recipe.evaluation.slices,
        image=predicted_image_shape(loaded),
        orders_only=LOSSES.resolve(recipe.model.loss).orders_only,
    )
    evaluation, faults = recipe.evaluation, Faults()
    of_tuples = qualities(loaded.tuples, evaluation.slice_floor or {})
    cut_names: tuple[str, ...] = ()
    corpus_metrics: tuple[str, ...] = ()
    if request.question is not None:
        gated = {*evaluation.corpus.gates, *(evaluation.slice_floor or {})}.difference(
            of_tuples, names()
        )
        cut_names = tuple(sorted(name for name in gated if Cut.of(name) is not None))
        corpus_metrics = names(cut_names=cut_names)
    for name in evaluation.corpus.gates:
        if name not in corpus_metrics:
            faults.add(_unknown(f"corpus.gates.{name}", name, corpus_metrics))
    if "slice_floor" in evaluation.model_fields_set:
        for name in evaluation.slice_floor or {}:
            if name not in (*of_tuples, *corpus_metrics):
                metrics = (*of_tuples, *corpus_metrics)
                faults.add(_unknown(f"slice_floor.{name}", name, metrics))
    faults.raise_any()
    return request.model_copy(update={"cut_names": cut_names})


def predicted_image_shape(loaded: LoadedRecipe) -> tuple[int, int, int] | None:
    """Return height, width and channels of the predicted image; None if none is predicted."""
    assert loaded.recipe.model is not None
    return predicted_image(loaded.recipe.model, loaded.tuples)


def _unknown(field: str, name: str, metrics: tuple[str, ...]) -> RecipeError:
    none = "none, since corpus metrics do not apply to it"
    expected = f"one of {', '.join(metrics)}" if metrics else none
    if names()[0] in metrics:
        expected += f", {ANY_K}"
    return RecipeError(
        f"evaluation.{field}: got {name!r}, which does not apply to this relation and head; "
        f"expected {expected}{did_you_mean(name, metrics)}"
    )
