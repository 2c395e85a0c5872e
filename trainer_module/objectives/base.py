"""The base of objectives."""

import abc
from collections.abc import Mapping

import keras
from keras import ops

from trainer_module.ops import Tensor, weighted_mean
from trainer_module.tasks.base import Task


class Objective(abc.ABC):
    """Outputs of the head for a batch, and their loss, which training minimizes."""

    task: Task

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of transformed features of tuples in the inputs, besides those of the roles."""
        return ()

    def build(self) -> keras.layers.Layer:
        """The layer of the head, with the objective's own weights."""
        return self.task.build()

    def outputs(self, layer: keras.layers.Layer, embeddings: Mapping[str, Tensor]) -> Tensor:
        """Outputs for a batch, of embeddings [batch, d] by role: here those of the task."""
        return self.task.outputs(layer, embeddings)

    @abc.abstractmethod
    def __call__(
        self, inputs: Mapping[str, Tensor], targets: Tensor, outputs: Tensor, weight: Tensor | None
    ) -> Tensor:
        """The loss of a batch, a scalar, float32 or float64.

        Args:
          inputs: hold the features that `reads` names.
          targets: float32 [batch, C], of the task.
          outputs: as above.
          weight: float32 [batch], of tuples; None = 1 each.
        """


def batch_mean(losses: Tensor, weight: Tensor | None) -> Tensor:
    """Mean of losses [batch], weighted by `weight` [batch] unless it is None; a scalar."""
    if weight is None:
        return ops.mean(losses)
    return weighted_mean(losses, ops.cast(weight, losses.dtype))
