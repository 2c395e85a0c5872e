"""The metric that chooses the epoch, as a recipe names it. Imports no TensorFlow."""

from typing import NamedTuple

from relation.compiled import CompiledRelation
from relation.core.errors import RecipeError, did_you_mean
from relation.recipe import Model, Training
from relation.retrieval.measures import ANY_K, Cut, names
from relation.retrieval.question import Question
from trainer_module.metrics.collected import form_of
from trainer_module.metrics.registry import Better, metric_of, table_of
from trainer_module.registry import HEADS

CORPUS = "corpus."
"""Begins the name of a metric of nearest neighbours, where tuples have one of the same name."""


class EpochMetric(NamedTuple):
    """A metric that is computed on the validation tuples after each epoch.

    Attributes:
      name: as the recipe gives it.
      metric: its name among those of tuples, or of the corpus.
      question: the retrieval that it measures; None: it is a metric of tuples.
      better: whether higher or lower values are better.
      undefined: where it is undefined, as a clause.
    """

    name: str
    metric: str
    question: Question | None
    better: Better
    undefined: str


def epoch_metric(
    training: Training, model: Model, compiled: CompiledRelation
) -> EpochMetric | None:
    """Return the metric that chooses the epoch; None if the loss does, or nothing.

    Raises:
      RecipeError: the relation and the head do not have the metric, or it has no better and worse.
    """
    name = training.metric
    if name is None:
        return None
    form = form_of(compiled.tuples)
    of_tuples = [n for n, metric in table_of(form).items() if metric.better is not None]
    question = Question.of(compiled, HEADS.resolve(model.head).similarity)
    of_corpus = names() if question is not None else ()
    metric = metric_of(form, name)
    if metric is not None and metric.better is not None:
        return EpochMetric(name, name, None, metric.better, metric.undefined)
    bare = name.removeprefix(CORPUS)
    if question is not None and (bare in of_corpus or Cut.of(bare) is not None):
        none = "no entity of the validation tuples has a relevant one among the others"
        return EpochMetric(name, bare, question, "higher", none)
    both = [CORPUS + n if n in of_tuples else n for n in of_corpus]
    expected, any_k = [*of_tuples, *both], f", {ANY_K}" if both else ""
    raise RecipeError(
        f"training.keep.best: got {name!r}, by which epochs of this relation and head cannot be "
        f"compared; expected one of {', '.join(expected)}{any_k}{did_you_mean(name, expected)}"
    )
