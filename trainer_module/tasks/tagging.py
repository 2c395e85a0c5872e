"""Tagging: a logit for each tag of one entity, or for each tag and grade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from relation.numeric.lazy import keras, ops
from trainer_module.heads.base import GradeHead, TagHead
from trainer_module.losses.base import TagLoss
from trainer_module.ops import Tensor
from trainer_module.tasks.base import Task


class _OfOneEntity(Task):
    """Columns about the one entity of a tuple, all of them at once."""

    losses = (TagLoss,)

    def roles(self, columns: Sequence[int] | None = None) -> tuple[str, ...]:
        del columns
        return (self.relation.roles[0].name,)

    def outputs(
        self,
        layer: keras.layers.Layer,
        embeddings: Mapping[str, Tensor],
        columns: Sequence[int] | None = None,
    ) -> Tensor:
        return layer(embeddings[self.relation.roles[0].name])


class Tagging(_OfOneEntity):
    """A logit for each tag of an entity."""

    one_column_a_tag: ClassVar[bool] = True
    head: TagHead

    def build(self) -> keras.layers.Layer:
        return self.head.build(self.relation.width)

    def predictions(self, outputs: Tensor) -> Tensor:
        return self.head.score(outputs)


class GradedTagging(_OfOneEntity):
    """A logit for each tag of an entity to be above each grade."""

    head: GradeHead

    def build(self) -> keras.layers.Layer:
        return self.head.build(self.relation.width, self.relation.levels)

    def targets(self, label: Tensor | None, batch: Tensor) -> Tensor:
        grades = super().targets(label, batch) * self.relation.levels
        below = ops.arange(self.relation.levels, dtype="float32") + 0.5
        return ops.reshape(ops.cast(grades[:, :, None] > below, "float32"), (batch, -1))

    def predictions(self, outputs: Tensor) -> Tensor:
        """The expected grade of each tag over the highest grade, [batch, tags], in [0, 1]."""
        relation = self.relation
        above = ops.reshape(ops.sigmoid(outputs), (-1, relation.width, relation.levels))
        return ops.mean(above, axis=-1)
