"""What a recipe's `relation` says: a kind of tuple, the source it is made from, its sampling."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from relation.core.config import Dotted, Name
from relation.sampling import (
    ListSampling,
    NTupleSampling,
    PairSampling,
    RankedPairSampling,
    ScoredPairSampling,
    TripletSampling,
)
from relation.spec import Frozen, LabelKind


class SameLabel(Frozen):
    """Rows are related when they share a value of a categorical feature, which may have several."""

    type: Literal["same_label"]
    feature: str


class EdgeSource(Frozen):
    """Rows are related when an edge list says so.

    `label`: what the value of an edge is. Without one, or where it is `binary`, an edge of value 1
    is a positive; from a `scalar` value `positive_from` on is one.
    `symmetric`: an edge counts in both directions. `repeated`: what several edges between the same
    two entities are: one, if they agree (those that do not are counted, and the smallest is used),
    or a tuple each.
    """

    type: Literal["edges"]
    edges: Name
    label: Literal["binary", "scalar", "vector", "class"] = "binary"
    positive_from: float | None = None
    symmetric: bool = False
    repeated: Literal["merge", "keep"] = "merge"

    @model_validator(mode="after")
    def _threshold_where_scalar(self) -> "EdgeSource":
        if self.positive_from is not None and self.label != "scalar":
            raise ValueError(f"label: {self.label} takes no `positive_from`, only scalar does")
        return self


class Labels(Frozen):
    """Rows are related to their own labels: the values of a feature with a domain in the schema.

    `confidence`: a feature with one number in [0, 1] for each value of `feature`. `levels`: above 1
    those numbers are grades instead, whole from 0 (as if the value was not there) to `levels`.
    """

    type: Literal["labels"]
    feature: str
    confidence: str | None = None
    levels: int = Field(1, ge=1, le=100)

    @model_validator(mode="after")
    def _levels_of_a_confidence(self) -> "Labels":
        if self.levels > 1 and self.confidence is None:
            raise ValueError("`levels` needs a `confidence` that names the feature of the grades")
        return self


class GradedGroup(Frozen):
    """Rows (documents) of one group (query) are ordered by a grade.

    `query`: the entity type whose id is the group, to fill a role `query`.
    """

    type: Literal["graded_group"]
    group: str
    grade: str
    query: Name | None = None


class Row(Frozen):
    """A row already holds the members of a tuple, each feature under `<role>_<feature>`."""

    type: Literal["row"]
    rows: Name


class Function(Frozen):
    """`fn(left, right) -> float32 [n]` or `[n, width]`, on columns of decoded features."""

    type: Literal["function"]
    function: Dotted
    width: int = Field(1, ge=1, le=10_000)


Related: TypeAlias = Annotated[SameLabel | EdgeSource | Labels, Field(discriminator="type")]


class Seeded(Frozen):
    """Every draw is a function of the seed and the ids of the entities.

    `memory_mb`: MiB that a worker which makes tuples may hold, beside what its imports take. It
    changes how many files the tuples lie in, and nothing else.
    """

    seed: int = Field(0, ge=0, lt=2**63)
    memory_mb: int = Field(320, ge=32, le=2**20)


class Pairs(Seeded):
    """Pairs that are related or not; or all edges with their values."""

    type: Literal["pairs"]
    source: Related
    sampling: PairSampling = PairSampling()


class Triplets(Seeded):
    """Anchor, positive, negative."""

    type: Literal["triplets"]
    source: Related
    sampling: TripletSampling = TripletSampling()


class NTuples(Seeded):
    """Anchor, positives, negatives."""

    type: Literal["ntuples"]
    source: Related
    sampling: NTupleSampling = NTupleSampling()


class RankedPairs(Seeded):
    """Two documents of a query, the first of the higher grade."""

    type: Literal["ranked_pairs"]
    source: GradedGroup
    sampling: RankedPairSampling = RankedPairSampling()


class Lists(Seeded):
    """The documents of a query with their grades."""

    type: Literal["lists"]
    source: GradedGroup
    sampling: ListSampling = ListSampling()


class ScoredPairs(Seeded):
    """Pairs with a label that a function gives."""

    type: Literal["scored_pairs"]
    source: Function
    sampling: ScoredPairSampling = ScoredPairSampling()


class Tags(Seeded):
    """An entity and a number for each tag."""

    type: Literal["tags"]
    source: Labels


class Rows(Seeded):
    """Tuples that came as rows.

    `roles`: entity type of each role. `label`: the column that holds the label, if there is one.
    `label_kind`: what it is; `image`: the label of the first role is the image of the second.
    """

    type: Literal["rows"]
    source: Row
    roles: dict[Name, Name] = Field(min_length=1, max_length=16)
    label: str | None = None
    label_kind: Literal["binary", "scalar", "vector", "class", "image"] = "binary"

    @model_validator(mode="after")
    def _kind_of_a_label(self) -> "Rows":
        if self.label_kind == "image":
            if self.label is not None or len(self.roles) != 2:
                raise ValueError("label_kind: image needs two roles, and takes no `label`")
        elif self.label is None and self.label_kind != "binary":
            raise ValueError(f"label_kind: {self.label_kind} needs a `label` that is of that kind")
        return self

    @property
    def kind(self) -> LabelKind:
        """What the label is."""
        if self.label is None and self.label_kind == "binary":
            return LabelKind.NONE
        return LabelKind(self.label_kind)


RelationConfig: TypeAlias = Annotated[
    Pairs | Triplets | NTuples | RankedPairs | Lists | ScoredPairs | Tags | Rows,
    Field(discriminator="type"),
]
