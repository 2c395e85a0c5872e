"""The relation: roles, each of an entity type, and a label. Every consumer derives what it needs.

    relation = roles + label

| relation | roles | label | comparisons: related? |
|---|---|---|---|
| pairs | left, right | binary, or an edge's value | left–right: the label says; or all are |
| triplets | anchor, positive, negative | none | anchor–positive: yes, anchor–negative: no |
| ntuples | anchor, positive…, negative_0… | none | anchor–positives: yes, anchor–negatives: no |
| ranked_pairs | preferred, other, [query] | difference of grades | |
| lists | document_0…, [query] | a grade each, -1 = no document | |
| scored_pairs | left, right | a function's value | |
| tags | example | a number for each tag | |
| rows | as the recipe names them | as the row says | first–second: the label says |
"""

import enum
from collections.abc import Collection
from typing import Any, NamedTuple

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from typing_extensions import Self

from relation.core.validation_errors import with_known_keys


class Frozen(BaseModel):
    """Base of all configuration: immutable, and an unknown key is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )

    @model_validator(mode="wrap")
    @classmethod
    def _errors_name_known_keys(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            raise with_known_keys(error, tuple(cls.model_fields)) from None


class LabelKind(str, enum.Enum):
    """The kind of `relation`, the label of a tuple: float32 values, [width]."""

    NONE = "none"
    BINARY = "binary"
    """0 or 1."""
    SCALAR = "scalar"
    VECTOR = "vector"
    CLASS = "class"
    """The index of a class, in the order of the schema's string domain."""
    GRADES = "grades"
    """One a document; -1 = there is no document."""
    TAGS = "tags"
    """One a tag, in [0, 1], in the order of the schema's domain."""
    IMAGE = "image"
    """No numbers: the target is the image of the second role."""


class Role(NamedTuple):
    """A named place in a tuple, and the entity type that fills it."""

    name: str
    entity: str


class Comparison(NamedTuple):
    """Two roles of a tuple whose embeddings a head compares.

    `related` is True or False where all tuples of a relation agree, None where their label says.
    """

    left: str
    right: str
    related: bool | None


class Relation(NamedTuple):
    """Roles and label of one kind of tuple.

    One polarity everywhere: `relation` = 1 and a higher score mean *more related*.
    `optional`: whether the roles after the first may be absent (documents of a list).
    `negatives`: the roles that drawn negatives fill, if they are drawn into roles of their own.
    `levels`: of tags; above 1, each number is one of the grades 0 to `levels`, over `levels`.
    """

    roles: tuple[Role, ...]
    label: LabelKind
    comparisons: tuple[Comparison, ...] = ()
    width: int = 1
    optional: bool = False
    negatives: tuple[str, ...] = ()
    levels: int = 1

    @property
    def entities(self) -> tuple[str, ...]:
        """The entity types, each once, in the order of their first role."""
        return tuple(dict.fromkeys(role.entity for role in self.roles))

    @property
    def labelled(self) -> bool:
        """Whether tuples carry `relation`."""
        return self.label not in (LabelKind.NONE, LabelKind.IMAGE)

    @property
    def scored(self) -> Comparison:
        """The comparison that the `score` signature answers: the first."""
        return self.comparisons[0]

    @property
    def says_related(self) -> bool:
        """Whether tuples hold both related and unrelated pairs."""
        return says_related(self.label, {compared.related for compared in self.comparisons})

    @property
    def alike(self) -> bool | None:
        """What all pairs with a binary label are, related or not; None: there may be both."""
        binary = self.label is LabelKind.BINARY and len(self.comparisons) == 1
        return self.comparisons[0].related if binary else None

    def roles_of(self, entity: str) -> tuple[str, ...]:
        """The roles that an entity type fills, in order; it is embedded in the first."""
        return tuple(role.name for role in self.roles if role.entity == entity)

    def entity_of(self, role: str) -> str:
        """The entity type that fills a role."""
        return next(r.entity for r in self.roles if r.name == role)


def says_related(label: LabelKind, related: Collection[bool | None]) -> bool:
    """Whether tuples hold both related and unrelated pairs.

    Args:
      related: what each comparison of a tuple is, as in `Comparison`.
    """
    if label is LabelKind.BINARY:
        return None in related
    return label is LabelKind.NONE and True in related and False in related


def pairs(
    left: str,
    right: str,
    label: LabelKind = LabelKind.BINARY,
    width: int = 1,
    related: bool | None = None,
) -> Relation:
    """Pairs of two entities and a label; of a binary one, 1 = related.

    Args:
      related: what all pairs are; None: their labels say.
    """
    return Relation(
        roles=(Role("left", left), Role("right", right)),
        label=label,
        comparisons=(Comparison("left", "right", related),),
        width=width,
    )


def triplets(anchor: str, other: str) -> Relation:
    """Anchor, a positive and a negative; the order is the label."""
    return Relation(
        roles=(Role("anchor", anchor), Role("positive", other), Role("negative", other)),
        label=LabelKind.NONE,
        comparisons=(
            Comparison("anchor", "positive", True),
            Comparison("anchor", "negative", False),
        ),
        negatives=("negative",),
    )


def ntuples(anchor: str, other: str, positives: int, negatives: int) -> Relation:
    """Anchor, positives and negatives; a single positive is called `positive`."""
    right = ["positive"] if positives == 1 else [f"positive_{i}" for i in range(positives)]
    wrong = [f"negative_{i}" for i in range(negatives)]
    return Relation(
        roles=(Role("anchor", anchor), *(Role(name, other) for name in [*right, *wrong])),
        label=LabelKind.NONE,
        comparisons=(
            *(Comparison("anchor", name, True) for name in right),
            *(Comparison("anchor", name, False) for name in wrong),
        ),
        negatives=tuple(wrong),
    )


def ranked_pairs(document: str, query: str | None) -> Relation:
    """Two documents of one query, the first of the higher grade; the label is the difference."""
    query_role = (Role("query", query),) if query else ()
    compared = (Comparison("query", "preferred", True), Comparison("query", "other", False))
    return Relation(
        roles=(Role("preferred", document), Role("other", document), *query_role),
        label=LabelKind.SCALAR,
        comparisons=compared if query else (),
    )


def lists(document: str, query: str | None, length: int) -> Relation:
    """Up to `length` documents of one query, and their grades."""
    names = [f"document_{i}" for i in range(length)]
    query_role = (Role("query", query),) if query else ()
    return Relation(
        roles=(*(Role(name, document) for name in names), *query_role),
        label=LabelKind.GRADES,
        comparisons=tuple(Comparison("query", name, None) for name in names) if query else (),
        width=length,
        optional=True,
    )


def tags(example: str, count: int, levels: int = 1) -> Relation:
    """An entity and the tags it has."""
    return Relation((Role("example", example),), LabelKind.TAGS, width=count, levels=levels)


def rows(roles: tuple[Role, ...], label: LabelKind, width: int) -> Relation:
    """Inline tuples: the roles that the recipe names, the label that the row holds."""
    related = True if label in (LabelKind.NONE, LabelKind.IMAGE) else None
    compared = tuple(Comparison(roles[0].name, role.name, related) for role in roles[1:2])
    return Relation(roles=roles, label=label, comparisons=compared, width=width)
