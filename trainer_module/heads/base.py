"""The forms of heads other than two embeddings to how related they are (`parts.Head`)."""

import abc

import keras

from relation.spec import Frozen, LabelKind, Relation
from trainer_module.ops import Tensor


class AnyHead(Frozen, abc.ABC):
    """Parameters of a head of any form."""

    @abc.abstractmethod
    def check(self, relation: Relation) -> None:
        """Raises ValueError when it has no answer for tuples of this relation."""


class VectorHead(AnyHead):
    """Two embeddings to several numbers, or to the logits of classes."""

    def check(self, relation: Relation) -> None:
        if relation.label not in (LabelKind.VECTOR, LabelKind.CLASS) or not relation.comparisons:
            raise ValueError(_told("pairs labelled with a vector or a class", relation))

    @abc.abstractmethod
    def build(self, outputs: int) -> keras.layers.Layer:
        """The layer: (left [batch, d], right [batch, d]) -> float32 [batch, outputs].

        `outputs`: the numbers of a vector, or the classes.
        """

    def score(self, outputs: Tensor, label: LabelKind) -> Tensor:
        """What is served: the numbers as they are, or the probabilities of classes; same shape."""
        return keras.ops.softmax(outputs, axis=-1) if label is LabelKind.CLASS else outputs


class TagHead(AnyHead):
    """One embedding to a logit for each tag."""

    def check(self, relation: Relation) -> None:
        if relation.label is not LabelKind.TAGS:
            raise ValueError(_told("an entity and its tags", relation))

    @abc.abstractmethod
    def build(self, tags: int) -> keras.layers.Layer:
        """The layer: embedding [batch, d] -> logits float32 [batch, tags]."""

    def score(self, logits: Tensor) -> Tensor:
        """What is served: the probability, or the confidence, of each tag; same shape."""
        return keras.ops.sigmoid(logits)


class GradeHead(AnyHead):
    """One embedding to the logits of each tag to be above each grade."""

    def check(self, relation: Relation) -> None:
        if relation.label is not LabelKind.TAGS or relation.levels == 1:
            raise ValueError(_told("an entity and its tags with grades (`levels`)", relation))

    @abc.abstractmethod
    def build(self, tags: int, levels: int) -> keras.layers.Layer:
        """The layer: embedding [batch, d] -> float32 [batch, tags · levels].

        Column `tag · levels + j` is the logit that the grade of the tag, 0 to `levels`, is above j.
        """


class ImageHead(AnyHead):
    """An image, given by a tower in the place of an embedding, to the image that belongs to it."""

    def check(self, relation: Relation) -> None:
        if relation.label is not LabelKind.IMAGE:
            raise ValueError(_told("rows whose label is an image (label_kind: image)", relation))

    @abc.abstractmethod
    def build(self) -> keras.layers.Layer:
        """The layer: [batch, height, width, channels] of values in [0, 1] -> the same shape."""


class ScoreHead(AnyHead):
    """One embedding to a score that ranks it."""

    def check(self, relation: Relation) -> None:
        ordered = all(comparison.related is not None for comparison in relation.comparisons)
        ranked_pairs = relation.label is LabelKind.SCALAR and ordered
        if relation.label is not LabelKind.GRADES and not ranked_pairs:
            raise ValueError(_told("documents in pairs or lists with their grades", relation))

    @abc.abstractmethod
    def build(self) -> keras.layers.Layer:
        """The layer: embedding [batch, d] -> score float32 [batch], higher = ranked before."""


def _told(expected: str, relation: Relation) -> str:
    roles = ", ".join(role.name for role in relation.roles)
    return (
        f"it answers for {expected}, and this relation has the roles {roles} and a label of kind "
        f"{relation.label.value}"
    )
