"""The recipe's `relation`: a relation type, its source, its sampling."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from relation import spec
from relation.compiled import CompiledSampling, Relationships
from relation.core.config import Name
from relation.sampling import (
    ListSampling,
    NTupleSampling,
    PairSampling,
    RankedPairSampling,
    Sampling,
    ScoredPairSampling,
    TripletSampling,
)
from relation.sources.base import ServedBy, Source, TupleMembers
from relation.spec import Frozen, LabelKind, Relation, Role


class RelationType(Frozen):
    """A form that tuples have. Each type states its sources, and compiles its own options."""

    seed: int = Field(0, ge=0, lt=2**63)
    """Every draw is a function of the seed and the ids of the entities."""
    memory_mb: int = Field(320, ge=32, le=2**20)
    """MiB that a worker which makes tuples may hold, beside what its imports take. It changes how
    many files the tuples lie in, and nothing else."""
    type: str
    source: Source

    def compiled_sampling(self) -> CompiledSampling:
        """Number of tuples, and of their members."""
        return CompiledSampling()

    def tuples(self, related: Relationships) -> Relation:
        """Roles, label and comparisons of the tuples."""
        raise NotImplementedError

    @property
    def members(self) -> TupleMembers | None:
        """The members of inline tuples; None for other types."""
        return None


class Pairs(RelationType):
    """Pairs that are related or not; or all edges with their values."""

    type: Literal["pairs"]
    source: Annotated[Source, ServedBy("pairs")]
    sampling: PairSampling = PairSampling()

    def compiled_sampling(self) -> CompiledSampling:
        """See `RelationType`."""
        share = self.sampling.positive_share
        return _of_anchors(
            self.sampling,
            form="pairs",
            positives=_number(self.sampling.positives_per_anchor),
            negatives=0 if share is not None else self.sampling.negatives_per_anchor,
            positive_share=share,
        )

    def tuples(self, related: Relationships) -> Relation:
        """See `RelationType`."""
        label, alike = related.label, self._alike(related)
        return spec.pairs(related.anchor, related.candidate, label.kind, label.width, alike)

    def _alike(self, related: Relationships) -> bool | None:
        """What sampling makes of all pairs: related or not; None: there may be both."""
        table, sampling = related.edge_table, self.sampling
        if related.label.kind is not LabelKind.BINARY:
            return None
        if not sampling.positives_per_anchor:
            return False
        valued = table is not None and table.value is not None
        return None if valued or sampling.some_negatives else True


class Triplets(RelationType):
    """Anchor, positive, negative."""

    type: Literal["triplets"]
    source: Annotated[Source, ServedBy("triplets")]
    sampling: TripletSampling = TripletSampling()

    def compiled_sampling(self) -> CompiledSampling:
        """See `RelationType`."""
        count = _number(self.sampling.triplets_per_anchor)
        return _of_anchors(self.sampling, per_anchor=count, positives=1, negatives=1)

    def tuples(self, related: Relationships) -> Relation:
        """See `RelationType`."""
        return spec.triplets(related.anchor, related.candidate)


class NTuples(RelationType):
    """Anchor, positives, negatives."""

    type: Literal["ntuples"]
    source: Annotated[Source, ServedBy("ntuples")]
    sampling: NTupleSampling = NTupleSampling()

    def compiled_sampling(self) -> CompiledSampling:
        """See `RelationType`."""
        return _of_anchors(
            self.sampling,
            per_anchor=_number(self.sampling.tuples_per_anchor),
            positives=self.sampling.positives_per_tuple,
            negatives=self.sampling.negatives_per_tuple,
        )

    def tuples(self, related: Relationships) -> Relation:
        """See `RelationType`."""
        counts = self.sampling.positives_per_tuple, self.sampling.negatives_per_tuple
        return spec.ntuples(related.anchor, related.candidate, *counts)


class RankedPairs(RelationType):
    """Two documents of a query, the first of the higher grade."""

    type: Literal["ranked_pairs"]
    source: Annotated[Source, ServedBy("ranked_pairs")]
    sampling: RankedPairSampling = RankedPairSampling()

    def compiled_sampling(self) -> CompiledSampling:
        """See `RelationType`."""
        count, weight = self.sampling.pairs_per_group, self.sampling.weight
        return CompiledSampling(form="pairs", per_anchor=count, weight=weight)

    def tuples(self, related: Relationships) -> Relation:
        """See `RelationType`."""
        return spec.ranked_pairs(related.anchor, related.query)


class Lists(RelationType):
    """The documents of a query with their grades."""

    type: Literal["lists"]
    source: Annotated[Source, ServedBy("lists")]
    sampling: ListSampling = ListSampling()

    def compiled_sampling(self) -> CompiledSampling:
        """See `RelationType`."""
        return CompiledSampling(form="lists")

    def tuples(self, related: Relationships) -> Relation:
        """See `RelationType`."""
        return spec.lists(related.anchor, related.query, self.sampling.length)


class ScoredPairs(RelationType):
    """Pairs with a label that a function gives."""

    type: Literal["scored_pairs"]
    source: Annotated[Source, ServedBy("scored_pairs")]
    sampling: ScoredPairSampling = ScoredPairSampling()

    def compiled_sampling(self) -> CompiledSampling:
        """See `RelationType`."""
        count, group = self.sampling.pairs_per_anchor, self.sampling.group
        return CompiledSampling(form="pairs", per_anchor=count, group=group)

    def tuples(self, related: Relationships) -> Relation:
        """See `RelationType`."""
        label = related.label
        return spec.pairs(related.anchor, related.candidate, label.kind, label.width)


class Tags(RelationType):
    """An entity and a number for each tag."""

    type: Literal["tags"]
    source: Annotated[Source, ServedBy("tags")]

    def tuples(self, related: Relationships) -> Relation:
        """See `RelationType`."""
        levels = related.rows[related.anchor].levels
        return spec.tags(related.anchor, related.label.width, levels)


class InlineTuples(RelationType):
    """Tuples that the rows of the data already hold."""

    type: Literal["rows"]
    source: Annotated[Source, ServedBy("rows")]
    roles: dict[Name, Name] = Field(min_length=1, max_length=16)
    """The entity type of each role."""
    label: str | None = None
    """The column that holds the label, if there is one."""
    label_kind: Literal["binary", "scalar", "vector", "class", "image"] = "binary"
    """The kind of the label; `image`: the label of the first role is the image of the second."""

    @model_validator(mode="after")
    def _kind_of_a_label(self) -> "InlineTuples":
        if self.label_kind == "image":
            if self.label is not None or len(self.roles) != 2:
                raise ValueError("label_kind: image needs two roles, and takes no `label`")
        elif self.label is None and self.label_kind != "binary":
            raise ValueError(
                f"label_kind: {self.label_kind} needs a `label`, the column that holds it"
            )
        return self

    @property
    def members(self) -> TupleMembers:
        """See `RelationType`."""
        roles = tuple(Role(name, entity) for name, entity in self.roles.items())
        bare = self.label is None and self.label_kind == "binary"
        kind = LabelKind.NONE if bare else LabelKind(self.label_kind)
        return TupleMembers(roles, self.label, kind)

    def tuples(self, related: Relationships) -> Relation:
        """See `RelationType`."""
        return spec.rows(self.members.roles, related.label.kind, related.label.width)


RelationConfig: TypeAlias = Annotated[
    Pairs | Triplets | NTuples | RankedPairs | Lists | ScoredPairs | Tags | InlineTuples,
    Field(discriminator="type"),
]


def _of_anchors(
    sampling: Sampling,
    *,
    form: Literal["pairs", "tuples"] = "tuples",
    per_anchor: int | None = 1,
    positives: int | None,
    negatives: int | None,
    positive_share: float | None = None,
) -> CompiledSampling:
    """The compiled form of what all samplings of anchors, positives and negatives share."""
    return CompiledSampling(
        form=form,
        per_anchor=per_anchor,
        positives=positives,
        negatives=negatives,
        positive_share=positive_share,
        caps=sampling.caps,
        balance=sampling.balance,
        weight=sampling.weight,
        known_positives=sampling.known_positives,
        negative_sampler=sampling.negatives,
    )


def _number(count: int | str) -> int | None:
    """A count; None for `all`."""
    return None if isinstance(count, str) else count
