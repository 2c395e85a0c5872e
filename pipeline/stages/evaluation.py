"""The evaluation stage: measure the candidate, bless it at the gates, push it."""

from collections.abc import Mapping
from typing import NamedTuple

from tfx.components.trainer.component import Trainer
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.types import BaseChannel

from components.corpus_evaluator.component import CorpusEvaluator
from components.corpus_evaluator.request import CorpusRequest
from components.evaluator.component import Evaluator
from components.pusher.component import Pusher
from pipeline.paths import RemotePaths, RunPaths
from pipeline.stages.corpus import corpus_request, predicted_image_shape
from relation.core.fingerprint import code_fingerprint
from relation.load import LoadedRecipe
from relation.names import EVAL, entity_inputs
from trainer_module.metrics.eval_config import eval_config
from trainer_module.model.interface import EVALUATE


class EvaluationNodes(NamedTuple):
    """The nodes of the stage, in topological order."""

    corpus_evaluator: BaseNode
    evaluator: BaseNode
    pusher: BaseNode

    @property
    def results(self) -> dict[str, BaseChannel]:
        """The outputs with measurements: `corpus_evaluation` and `evaluation`."""
        evaluation = self.evaluator.outputs["evaluation"]
        return {**self.corpus_evaluator.outputs, "evaluation": evaluation}


def evaluate(
    loaded: LoadedRecipe,
    paths: RunPaths | RemotePaths,
    examples: Mapping[str, BaseChannel],
    tuples: BaseChannel,
    schema: BaseChannel,
    trainer: Trainer,
    resolver: Resolver,
    served: str | None,
) -> EvaluationNodes:
    """Make the nodes that measure the candidate, bless it at the gates and push it.

    Args:
      loaded: a recipe with a model.
      paths: folders of its outputs.
      examples: rows of each entity type and edge list, in splits, by name.
      tuples: RelationGen's tuples.
      schema: schema of the tuples.
      trainer: node that trains the candidate.
      resolver: node that resolves the last blessed model.
      served: see `Pusher`.

    Raises:
      RecipeError: a gate names a metric that the relation does not have.
    """
    recipe = loaded.recipe
    assert recipe.evaluation is not None  # Validated: a model needs it.
    model, blessed = trainer.outputs["model"], resolver.outputs["model"]
    request = corpus_request(loaded)
    corpus_evaluator = CorpusEvaluator(
        tuples=tuples,
        model=model,
        baseline_model=blessed,
        request=request.model_dump_json(),
        code_fingerprint=code_fingerprint("components.corpus_evaluator.executor"),
        **_rows(loaded, request, examples),
    )
    evaluator = Evaluator(
        examples=tuples,
        model=model,
        baseline_model=blessed,
        corpus_evaluation=corpus_evaluator.outputs["corpus_evaluation"],
        eval_config=eval_config(
            loaded.tuples,
            recipe.evaluation,
            signature=EVALUATE,
            code_fingerprint=code_fingerprint(
                "trainer_module.metrics.tfma_metrics", "components.evaluator.executor"
            ),
            slice_role=loaded.tuples.roles[0].name,
            weighted=loaded.compiled.weighted,
            image=predicted_image_shape(loaded),
        ),
        gates=recipe.evaluation.model_dump_json(exclude_unset=True),
        example_splits=[EVAL],
        schema=schema,
    )
    pusher = Pusher(
        model=model,
        model_blessing=evaluator.outputs["blessing"],
        evaluation=evaluator.outputs["evaluation"],
        folder=str(paths.serving),
        served=served,
    )
    return EvaluationNodes(corpus_evaluator, evaluator, pusher)


def _rows(
    loaded: LoadedRecipe, request: CorpusRequest, examples: Mapping[str, BaseChannel]
) -> dict[str, BaseChannel]:
    keys = entity_inputs(loaded.recipe.data.entities)
    inputs = {key: examples[name] for key, name in keys.items() if name in request.schemas}
    if request.question is not None and request.question.relevant == "edges":
        edges = loaded.compiled.related_table
        assert edges is not None
        inputs["edges"] = examples[edges]
    return inputs
