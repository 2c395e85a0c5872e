"""A loss of the predictions for each tuple by itself."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from relation.names import NEGATIVE_PROB
from trainer_module.losses.base import Loss
from trainer_module.objectives.base import Objective, batch_mean
from trainer_module.ops import Tensor
from trainer_module.tasks.base import Task


class PerTuple(Objective):
    """The mean over the batch of a loss of the task's outputs.

    Args:
      loss: of a family that reads the task's columns.
      tag_weights: float32 [C], for a loss that needs them.
    """

    def __init__(self, task: Task, loss: Loss, tag_weights: npt.NDArray[np.float32] | None = None):
        self.task, self._loss, self._tag_weights = task, loss, tag_weights

    @property
    def reads(self) -> tuple[str, ...]:
        return (NEGATIVE_PROB,) if self._loss.needs_log_q else ()

    def __call__(
        self, inputs: Mapping[str, Tensor], targets: Tensor, outputs: Tensor, weight: Tensor | None
    ) -> Tensor:
        needed: dict[str, Any] = {}
        if self._loss.needs_tag_weights:
            needed["weights"] = self._tag_weights
        if self._loss.whole_batch:
            needed["weight"] = weight
        if self._loss.needs_log_q:
            needed["log_q"] = ops.log(inputs[NEGATIVE_PROB])
        losses = self._loss(*self.task.loss_arguments(targets, outputs), **needed)
        return losses if self._loss.whole_batch else batch_mean(losses, weight)
