"""The training stage: the Trainer, and the nodes that the recipe's training needs before it."""

from typing import Any

from tfx.components.trainer.component import Trainer
from tfx.dsl.components.base.base_node import BaseNode
from tfx.proto import trainer_pb2

from components.resolver.component import latest_blessed_resolver
from components.transform.component import Transform
from relation.core.fingerprint import code_fingerprint
from relation.load import LoadedRecipe
from relation.names import EVAL, TRAIN
from trainer_module.build_request import training_request
from trainer_module.request import KEY, TrainingRequest


def train(
    loaded: LoadedRecipe, transform: Transform, *, stock_resolver: bool = False
) -> tuple[list[BaseNode], Trainer]:
    """Make the Trainer, and the nodes before it.

    Args:
      loaded: the recipe.
      transform: the node before.
      stock_resolver: as `dag.build` takes it.

    Returns:
      The nodes before the Trainer, and the Trainer. `tuning` adds a Tuner; a warm start adds a
      Resolver of the last blessed model.
    """
    request = training_request(loaded)
    nodes: list[BaseNode] = []
    inputs: dict[str, Any] = {}
    if loaded.recipe.tuning is not None:
        tuner = _tuner(loaded, request, transform)
        nodes.append(tuner)
        inputs["hyperparameters"] = tuner.outputs["best_hyperparameters"]
    if request.training.warm_start:
        resolver = latest_blessed_resolver("BaseModel", stock=stock_resolver)
        nodes.append(resolver)
        inputs["base_model"] = resolver.outputs["model"]
    module = "trainer_module.run_fn"
    trainer = Trainer(run_fn=f"{module}.run_fn", **_inputs(request, (module,), transform), **inputs)
    return nodes, trainer


def _tuner(loaded: LoadedRecipe, request: TrainingRequest, transform: Transform) -> BaseNode:
    from components.tuner.component import Tuner  # Imported late: few recipes need it.

    tuning = loaded.recipe.tuning
    assert tuning is not None
    module = "trainer_module.tuner_fn"
    tuner_request = request.model_copy(update={"tuning": tuning})
    modules = (module, "components.tuner.executor")
    return Tuner(tuner_fn=f"{module}.tuner_fn", **_inputs(tuner_request, modules, transform))


def _inputs(
    request: TrainingRequest, modules: tuple[str, ...], transform: Transform
) -> dict[str, Any]:
    """Return the arguments that Trainer and Tuner have in common."""
    return {
        "examples": transform.outputs["transformed_examples"],
        "transform_graph": transform.outputs["transform_graph"],
        "train_args": trainer_pb2.TrainArgs(splits=[TRAIN]),
        "eval_args": trainer_pb2.EvalArgs(splits=[EVAL]),
        "custom_config": {
            KEY: request.model_dump_json(),
            "code_fingerprint": code_fingerprint(*modules),
        },
    }
