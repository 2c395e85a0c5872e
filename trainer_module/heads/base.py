"""The forms of heads: inputs, outputs, and relations that they apply to."""

from __future__ import annotations

import abc
from typing import ClassVar, Literal

from relation.numeric.lazy import keras
from relation.spec import Frozen, LabelKind, Relation
from trainer_module.ops import Tensor

_NOT_COMPARED = (LabelKind.VECTOR, LabelKind.CLASS, LabelKind.IMAGE)


class Head(Frozen, abc.ABC):
    """Parameters of a head of any form."""

    task: ClassVar[str]
    """The task of a model with this head, by its name in `registry.TASKS`; one for each form."""
    takes_images: ClassVar[bool] = False
    """Whether it takes images, as towers such as `encoder_decoder` return them."""
    similarity: ClassVar[Literal["euclidean", "cosine", "dot"] | None] = None
    """The similarity for nearest neighbours that orders like its outputs; None: there is none."""

    below_zero: ClassVar[bool] = False
    """Whether its answers are never above 0, as minus a distance is not."""

    @property
    def is_logit(self) -> bool:
        """Whether losses of tuples may read its answer as a logit."""
        return False

    @property
    def serves_answer(self) -> bool:
        """Whether what is served is what losses read, not its sigmoid."""
        return True

    @abc.abstractmethod
    def check(self, relation: Relation) -> None:
        """Raises ValueError if it does not apply to tuples of this relation."""


class SimilarityHead(Head):
    """Two embeddings to how related they are."""

    task: ClassVar[str] = "similarity"

    @property
    @abc.abstractmethod
    def is_logit(self) -> bool:
        """Whether relatedness is a logit, so that a sigmoid makes it a probability."""

    @property
    def serves_answer(self) -> bool:
        """See `Head`."""
        return not self.is_logit

    def check(self, relation: Relation) -> None:
        if not relation.comparisons or relation.label in _NOT_COMPARED:
            raise ValueError(
                "it gives one number for two roles; tuples of this relation have a label of kind "
                f"{relation.label.value} and {len(relation.comparisons)} comparisons"
            )

    @abc.abstractmethod
    def build(self) -> keras.layers.Layer:
        """The layer: (left [batch, d], right [batch, d]) -> relatedness [batch], higher = more."""

    def matrix(self, layer: keras.layers.Layer, rows: Tensor, columns: Tensor) -> Tensor:
        """Relatedness of every row to every column: [n, d], [m, d] -> [n, m].

        Here pair by pair, which holds n·m·d numbers; heads that are products override it.
        """
        n, m = keras.ops.shape(rows)[0], keras.ops.shape(columns)[0]
        pairs = keras.ops.repeat(rows, m, axis=0), keras.ops.tile(columns, (n, 1))
        return keras.ops.reshape(layer(*pairs), (n, m))

    def score(self, relatedness: Tensor) -> Tensor:
        """Predictions of the `score` signature, a probability where relatedness is a logit.

        Args:
          relatedness: float32 [rows, columns].

        Returns:
          float32 [rows, columns].
        """
        return keras.ops.sigmoid(relatedness) if self.is_logit else relatedness


class VectorHead(Head):
    """Two embeddings to several numbers, or to the logits of classes."""

    task: ClassVar[str] = "regression"

    def check(self, relation: Relation) -> None:
        if relation.label not in (LabelKind.VECTOR, LabelKind.CLASS) or not relation.comparisons:
            raise ValueError(_mismatch("pairs labelled with a vector or a class", relation))

    @abc.abstractmethod
    def build(self, outputs: int) -> keras.layers.Layer:
        """The layer: (left [batch, d], right [batch, d]) -> float32 [batch, outputs].

        `outputs`: the numbers of a vector, or the classes.
        """

    def score(self, outputs: Tensor, label: LabelKind) -> Tensor:
        """Predictions: the numbers as they are, or the probabilities of classes.

        Args:
          outputs: float32 [batch, outputs], numbers or logits of classes.
          label: the kind of label, a vector or a class.

        Returns:
          float32 [batch, outputs].
        """
        return keras.ops.softmax(outputs, axis=-1) if label is LabelKind.CLASS else outputs


class TagHead(Head):
    """One embedding to a logit for each tag."""

    task: ClassVar[str] = "tagging"

    def check(self, relation: Relation) -> None:
        if relation.label is not LabelKind.TAGS:
            raise ValueError(_mismatch("an entity and its tags", relation))

    @abc.abstractmethod
    def build(self, tags: int) -> keras.layers.Layer:
        """The layer: embedding [batch, d] -> logits float32 [batch, tags]."""

    def score(self, logits: Tensor) -> Tensor:
        """The probability, or the confidence, of each tag: float32 [batch, tags] -> the same."""
        return keras.ops.sigmoid(logits)


class GradeHead(Head):
    """One embedding to the logits of each tag to be above each grade."""

    task: ClassVar[str] = "graded_tagging"

    def check(self, relation: Relation) -> None:
        if relation.label is not LabelKind.TAGS or relation.levels == 1:
            raise ValueError(_mismatch("an entity and its tags with grades (`levels`)", relation))

    @abc.abstractmethod
    def build(self, tags: int, levels: int) -> keras.layers.Layer:
        """The layer: embedding [batch, d] -> float32 [batch, tags · levels].

        Column `tag · levels + j` is the logit that the grade of the tag, 0 to `levels`, is above j.
        """


class ImageHead(Head):
    """An image, given by a tower in the place of an embedding, to the image that belongs to it."""

    task: ClassVar[str] = "image_to_image"
    takes_images: ClassVar[bool] = True

    def check(self, relation: Relation) -> None:
        if relation.label is not LabelKind.IMAGE:
            raise ValueError(
                _mismatch("rows whose label is an image (label_kind: image)", relation)
            )

    @abc.abstractmethod
    def build(self) -> keras.layers.Layer:
        """The layer: [batch, height, width, channels] of values in [0, 1] -> the same shape."""


class ScoreHead(Head):
    """One embedding to a score that ranks it; a difference of two scores is a logit."""

    task: ClassVar[str] = "ranking"
    is_logit: ClassVar[bool] = True

    def check(self, relation: Relation) -> None:
        ordered = all(comparison.related is not None for comparison in relation.comparisons)
        ranked_pairs = relation.label is LabelKind.SCALAR and ordered
        if relation.label is not LabelKind.GRADES and not ranked_pairs:
            raise ValueError(_mismatch("documents in pairs or lists with their grades", relation))

    @abc.abstractmethod
    def build(self) -> keras.layers.Layer:
        """The layer: embedding [batch, d] -> score float32 [batch], higher = ranked before."""


def _mismatch(expected: str, relation: Relation) -> str:
    roles = ", ".join(role.name for role in relation.roles)
    return (
        f"it works on {expected}; this relation has the roles {roles} and a label of kind "
        f"{relation.label.value}"
    )
