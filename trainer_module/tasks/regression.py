"""Regression: several numbers, or the logits of classes, for a pair of roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relation.numeric.lazy import keras
from relation.spec import LabelKind
from trainer_module.heads.base import VectorHead
from trainer_module.losses.base import ValueLoss
from trainer_module.ops import Tensor
from trainer_module.tasks.base import Task


class Regression(Task):
    """The numbers of a vector, or a logit for each class, of the first comparison."""

    losses = (ValueLoss,)
    head: VectorHead

    def roles(self, columns: Sequence[int] | None = None) -> tuple[str, ...]:
        del columns
        return self.relation.scored.left, self.relation.scored.right

    def build(self) -> keras.layers.Layer:
        vector = self.relation.label is LabelKind.VECTOR
        return self.head.build(self.relation.width if vector else self.classes)

    def outputs(
        self,
        layer: keras.layers.Layer,
        embeddings: Mapping[str, Tensor],
        columns: Sequence[int] | None = None,
    ) -> Tensor:
        left, right = self.roles(columns)
        return layer(embeddings[left], embeddings[right])

    def predictions(self, outputs: Tensor) -> Tensor:
        return self.head.score(outputs, self.relation.label)
