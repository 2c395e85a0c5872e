"""Similarity: how related two roles are, for each comparison of the relation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from relation.numeric.lazy import keras, ops
from relation.spec import Comparison, LabelKind
from trainer_module.heads.base import SimilarityHead
from trainer_module.losses.base import BatchLoss, ListLoss, Loss, TupleLoss
from trainer_module.ops import Tensor
from trainer_module.tasks.base import Task


class Similarity(Task):
    """Relatedness of each comparison."""

    losses = (TupleLoss, BatchLoss)
    compares: ClassVar[bool] = True
    head: SimilarityHead

    @property
    def families(self) -> tuple[type[Loss], ...]:
        return (ListLoss,) if self.relation.label is LabelKind.GRADES else self.losses

    def check_loss(self, loss: Loss) -> None:
        super().check_loss(loss)
        if loss.needs_keys:
            self._check_candidates()

    def _check_candidates(self) -> None:
        """Raises ValueError if members of one tuple cannot be candidates for another.

        They can if all comparisons have one left role, and labels say who is related.
        """
        lefts = {comparison.left for comparison in self.relation.comparisons}
        if len(lefts) != 1 or self.relation.label not in (LabelKind.NONE, LabelKind.BINARY):
            raise ValueError(
                "it learns within a batch, and so needs triplets, n-tuples, or pairs with a binary "
                "label; this relation has the roles "
                f"{', '.join(role.name for role in self.relation.roles)} and a label of kind "
                f"{self.relation.label.value}"
            )

    @property
    def left(self) -> str:
        """The left role of all comparisons."""
        return self.relation.scored.left

    @property
    def rights(self) -> tuple[str, ...]:
        """The right role of each comparison."""
        return tuple(comparison.right for comparison in self.relation.comparisons)

    def roles(self, columns: Sequence[int] | None = None) -> tuple[str, ...]:
        chosen = self._comparisons(columns)
        return tuple(dict.fromkeys(role for c in chosen for role in (c.left, c.right)))

    def _comparisons(self, columns: Sequence[int] | None) -> list[Comparison]:
        comparisons = self.relation.comparisons
        return list(comparisons) if columns is None else [comparisons[i] for i in columns]

    def build(self) -> keras.layers.Layer:
        return self.head.build()

    def outputs(
        self,
        layer: keras.layers.Layer,
        embeddings: Mapping[str, Tensor],
        columns: Sequence[int] | None = None,
    ) -> Tensor:
        pairs = [layer(embeddings[c.left], embeddings[c.right]) for c in self._comparisons(columns)]
        return ops.stack(pairs, axis=-1)

    def targets(self, label: Tensor | None, batch: Tensor) -> Tensor:
        columns = []
        for number, comparison in enumerate(self.relation.comparisons):
            if comparison.related is not None:
                columns.append(ops.full((batch,), float(comparison.related), dtype="float32"))
            else:
                assert label is not None
                columns.append(label[:, number if label.shape[1] != 1 else 0])
        return ops.stack(columns, axis=-1)

    def predictions(self, outputs: Tensor) -> Tensor:
        return self.head.score(outputs)

    @property
    def score_columns(self) -> tuple[int, ...] | None:
        return (0,)
