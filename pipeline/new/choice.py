"""A recipe as choices with reasons, before it is text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pipeline.new.rows.kinds import Kind, Profile
from pipeline.new.rows.table import Table


@dataclass(frozen=True)
class Choice:
    """A value of a recipe, why it is chosen, and what else there is.

    Fields:
      value: plain values, as YAML has them.
      why: a sentence.
      other: a sentence about alternatives; "" where there is none.
    """

    value: Any
    why: str
    other: str = ""


Tree: TypeAlias = Mapping[str, Any]
"""Keys of a recipe; values are trees, choices, or plain."""


@dataclass(frozen=True)
class SchemaPlan:
    """The schema of a table: which columns it names, and what they are.

    Fields:
      table: the rows.
      profiles: the columns that the schema names.
      left_out: why others are left out, by name.
      derived_id: a feature without a column: the hash of the others; None for none.
      domains: the values of columns that must be listed, by name.
      required: columns without which a row cannot be used.
    """

    table: Table
    profiles: tuple[Profile, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    derived_id: str | None = None
    domains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    required: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[Profile, ...]:
        """The columns that may enter a tower."""
        return tuple(one for one in self.profiles if one.kind is not Kind.ID)


@dataclass(frozen=True)
class Proposal:
    """What `make new` writes.

    Fields:
      recipe: its choices.
      schemas: by file name.
      doubts: what is doubtful about the data, one sentence each.
    """

    recipe: Tree
    schemas: Mapping[str, SchemaPlan]
    doubts: tuple[str, ...]
