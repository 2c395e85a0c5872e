"""Ranking: a score for each document of a pair or a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relation.numeric.lazy import keras, ops
from relation.spec import LabelKind
from trainer_module.heads.base import ScoreHead
from trainer_module.losses.base import ListLoss, Loss, TupleLoss
from trainer_module.ops import Tensor
from trainer_module.tasks.base import Task


class Ranking(Task):
    """A score for each document, higher = ranked before."""

    losses = (TupleLoss,)
    head: ScoreHead

    @property
    def families(self) -> tuple[type[Loss], ...]:
        return (ListLoss,) if self.relation.label is LabelKind.GRADES else self.losses

    def roles(self, columns: Sequence[int] | None = None) -> tuple[str, ...]:
        documents = self.relation.roles_of(self.relation.roles[0].entity)
        return documents if columns is None else tuple(documents[i] for i in columns)

    def build(self) -> keras.layers.Layer:
        return self.head.build()

    def outputs(
        self,
        layer: keras.layers.Layer,
        embeddings: Mapping[str, Tensor],
        columns: Sequence[int] | None = None,
    ) -> Tensor:
        return ops.stack([layer(embeddings[role]) for role in self.roles(columns)], axis=-1)

    def targets(self, label: Tensor | None, batch: Tensor) -> Tensor:
        if self.relation.label is LabelKind.GRADES:
            return super().targets(label, batch)
        first = ops.ones((batch, 1), dtype="float32")  # The first document is the preferred one.
        return ops.concatenate([first, ops.zeros_like(first)], axis=-1)

    def predictions(self, outputs: Tensor) -> Tensor:
        return outputs

    @property
    def score_columns(self) -> tuple[int, ...] | None:
        return (0,)
