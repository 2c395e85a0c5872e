"""What RelationGen needs of a recipe, and nothing else: its cache key holds this as JSON."""

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field

from relation import kinds, spec
from relation.core.config import Name
from relation.data import End
from relation.sampling import Sampling
from relation.spec import Frozen, LabelKind, Relation


class EdgeColumns(Frozen):
    """The columns of an edge list: ids of both ends, and of value and weight, if there are any; or,
    of a list of given negatives, of their probability."""

    left: End
    right: End
    value: str | None = None
    weight: str | None = None
    probability: str | None = None


class Materialization(Frozen):
    """Entity types with their id features, edges, given negatives, and the relation to make tuples
    of.

    `primary`: the entity type that sources which need only one relate to itself.
    `width`: values of the label of a tuple. `tags`: the domain of the labels (source `labels`), or
    of the classes that a label may be, in order. `shared`: types that may be in both splits.
    `shares`: hash buckets of each split, for what has none of its own.
    """

    entities: dict[Name, str]
    primary: Name
    edges: EdgeColumns | None = None
    given: EdgeColumns | None = None
    bad_rows: Literal["fail", "skip"] = "fail"
    shared: tuple[Name, ...] = ()
    shares: dict[str, int] = Field(default={"train": 3, "eval": 1})
    relation: kinds.RelationConfig
    width: int = 1
    tags: tuple[str, ...] = ()

    @property
    def edge_input(self) -> str | None:
        """The name of the edge list, or of the rows that hold tuples; None: there is none."""
        source = self.relation.source
        if isinstance(source, kinds.EdgeSource):
            return source.edges
        return source.rows if isinstance(source, kinds.Row) else None

    @property
    def given_input(self) -> str | None:
        """The name of the list of given negatives; None: there is none."""
        sampling = getattr(self.relation, "sampling", None)
        return sampling.negatives.edges if isinstance(sampling, Sampling) else None

    @property
    def ends(self) -> tuple[str, str]:
        """The entity types of anchors, and of what they are related to."""
        source = self.relation.source
        if isinstance(source, kinds.EdgeSource):
            assert self.edges is not None
            return self.edges.left.entity, self.edges.right.entity
        if isinstance(source, kinds.Labels):
            return self.primary, self.other or self.primary
        return self.primary, self.primary

    @property
    def other(self) -> str | None:
        """The entity type beside the primary one."""
        return next((name for name in self.entities if name != self.primary), None)

    @property
    def common(self) -> tuple[str, ...]:
        """The entity types whose rows are in every split: the shared ones, and labels."""
        labels = isinstance(self.relation.source, kinds.Labels) and self.other
        return (*self.shared, labels) if labels else self.shared

    @property
    def label(self) -> LabelKind:
        """What the label of a pair is."""
        source = self.relation.source
        if isinstance(source, kinds.EdgeSource) and isinstance(self.relation, kinds.Pairs):
            return LabelKind(source.label)
        return LabelKind.BINARY

    @property
    def weighted(self) -> bool:
        """Whether tuples carry `relation_weight`."""
        if isinstance(self.relation.source, kinds.EdgeSource):
            return self.edges is not None and self.edges.weight is not None
        return getattr(getattr(self.relation, "sampling", None), "weight", None) is not None

    @property
    def tuples(self) -> Relation:
        """Roles, label and comparisons of the tuples that are asked for."""
        return _TUPLES[self.relation.type](self, self.relation)


def _pairs(asked: Materialization, _: kinds.Pairs) -> Relation:
    return spec.pairs(*asked.ends, asked.label, asked.width)


def _triplets(asked: Materialization, _: kinds.Triplets) -> Relation:
    return spec.triplets(*asked.ends)


def _ntuples(asked: Materialization, relation: kinds.NTuples) -> Relation:
    sampling = relation.sampling
    return spec.ntuples(*asked.ends, sampling.positives_per_tuple, sampling.negatives_per_tuple)


def _ranked_pairs(asked: Materialization, relation: kinds.RankedPairs) -> Relation:
    return spec.ranked_pairs(asked.primary, relation.source.query)


def _lists(asked: Materialization, relation: kinds.Lists) -> Relation:
    return spec.lists(asked.primary, relation.source.query, relation.sampling.length)


def _scored_pairs(asked: Materialization, relation: kinds.ScoredPairs) -> Relation:
    width = relation.source.width
    kind = LabelKind.SCALAR if width == 1 else LabelKind.VECTOR
    return spec.pairs(asked.primary, asked.primary, kind, width)


def _tags(asked: Materialization, relation: kinds.Tags) -> Relation:
    return spec.tags(asked.primary, len(asked.tags), relation.source.levels)


def _rows(asked: Materialization, relation: kinds.Rows) -> Relation:
    roles = tuple(spec.Role(name, entity) for name, entity in relation.roles.items())
    return spec.rows(roles, relation.kind, asked.width)


_TUPLES: dict[str, Callable[[Materialization, Any], Relation]] = {
    "pairs": _pairs,
    "triplets": _triplets,
    "ntuples": _ntuples,
    "ranked_pairs": _ranked_pairs,
    "lists": _lists,
    "scored_pairs": _scored_pairs,
    "tags": _tags,
    "rows": _rows,
}
