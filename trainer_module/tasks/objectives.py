"""What a model is trained on: a loss, and what it reads of a batch of tuples."""

import abc
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from relation.names import NEGATIVE_PROB
from trainer_module.losses.base import ImageLoss, Loss
from trainer_module.ops import Tensor, weighted_mean
from trainer_module.tasks.answers import Answer


class Objective(abc.ABC):
    """Outputs of the head for a batch, and one number to make small."""

    answer: Answer

    @property
    def reads(self) -> tuple[str, ...]:
        """Transformed features of tuples that the inputs hold beside those of the roles."""
        return ()

    def build(self) -> keras.layers.Layer:
        """The layer of the head, beside what more is learnt."""
        return self.answer.build()

    def outputs(self, layer: keras.layers.Layer, embeddings: Mapping[str, Tensor]) -> Tensor:
        """What the head says of a batch, of embeddings [batch, d] by role: here the answer."""
        return self.answer.outputs(layer, embeddings)

    @abc.abstractmethod
    def __call__(
        self, inputs: Mapping[str, Tensor], targets: Tensor, outputs: Tensor, weight: Tensor | None
    ) -> Tensor:
        """The loss of a batch, a scalar.

        Args:
          inputs: holds what is read beside the roles.
          targets: [batch, C], as of the answer.
          outputs: as above.
          weight: [batch] of tuples, or None = 1 each.
        """


class EachTuple(Objective):
    """A loss of what the model answers about each tuple, [batch, C]: the mean over the batch.

    Args:
      tag_weights: [C], for a loss that weighs tags.
    """

    def __init__(
        self,
        answer: Answer,
        loss: Loss,
        tag_weights: npt.NDArray[np.float32] | None = None,
    ):
        self.answer, self._loss, self._tag_weights = answer, loss, tag_weights

    @property
    def reads(self) -> tuple[str, ...]:
        return (NEGATIVE_PROB,) if self._loss.needs_log_q else ()

    def __call__(
        self, inputs: Mapping[str, Tensor], targets: Tensor, outputs: Tensor, weight: Tensor | None
    ) -> Tensor:
        further: dict[str, Any] = {}
        if self._loss.needs_tag_weights:
            further["weights"] = self._tag_weights
        if self._loss.whole_batch:
            further["weight"] = weight
        if self._loss.needs_log_q:
            further["log_q"] = ops.log(inputs[NEGATIVE_PROB])
        losses = self._loss(targets, outputs, **further)
        return losses if self._loss.whole_batch else mean(losses, weight)


class EachImage(Objective):
    """A loss of each image that is answered: the mean over the batch."""

    def __init__(self, answer: Answer, loss: ImageLoss):
        self.answer, self._loss = answer, loss

    def __call__(
        self, inputs: Mapping[str, Tensor], targets: Tensor, outputs: Tensor, weight: Tensor | None
    ) -> Tensor:
        return mean(self._loss(outputs[:, 1], outputs[:, 0]), weight)


def mean(losses: Tensor, weight: Tensor | None) -> Tensor:
    """Of losses [batch], weighted where there are weights."""
    if weight is None:
        return ops.mean(losses)
    return weighted_mean(losses, ops.cast(weight, losses.dtype))
