"""What the CorpusEvaluator is asked for, and what follows from it."""

from typing import Literal, NamedTuple, TypeAlias

from relation import kinds
from relation.materialization import Materialization
from relation.names import EVAL
from relation.schema import Feature, FeatureKind
from relation.spec import Frozen, LabelKind

Relevance = Literal["label", "edges", "tuples"]


class CorpusRequest(Frozen):
    """The relation, what towers read of each entity type, what makes embeddings near.

    `similarity`: of the model's head; None: it does not compare embeddings.
    `schemas`: of the entity types that have rows of their own, in protobuf's text form; the
    entities of the others are in the tuples.
    `references`: the split of the entities that are found. `slices`: features of queries.
    `image`: height, width and channels of a label, where that is an image.
    """

    materialization: Materialization
    features: dict[str, tuple[Feature, ...]]
    schemas: dict[str, str]
    similarity: Literal["euclidean", "cosine", "dot"] | None
    references: str
    slices: tuple[str, ...]
    image: tuple[int, int, int] | None = None

    @property
    def question(self) -> "Question | None":
        """Which entities are sought for which; None: nearness says nothing of this relation."""
        asked = self.materialization
        relation, source = asked.relation, asked.relation.source
        if self.similarity is None:
            return None
        if isinstance(source, kinds.SameLabel):
            return Question(asked.primary, asked.primary, "label")
        if isinstance(source, kinds.EdgeSource) and _some_are_positive(relation, source):
            everywhere = all(entity in asked.common for entity in asked.entities)
            return None if everywhere else Question(*asked.ends, "edges")
        if isinstance(source, kinds.Row) and asked.tuples.comparisons:
            left, right = (asked.tuples.entity_of(role) for role in asked.tuples.scored[:2])
            fits = asked.tuples.label in (LabelKind.BINARY, LabelKind.NONE)
            return Question(left, right, "tuples") if fits else None
        return None

    @property
    def found(self) -> tuple[str, str] | None:
        """Entity type and split of the references; one split stands for both of a common type."""
        if (question := self.question) is None:
            return None
        common = question.reference in self.materialization.common
        return question.reference, EVAL if common else self.references

    @property
    def alone(self) -> str | None:
        """The entity type of documents that are ranked, untrained, by what is known of them alone:
        without a query, or with one that shares no feature with them; None: there is none."""
        tuples = self.materialization.tuples
        ordered = all(comparison.related is not None for comparison in tuples.comparisons)
        ranked = tuples.label is LabelKind.GRADES or (tuples.label is LabelKind.SCALAR and ordered)
        if not ranked or len(tuples.roles) == 1:
            return None
        if not tuples.comparisons:
            return tuples.roles[0].entity
        return None if self._shared else tuples.entity_of(tuples.scored.right)

    @property
    def untrained(self) -> dict[str, tuple[Feature, ...]]:
        """The features of each entity type that say something without training: those that all
        types have, since they can be compared, or all of documents that are ranked `alone`."""
        alone, shared = self.alone, self._shared
        return {
            entity: tuple(
                sorted(
                    (f for f in found if entity == alone or _shape(f) in shared),
                    key=lambda f: f.name,
                )
            )
            for entity, found in self.features.items()
        }

    @property
    def _shared(self) -> "set[Shape]":
        return set.intersection(*({_shape(f) for f in found} for found in self.features.values()))


class Question(NamedTuple):
    """Queries are held-out entities of one type, references entities of the same or another.

    `relevant`: a reference that has a label of the query; that edges link to it; that is in a
    tuple with it, of which the label does not say that they are unrelated.
    """

    query: str
    reference: str
    relevant: Relevance

    @property
    def same(self) -> bool:
        """Whether queries may be references."""
        return self.query == self.reference


def _some_are_positive(relation: kinds.RelationConfig, source: kinds.EdgeSource) -> bool:
    if isinstance(relation, kinds.Pairs) and source.label in ("vector", "class"):
        return False
    return source.label != "scalar" or source.positive_from is not None


Shape: TypeAlias = tuple[str, FeatureKind, int]


def _shape(feature: Feature) -> Shape:
    """Features of two types with the same shape can be compared."""
    numbers = feature.width if feature.kind is FeatureKind.NUMERIC else 0
    return feature.name, feature.kind, numbers
