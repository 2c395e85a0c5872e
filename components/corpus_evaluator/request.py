"""The configuration of the CorpusEvaluator."""

from typing import Literal, TypeAlias

from relation.compiled import CompiledRelation
from relation.names import EVAL
from relation.retrieval.question import Question
from relation.schema import Feature, FeatureKind
from relation.spec import Frozen


class CorpusRequest(Frozen):
    """The relation, the features of towers, and how the model compares embeddings.

    Attributes:
      compiled: the compiled relation.
      features: the features that towers read, by entity type.
      schemas: by entity type that has rows of its own, in protobuf's text form; entities of other
        types are read from the tuples.
      similarity: how the model's head compares embeddings; None if it does not.
      references: the split of the references: `EVAL` for that of the queries, or `TRAIN`.
      held_out: the split that is measured.
      cut_names: names of measures beside the usual ones, of another k.
      slices: features of queries whose values are measured apart.
      image: height, width and channels of a label that is an image.
      orders_only: whether the loss learns the order of numbers alone, not their size.
    """

    compiled: CompiledRelation
    features: dict[str, tuple[Feature, ...]]
    schemas: dict[str, str]
    similarity: Literal["euclidean", "cosine", "dot"] | None
    references: str
    slices: tuple[str, ...]
    image: tuple[int, int, int] | None = None
    held_out: str = EVAL
    cut_names: tuple[str, ...] = ()
    orders_only: bool = False

    @property
    def question(self) -> Question | None:
        """The retrieval that measures the embeddings; None if the embeddings do not learn
        nearness."""
        return Question.of(self.compiled, self.similarity)

    @property
    def reference_key(self) -> tuple[str, str] | None:
        """Entity type and split of the references; `held_out` stands for all rows of a common
        type."""
        if (question := self.question) is None:
            return None
        common = question.reference in self.compiled.shared
        return question.reference, self.held_out if common else self.reference_split

    @property
    def reference_split(self) -> str:
        """The split of references of a type that is split."""
        return self.held_out if self.references == EVAL else self.references

    @property
    def baseline_features(self) -> dict[str, tuple[Feature, ...]]:
        """The features that all entity types have, by entity type, sorted by name.

        A number that is whole in one type alone is read as any number in all of them.
        """
        shared, dtypes = self._shared, set.intersection(*map(_dtypes, self.features.values()))
        return {
            entity: tuple(
                feature if (feature.name, feature.dtype) in dtypes else _any_number(feature)
                for feature in features
                if _shape(feature) in shared
            )
            for entity, features in self.own_features.items()
        }

    @property
    def own_features(self) -> dict[str, tuple[Feature, ...]]:
        """All features that towers read, by entity type, sorted by name."""
        return {
            entity: tuple(sorted(features, key=lambda feature: feature.name))
            for entity, features in self.features.items()
        }

    @property
    def _shared(self) -> "set[Shape]":
        return set.intersection(
            *({_shape(f) for f in features} for features in self.features.values())
        )


Shape: TypeAlias = tuple[str, FeatureKind, int]


def _shape(feature: Feature) -> Shape:
    """Name, kind and width; features of two types that agree in all three can be compared."""
    numbers = feature.width if feature.kind is FeatureKind.NUMERIC else 0
    return feature.name, feature.kind, numbers


def _dtypes(features: tuple[Feature, ...]) -> set[tuple[str, str]]:
    return {(feature.name, feature.dtype) for feature in features}


def _any_number(feature: Feature) -> Feature:
    """The feature, as floats if it is a number."""
    numeric = feature.kind is FeatureKind.NUMERIC
    return feature.model_copy(update={"dtype": "float"}) if numeric else feature
