"""Towers, heads and losses by name: what each must be, and the registry.

A new part is one file with one class below, one line in a table here, and one test.
"""

import abc
import importlib
import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, Literal, TypeAlias, TypeVar

import keras
from keras import ops
from pydantic import ValidationError

from relation.core.errors import RecipeError
from relation.core.validation_errors import describe
from relation.recipe import Part
from relation.schema import Feature, FeatureKind
from relation.spec import Frozen, LabelKind, Relation
from trainer_module.heads.base import AnyHead
from trainer_module.losses.base import BatchLoss, ImageLoss, ListLoss, LossBase, TagLoss, ValueLoss
from trainer_module.losses.registry import ALL_LOSSES
from trainer_module.ops import Tensor
from trainer_module.preprocessing.vocabulary import Vocabulary

_TOWERS = {
    "backbone": "trainer_module.towers.backbone.Backbone",
    "cnn": "trainer_module.towers.cnn.Cnn",
    "dense": "trainer_module.towers.dense.Dense",
    "encoder_decoder": "trainer_module.towers.encoder_decoder.EncoderDecoder",
    "pixels": "trainer_module.towers.pixels.Pixels",
    "sequence": "trainer_module.towers.sequence.Sequence",
    "words": "trainer_module.towers.words.Words",
}
_HEADS = {
    "alignment": "trainer_module.heads.alignment.Alignment",
    "concat_mlp": "trainer_module.heads.concat_mlp.ConcatMlp",
    "conditioned": "trainer_module.heads.conditioned.Conditioned",
    "cosine": "trainer_module.heads.cosine.Cosine",
    "distance": "trainer_module.heads.distance.Distance",
    "dot": "trainer_module.heads.dot.Dot",
    "feature_error": "trainer_module.heads.feature_error.FeatureError",
    "image": "trainer_module.heads.image.Image",
    "logistic_distance": "trainer_module.heads.logistic_distance.LogisticDistance",
    "ordinal": "trainer_module.heads.ordinal.Ordinal",
    "scorer": "trainer_module.heads.scorer.Scorer",
    "squared_distance": "trainer_module.heads.squared_distance.SquaredDistance",
    "tag": "trainer_module.heads.tag.Tag",
    "vector": "trainer_module.heads.vector.Vector",
}


Decode = Callable[[Mapping[str, Tensor]], dict[str, Tensor]]
"""See `Tower.decode`."""


