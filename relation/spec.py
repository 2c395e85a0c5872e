"""The relation: roles, each of an entity type, and a label. Every consumer derives what it needs.

    relation = roles + label

| relation | roles | label | comparisons: related? |
|---|---|---|---|
| pairs | left, right | binary | left–right: the label says |
| triplets | anchor, positive, negative | none | anchor–positive: yes, anchor–negative: no |
"""

import enum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Base of all configuration: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LabelKind(str, enum.Enum):
    """What `relation`, the label of a tuple, holds."""

    NONE = "none"
    BINARY = "binary"


class Role(NamedTuple):
    """A place in a tuple, and the type of entity that fills it."""

    name: str
    entity: str


class Comparison(NamedTuple):
    """Two roles of a tuple whose embeddings a head compares.

    `related` is True or False where the kind of tuple decides it, None where its label does.
    """

    left: str
    right: str
    related: bool | None


class Relation(NamedTuple):
    """Roles and label of one kind of tuple.

    One polarity everywhere: `relation` = 1 and a higher score mean *more related*.
    """

    roles: tuple[Role, ...]
    label: LabelKind
    comparisons: tuple[Comparison, ...]

    @property
    def entities(self) -> tuple[str, ...]:
        """The entity types, each once, in the order of their first role."""
        return tuple(dict.fromkeys(role.entity for role in self.roles))

    @property
    def scored(self) -> Comparison:
        """The comparison that the `score` signature answers: the first."""
        return self.comparisons[0]

    def roles_of(self, entity: str) -> tuple[str, ...]:
        """The roles that an entity type fills, in order; the first is the one it is embedded by."""
        return tuple(role.name for role in self.roles if role.entity == entity)

    def entity_of(self, role: str) -> str:
        """The entity type that fills a role."""
        return next(r.entity for r in self.roles if r.name == role)


def pairs(entity: str) -> Relation:
    """Pairs of one entity type with a binary label: 1 = related."""
    return Relation(
        roles=(Role("left", entity), Role("right", entity)),
        label=LabelKind.BINARY,
        comparisons=(Comparison("left", "right", None),),
    )


def triplets(entity: str) -> Relation:
    """Anchor, a positive and a negative of one entity type; the order is the label."""
    return Relation(
        roles=tuple(Role(name, entity) for name in ("anchor", "positive", "negative")),
        label=LabelKind.NONE,
        comparisons=(
            Comparison("anchor", "positive", True),
            Comparison("anchor", "negative", False),
        ),
    )
