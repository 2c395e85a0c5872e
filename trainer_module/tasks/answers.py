"""What a model answers about a tuple: columns of numbers, made of the embeddings of its roles.

The head and the relation decide it; losses and metrics see the columns, [batch, C], alone.

| head | columns |
|---|---|
| compares two roles (`parts.Head`) | relatedness of each comparison |
| `VectorHead` | the numbers of a vector, or the logits of classes, of the first comparison |
| `TagHead` | a logit for each tag |
| `GradeHead` | a logit for each tag to be above each grade |
| `ScoreHead` | a score for each document |
| `ImageHead` | two images, each [height, width, channels]: the answer, and what it should be |
"""

import abc
from collections.abc import Mapping, Sequence
from typing import ClassVar

import keras
from keras import ops

from relation.spec import Comparison, LabelKind, Relation
from trainer_module.heads.base import (
    GradeHead,
    Head,
    ImageHead,
    ScoreHead,
    SimilarityHead,
    TagHead,
    VectorHead,
)
from trainer_module.losses.base import (
    BatchLoss,
    ImageLoss,
    ListLoss,
    Loss,
    TagLoss,
    TupleLoss,
    ValueLoss,
)
from trainer_module.ops import Tensor


class Answer(abc.ABC):
    """Columns of numbers, [batch, C], higher = more related where they say how related."""

    losses: ClassVar[tuple[type, ...]]
    """The families of losses that read the columns."""

    def __init__(self, head: Head, relation: Relation, classes: int):
        self.head, self.relation, self.classes = head, relation, classes

    @property
    def families(self) -> tuple[type, ...]:
        """The families of losses that fit this relation."""
        return self.losses

    @abc.abstractmethod
    def roles(self, columns: Sequence[int] | None = None) -> tuple[str, ...]:
        """The roles whose embeddings are read, for some columns or for all."""

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
        """[batch, C] of some columns, or of all, from the embeddings [batch, d] of the roles."""

    def targets(self, label: Tensor | None, batch: Tensor) -> Tensor:
        """What the columns should be: float32 [batch, C] (of classes the index, [batch, 1]).

        Args:
          label: float32 [batch, width]; None where the relation has none.
          batch: scalar, the number of tuples.
        """
        del batch
        assert label is not None
        return label

    @abc.abstractmethod
    def served(self, outputs: Tensor) -> Tensor:
        """What the signatures answer for some columns: [batch, what `scores` has]."""

    @property
    def scored(self) -> tuple[int, ...] | None:
        """The one column that `score` answers; None: all."""
        return None