class Tower(Frozen, abc.ABC):
    """Parameters of a tower, and how it is built."""

    kinds: ClassVar[frozenset[FeatureKind]]
    """The kinds of features that it takes."""
    frozen: bool = False
    """Whether training leaves the tower as it was built, for others to learn its features."""

    @property
    def image(self) -> tuple[int, int, int] | None:
        """Height, width and channels of what it gives, if that is an image and no vector."""
        return None

    def check(self, features: tuple[Feature, ...]) -> None:
        """Raises ValueError when it cannot take these features."""
        for feature in features:
            if feature.kind not in self.kinds:
                raise ValueError(
                    f"feature {feature.name!r} is of kind {feature.kind.value}; this tower takes "
                    + ", ".join(sorted(kind.value for kind in self.kinds))
                )

    @abc.abstractmethod
    def decode(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Transformed features of a batch -> what the network takes (images are decoded here).

        Runs in the input pipeline while training, and in the graph of the signatures.
        """

    def decoder(self, memory_mb: int) -> Decode:
        """`decode` of one training, which may hold as many MiB of what it has decoded."""
        return self.decode

    @abc.abstractmethod
    def build(
        self, features: tuple[Feature, ...], vocabularies: Mapping[str, Vocabulary] = {}
    ) -> keras.Model:
        """The network: {feature name: decoded tensor} -> embedding [batch, d], float32.

        `vocabularies`: of each categorical or text feature by name; known after Transform.
        """

    def vector(self, given: Tensor) -> Tensor:
        """What it gives as one vector of each entity, [batch, d]; an image row by row."""
        return given if self.image is None else ops.reshape(given, (-1, math.prod(self.image)))


_NOT_COMPARED = (LabelKind.VECTOR, LabelKind.CLASS, LabelKind.IMAGE)


class Head(AnyHead):
    """Parameters of a head that compares two embeddings, and how it is built."""

    similarity: ClassVar[Literal["euclidean", "cosine", "dot"] | None] = None
    """What relatedness rises with; None: with no measure that nearest neighbours have."""

    @property
    @abc.abstractmethod
    def is_logit(self) -> bool:
        """Whether `relatedness` is a logit, so that a sigmoid makes it a probability."""

    def check(self, relation: Relation) -> None:
        if not relation.comparisons or relation.label in _NOT_COMPARED:
            raise ValueError(
                "it answers with one number for two roles, and tuples of this relation have a "
                f"label of kind {relation.label.value} and {len(relation.comparisons)} comparisons"
            )

    @abc.abstractmethod
    def build(self) -> keras.layers.Layer:
        """The layer: (left [batch, d], right [batch, d]) -> relatedness [batch], higher = more."""

    def matrix(self, layer: keras.layers.Layer, rows: Tensor, columns: Tensor) -> Tensor:
        """Relatedness of every row to every column: [n, d], [m, d] -> [n, m].

        Here pair by pair, which holds n·m·d numbers; heads that are a product do without.
        """
        n, m = keras.ops.shape(rows)[0], keras.ops.shape(columns)[0]
        pairs = keras.ops.repeat(rows, m, axis=0), keras.ops.tile(columns, (n, 1))
        return keras.ops.reshape(layer(*pairs), (n, m))

    def score(self, relatedness: Tensor) -> Tensor:
        """What the `score` signature answers; same shape."""
        return keras.ops.sigmoid(relatedness) if self.is_logit else relatedness


class Loss(LossBase):
    """Parameters of a loss, and the loss of every tuple."""

    heads: ClassVar[frozenset[str] | None] = None
    """Names of the heads whose relatedness it understands; None = any."""
    reads_logits: ClassVar[bool] = False
    """Whether it understands logits alone."""
    needs_frozen: ClassVar[bool] = False
    """Whether the tower of all right members must be frozen, and that of the left not."""

    def check(self, relation: Relation) -> None:
        """Raises ValueError when it cannot learn from tuples of this relation."""

    @abc.abstractmethod
    def __call__(self, related: Tensor, relatedness: Tensor) -> Tensor:
        """[batch, comparisons] of 1/0, [batch, comparisons] from the head -> loss [batch]."""


ColumnLoss: TypeAlias = Loss | ListLoss | TagLoss | ValueLoss
"""Losses of what a model answers about a tuple: (targets [batch, C], outputs [batch, C])."""
AnyLoss: TypeAlias = ColumnLoss | BatchLoss | ImageLoss

P = TypeVar("P", bound=Frozen)


class Parts(Generic[P]):
    """One table of the registry: builds the part that a recipe names."""

    def __init__(self, kind: str, table: Mapping[str, str]):
        self._kind = kind
        self._table = table

    def resolve(self, part: Part) -> P:
        """The configured part.

        Raises:
          RecipeError: unknown name or parameter, or a parameter of the wrong type or range.
        """
        field = f"model.{self._kind}"
        if part.type not in self._table:
            known = ", ".join(sorted(self._table))
            raise RecipeError(f"{field}.type: got {part.type!r}; expected one of {known}")
        module, _, name = self._table[part.type].rpartition(".")
        cls: Any = getattr(importlib.import_module(module), name)
        try:
            result: P = cls.model_validate(dict(part.params))
        except ValidationError as error:
            raise RecipeError("\n".join(describe(error, prefix=field))) from None
        return result


TOWERS: Parts[Tower] = Parts("tower", _TOWERS)
HEADS: Parts[AnyHead] = Parts("head", _HEADS)
LOSSES: Parts[AnyLoss] = Parts("loss", ALL_LOSSES)
