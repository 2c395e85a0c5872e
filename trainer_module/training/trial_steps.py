"""A few steps of a training, to measure what the whole will take."""

import math
import time
from typing import Any, NamedTuple

import keras
import numpy as np

from trainer_module.request import TrainingRequest
from trainer_module.training.optimizers import optimizer_of
from trainer_module.training.training_run import Files, TrainingRun

STEPS = 3


class Layer(NamedTuple):
    """A layer of a network: name, output shape [batch, …] with None where it varies, weights."""

    name: str
    shape: tuple[int | None, ...]
    weights: int


class Measured(NamedTuple):
    """Measurements of a model and of its training steps.

    layers: of the network of each entity type.
    weights: numbers in all weights.
    trained: those that training changes.
    slots: numbers that the optimizer keeps.
    activations: numbers in the outputs of all layers, for one step.
    seconds: of one step.
    loss: of the last step.
    """

    layers: dict[str, tuple[Layer, ...]]
    weights: int
    trained: int
    slots: int
    activations: int
    seconds: float
    loss: float


def measure(request: TrainingRequest, files: Files) -> Measured:
    """Train a few steps, after one that traces the graph.

    Args:
      request: its `accumulate` and `strategy` are taken as 1 and none.
      files: transformed tuples.

    Raises:
      DataError: there are no tuples.
    """
    alone = {"accumulate": 1, "strategy": "none", "step": "keras"}
    training = request.training.model_copy(update=alone)
    run = TrainingRun(request.model_copy(update={"training": training}), files)
    model, batches = run.build(), run.training_batches()
    inputs, *_ = next(iter(batches))
    model(inputs)
    model.compile(optimizer_of(training, STEPS), jit_compile=training.jit)
    model.fit(batches, steps_per_epoch=1, verbose=0)
    start = time.perf_counter()
    (loss,) = model.fit(batches, steps_per_epoch=STEPS, verbose=0).history["loss"]
    seconds = (time.perf_counter() - start) / STEPS
    layers = {
        entity: tuple(map(_layer, network.layers)) for entity, network in model.towers.items()
    }
    relation = request.preprocessing.relation
    return Measured(
        layers=layers,
        weights=_count(model.weights),
        trained=_count(model.trainable_variables),
        slots=_count(model.optimizer.variables),
        activations=training.batch_size
        * sum(
            len(relation.roles_of(entity)) * math.prod(size or 1 for size in layer.shape[1:])
            for entity, those in layers.items()
            for layer in those
        ),
        seconds=seconds,
        loss=float(loss),
    )


def _layer(layer: keras.layers.Layer) -> Layer:
    output: Any = layer.output
    shape = output[0].shape if isinstance(output, list | tuple) else output.shape
    return Layer(layer.name, tuple(shape), _count(layer.weights))


def _count(variables: list[Any]) -> int:
    return sum(int(np.prod(variable.shape)) for variable in variables)