class Compared(Answer):
    """Relatedness of each comparison."""

    losses = (TupleLoss, BatchLoss)
    head: SimilarityHead

    def check_left(self) -> None:
        """Raises ValueError when tuples cannot be candidates for each other.

        That takes one left role of all comparisons, and labels that say who is related.
        """
        lefts = {comparison.left for comparison in self.relation.comparisons}
        if len(lefts) != 1 or self.relation.label not in (LabelKind.NONE, LabelKind.BINARY):
            raise ValueError(
                "within a batch it learns from one role that is related to others or not: pairs "
                "with a binary label, triplets, ntuples; this relation has the roles "
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

    @property
    def families(self) -> tuple[type, ...]:
        return (ListLoss,) if self.relation.label is LabelKind.GRADES else self.losses

    def roles(self, columns: Sequence[int] | None = None) -> tuple[str, ...]:
        chosen = self._chosen(columns)
        return tuple(dict.fromkeys(role for c in chosen for role in (c.left, c.right)))

    def _chosen(self, columns: Sequence[int] | None) -> list[Comparison]:
        known = self.relation.comparisons
        return [known[i] for i in (range(len(known)) if columns is None else columns)]

    def build(self) -> keras.layers.Layer:
        return self.head.build()

    def outputs(
        self,
        layer: keras.layers.Layer,
        embeddings: Mapping[str, Tensor],
        columns: Sequence[int] | None = None,
    ) -> Tensor:
        pairs = [layer(embeddings[c.left], embeddings[c.right]) for c in self._chosen(columns)]
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

    def served(self, outputs: Tensor) -> Tensor:
        return self.head.score(outputs)

    @property
    def scored(self) -> tuple[int, ...] | None:
        return (0,)


class Valued(Answer):
    """Several numbers, or a class, of the first comparison."""

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

    def served(self, outputs: Tensor) -> Tensor:
        return self.head.score(outputs, self.relation.label)


class OfExample(Answer):
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


class Tagged(OfExample):
    """A logit for each tag of an entity."""

    head: TagHead

    def build(self) -> keras.layers.Layer:
        return self.head.build(self.relation.width)

    def served(self, outputs: Tensor) -> Tensor:
        return self.head.score(outputs)


class Graded(OfExample):
    """A logit for each tag of an entity to be above each grade."""

    head: GradeHead

    def build(self) -> keras.layers.Layer:
        return self.head.build(self.relation.width, self.relation.levels)

    def targets(self, label: Tensor | None, batch: Tensor) -> Tensor:
        grades = super().targets(label, batch) * self.relation.levels
        below = ops.arange(self.relation.levels, dtype="float32") + 0.5
        return ops.reshape(ops.cast(grades[:, :, None] > below, "float32"), (batch, -1))

    def served(self, outputs: Tensor) -> Tensor:
        """The expected grade of each tag over the highest one, [batch, tags], in [0, 1]."""
        relation = self.relation
        shares = ops.reshape(ops.sigmoid(outputs), (-1, relation.width, relation.levels))
        return ops.mean(shares, axis=-1)


class Ranked(Answer):
    """A score for each document."""

    losses = (TupleLoss,)
    head: ScoreHead

    @property
    def families(self) -> tuple[type, ...]:
        return (ListLoss,) if self.relation.label is LabelKind.GRADES else self.losses

    @property
    def _documents(self) -> tuple[str, ...]:
        return self.relation.roles_of(self.relation.roles[0].entity)

    def roles(self, columns: Sequence[int] | None = None) -> tuple[str, ...]:
        documents = self._documents
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

    def served(self, outputs: Tensor) -> Tensor:
        return outputs

    @property
    def scored(self) -> tuple[int, ...] | None:
        return (0,)


class Pictured(Answer):
    """An image for the image of the first role, and behind it that of the second role, as it is."""

    losses = (ImageLoss,)
    head: ImageHead

    def roles(self, columns: Sequence[int] | None = None) -> tuple[str, ...]:
        pair = self.relation.scored.left, self.relation.scored.right
        return pair if columns is None else tuple(pair[i] for i in columns)

    def build(self) -> keras.layers.Layer:
        return self.head.build()

    def outputs(
        self,
        layer: keras.layers.Layer,
        embeddings: Mapping[str, Tensor],
        columns: Sequence[int] | None = None,
    ) -> Tensor:
        """[batch, C, height, width, channels]."""
        answered = self.roles((0,))[0]
        images = {role: embeddings[role] for role in self.roles(columns)}
        if answered in images:
            images[answered] = layer(images[answered])
        return ops.stack(list(images.values()), axis=1)

    def targets(self, label: Tensor | None, batch: Tensor) -> Tensor:
        """Nothing, [batch, 0]: the second of the outputs is the target."""
        del label
        return ops.zeros((batch, 0), dtype="float32")

    def served(self, outputs: Tensor) -> Tensor:
        return outputs

    @property
    def scored(self) -> tuple[int, ...] | None:
        return (0,)


_ANSWERS: tuple[tuple[type[Head], type[Answer]], ...] = (
    (SimilarityHead, Compared),
    (VectorHead, Valued),
    (TagHead, Tagged),
    (GradeHead, Graded),
    (ScoreHead, Ranked),
    (ImageHead, Pictured),
)


def answer_of(head: Head, relation: Relation, classes: int) -> Answer:
    """What a head answers about tuples of a relation.

    Args:
      classes: of a label that is a class.
    """
    kind = next(answer for family, answer in _ANSWERS if isinstance(head, family))
    return kind(head, relation, classes)


def check_loss(loss: Loss, answer: Answer) -> None:
    """Raises ValueError when a loss cannot read an answer."""
    if not isinstance(loss, answer.families):
        expected = " or ".join(family.__name__ for family in answer.families)
        raise ValueError(f"it is a {_family(loss)}, and the head answers what a {expected} reads")


def _family(loss: Loss) -> str:
    return next(cls.__name__ for cls in type(loss).__mro__ if cls.__name__.endswith("Loss"))
