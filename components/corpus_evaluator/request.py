"""The configuration of the CorpusEvaluator."""

from typing import Literal, TypeAlias

from relation.compiled import CompiledRelation
from relation.names import EVAL
from relation.retrieval.question import Question
from relation.schema import Feature, FeatureKind
from relation.spec import Frozen, LabelKind


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
    def standalone_entity(self) -> str | None:
        """The entity type of documents that the baseline ranks by their own features alone.

        That is so without a query, or with one that has no feature in common with documents.
        None if the relation does not rank documents so.
        """
        tuples = self.compiled.tuples
        ordered = all(comparison.related is not None for comparison in tuples.comparisons)
        ranked = tuples.label is LabelKind.GRADES or (tuples.label is LabelKind.SCALAR and ordered)
        if not ranked or len(tuples.roles) == 1:
            return None
        if not tuples.comparisons:
            return tuples.roles[0].entity
        return None if self._shared else tuples.entity_of(tuples.scored.right)

    @property
    def baseline_features(self) -> dict[str, tuple[Feature, ...]]:
        """The features that baselines use, by entity type, sorted by name.

        Those are the features that all types have, and all features of the `standalone_entity`.
        """
        standalone, shared = self.standalone_entity, self._shared
        return {
            entity: tuple(
                sorted(
                    (f for f in features if entity == standalone or _shape(f) in shared),
                    key=lambda f: f.name,
                )
            )
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
