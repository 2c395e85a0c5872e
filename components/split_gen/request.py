"""The configuration of SplitGen; its JSON is part of the cache key."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from relation.core.config import Name
from relation.names import entity_inputs
from relation.spec import Frozen

EDGES = "edges"
"""The inputs: entities of the first type, of the second, and the rows that connect them."""


class Column(Frozen):
    """A feature of a row, and its type by the schema."""

    name: str
    type: Literal["bytes", "int", "float"]


class Endpoint(Frozen):
    """One endpoint of an edge: the entity type, and the column that holds its id."""

    entity: Name
    id: Column


class EdgeEndpoints(Frozen):
    """Both endpoints of an edge."""

    left: Endpoint
    right: Endpoint


class SplitRequest(Frozen):
    """How to split rows, and the features that decide it.

    Attributes:
      unit: rows of one component, or before one moment, go to the same split.
      entities: the id column of each entity type; the first type is the input `examples`, the
        second `other_examples`.
      edges: the endpoints of an edge, where there are edges.
      shares: of the components, or of the rows where the unit is time, by split in their order.
      feature: the time, for unit "time" alone.
      shared: entity types that may be in all splits. They connect nothing, have no time, and are
        split by their id.
      seed: of the hash that assigns components.
      bad_rows: whether a row without a time ends the run, or is left out.
    """

    unit: Literal["component", "time"]
    entities: dict[Name, Column] = Field(min_length=1, max_length=2)
    edges: EdgeEndpoints | None = None
    shares: dict[str, Annotated[int, Field(ge=1)]] = Field(min_length=2)
    feature: Column | None = None
    shared: tuple[Name, ...] = ()
    seed: int = 0
    bad_rows: Literal["fail", "skip"] = "fail"

    @model_validator(mode="after")
    def _consistent(self) -> "SplitRequest":
        if (self.unit == "time") != (self.feature is not None):
            raise ValueError("expected a `feature` with unit 'time', and only there")
        ids = [*self.entities.values(), *(endpoint.id for endpoint in self.endpoints)]
        if any(column.type == "float" for column in ids):
            raise ValueError("ids must be of type bytes or int")
        if self.feature is not None and self.feature.type == "bytes":
            raise ValueError("a time must be of type int or float")
        entities = {*self.shared, *(endpoint.entity for endpoint in self.endpoints)}
        if not entities <= set(self.entities):
            raise ValueError("`shared` and `edges` must name types of `entities`")
        if self.unit == "time" and not self.timed:
            raise ValueError(
                "all entity types are shared and there are no edges, so no input has a time"
            )
        return self

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits; rows refer to one by its index here. The first is that of training."""
        return tuple(self.shares)

    @property
    def shown_shares(self) -> str:
        """The shares as messages have them: `3:1`."""
        return ":".join(map(str, self.shares.values()))

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints of an edge; empty without edges."""
        return () if self.edges is None else (self.edges.left, self.edges.right)

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types; rows refer to one by its index here."""
        return tuple(self.entities)

    @property
    def timed(self) -> frozenset[str]:
        """The inputs whose rows are split by their own time.

        Those are the entities that are not shared; and the edges, where both endpoints are shared.
        """
        if self.unit != "time":
            return frozenset()
        inputs = entity_inputs(self.types)
        timed = {name for name, entity in inputs.items() if entity not in self.shared}
        if self.edges and all(endpoint.entity in self.shared for endpoint in self.endpoints):
            timed.add(EDGES)
        return frozenset(timed)
