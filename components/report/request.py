"""What the Report is told of a recipe: it travels as JSON in the component's property `request`."""

from pydantic import Field

from relation.materialization import Materialization
from relation.schema import Feature
from relation.spec import Frozen, Relation


class ReportRequest(Frozen):
    """The recipe, as far as the page shows it.

    Attributes:
      recipe: its name.
      description: its first sentence.
      materialization: the relation, its source and its entity types.
      features: all features of each entity type.
      seeds: of what is drawn, by what draws.
      fingerprints: of the code, by node.
      split: how rows were split, in words.
    """

    recipe: str
    description: str = ""
    materialization: Materialization
    features: dict[str, tuple[Feature, ...]]
    seeds: dict[str, int] = Field(default={})
    fingerprints: dict[str, str] = Field(default={})
    split: str = ""

    @property
    def relation(self) -> Relation:
        """Roles, label and comparisons of the tuples."""
        return self.materialization.tuples
