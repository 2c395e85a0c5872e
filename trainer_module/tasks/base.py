"""A task: what a model predicts about a tuple, from the embeddings of its roles.

Predictions are columns of numbers, [batch, C]. The form of the head and the relation decide what
they mean; losses and metrics see only the columns.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import ClassVar

from relation.numeric.lazy import keras
from relation.spec import Relation
from trainer_module.heads.base import Head
from trainer_module.losses.base import Loss
from trainer_module.ops import Tensor


class Task(abc.ABC):
    """Columns of numbers about a tuple; for relatedness, higher = more related.

    Args:
      head: of the form that names this task.
      relation: of the tuples.
      classes: number of classes of a label that is a class; otherwise unused.
    """

    losses: ClassVar[tuple[type[Loss], ...]]
    """The families of losses that read the columns."""
    compares: ClassVar[bool] = False
    """Whether each column says how related two roles are."""
    one_column_a_tag: ClassVar[bool] = False
    """Whether column i is about tag i only."""

    def __init__(self, head: Head, relation: Relation, classes: int):
        self.head, self.relation, self.classes = head, relation, classes

    @property
    def families(self) -> tuple[type[Loss], ...]:
        """The families of losses that fit this relation."""
        return self.losses

    def check_loss(self, loss: Loss) -> None:
        """Raises ValueError if a loss cannot read the columns."""
        if not isinstance(loss, self.families):
            expected = " or ".join(family.__name__ for family in self.families)
            family = next(c.__name__ for c in type(loss).__mro__ if c.__name__.endswith("Loss"))
            raise ValueError(f"it is a {family}; this head needs a {expected}")

    @abc.abstractmethod
    def roles(self, columns: Sequence[int] | None = None) -> tuple[str, ...]:
        """The roles whose embeddings some columns need; None: all columns."""

    @abc.abstractmethod
    def build(self) -> keras.layers.Layer:
        """The layer of the head."""

    @abc.abstractmethod
    def outputs(
        self,
        layer: keras.layers.Layer,
        embeddings: Mapping[str, Tensor],
        columns: Sequence[int] | None = None,
    ) -> Tensor:
        """Some columns, or all: float32 [batch, C], of embeddings [batch, d] by role."""

    def targets(self, label: Tensor | None, batch: Tensor) -> Tensor:
        """Target columns, float32 [batch, C]; for classes the index, [batch, 1].

        Args:
          label: float32 [batch, width]; None where the relation has none.
          batch: scalar, the number of tuples.
        """
        del batch
        assert label is not None
        return label

    def loss_arguments(self, targets: Tensor, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Targets and predictions as a loss takes them, of [batch, C] each: here as they are."""
        return targets, outputs

    @abc.abstractmethod
    def predictions(self, outputs: Tensor) -> Tensor:
        """Output of signatures for some columns, [batch, C]: probabilities instead of logits."""

    @property
    def score_columns(self) -> tuple[int, ...] | None:
        """The column that the signature `score` returns; None: all."""
        return None
