"""What SplitGen is asked for: its cache key holds this as JSON."""

from typing import Literal

from pydantic import Field, model_validator

from relation.core.config import Name
from relation.spec import Frozen

EXAMPLES, OTHER_EXAMPLES, EDGES = "examples", "other_examples", "edges"
"""The inputs: entities of the first type, of the second, and the rows that connect them."""


class Column(Frozen):
    """A feature of a row, and its type by the schema."""

    name: str
    type: Literal["bytes", "int", "float"]


class EdgeEnd(Frozen):
    """One end of an edge: the entity type, and the column that holds its id."""

    entity: Name
    id: Column


class EdgeEnds(Frozen):
    """Both ends of an edge."""

    left: EdgeEnd
    right: EdgeEnd


class SplitRequest(Frozen):
    """How rows are to be split, and which of their features matter to that.

    `entities`: the id of each entity type; the first type is the input `examples`, the second
    `other_examples`. `train`, `eval`: shares of the components (of time: of the rows). `feature`:
    the time. `shared`: types that may be in both splits: they connect nothing, have no time, and
    are split by their id.
    """

    unit: Literal["component", "time"]
    entities: dict[Name, Column] = Field(min_length=1, max_length=2)
    edges: EdgeEnds | None = None
    train: int = Field(ge=1)
    eval: int = Field(ge=1)
    feature: Column | None = None
    shared: tuple[Name, ...] = ()
    seed: int = 0
    bad_rows: Literal["fail", "skip"] = "fail"

    @model_validator(mode="after")
    def _consistent(self) -> "SplitRequest":
        if (self.unit == "time") != (self.feature is not None):
            raise ValueError("a `feature` belongs to unit 'time', and to no other")
        ids = [*self.entities.values(), *(end.id for end in self.ends)]
        if any(column.type == "float" for column in ids):
            raise ValueError("ids are of type bytes or int")
        if self.feature is not None and self.feature.type == "bytes":
            raise ValueError("a time is of type int or float")
        named = {*self.shared, *(end.entity for end in self.ends)}
        if not named <= set(self.entities):
            raise ValueError("`shared` and `edges` name types of `entities`")
        if self.unit == "time" and not self.timed:
            raise ValueError("all entity types are shared and there are no edges: nothing has time")
        return self

    @property
    def ends(self) -> tuple[EdgeEnd, ...]:
        """The ends of an edge, if there are edges."""
        return () if self.edges is None else (self.edges.left, self.edges.right)

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types; their place is how rows refer to them."""
        return tuple(self.entities)

    @property
    def timed(self) -> frozenset[str]:
        """The inputs whose rows are split by their own time.

        Those are the entities that are not shared; and the edges, where both ends are shared.
        """
        if self.unit != "time":
            return frozenset()
        inputs = zip((EXAMPLES, OTHER_EXAMPLES), self.types, strict=False)
        found = {name for name, entity in inputs if entity not in self.shared}
        if self.ends and all(end.entity in self.shared for end in self.ends):
            found.add(EDGES)
        return frozenset(found)
