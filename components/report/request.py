"""The Report's request: the part of a recipe that the page shows, passed as JSON."""

from pydantic import Field

from relation.compiled import CompiledRelation
from relation.schema import Feature
from relation.spec import Frozen, Relation


class ReportRequest(Frozen):
    """The part of a recipe that the page shows.

    Attributes:
      recipe: name of the recipe.
      description: its description.
      compiled: the relation, its source and its entity types.
      features: all features of each entity type.
      seeds: by name of the random process.
      fingerprints: of the code, by node.
      split: description of how rows were split.
    """

    recipe: str
    description: str = ""
    compiled: CompiledRelation
    features: dict[str, tuple[Feature, ...]]
    seeds: dict[str, int] = Field(default={})
    fingerprints: dict[str, str] = Field(default={})
    split: str = ""

    @property
    def relation(self) -> Relation:
        """Roles, label and comparisons of the tuples."""
        return self.compiled.tuples
