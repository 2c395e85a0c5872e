"""The source `edges`: rows that an edge list connects are related."""

from typing import ClassVar, Literal

from pydantic import model_validator

from relation.compiled import (
    NO_LEFT_ID,
    NO_RIGHT_ID,
    NO_WEIGHT,
    SEVERAL_IDS,
    EdgeTable,
    KeyColumn,
    NumberColumn,
    Relationships,
    Repeated,
    RowRequirements,
)
from relation.core.config import Name
from relation.core.errors import Faults, RecipeError
from relation.data import Edges, End
from relation.sources.base import (
    DEFAULT_NEGATIVES,
    NEGATIVES,
    RELATED,
    SAMPLING,
    Context,
    Source,
    expect_no_anchor_groups,
    expect_used,
)
from relation.sources.column_requirements import ends, grouped_rows, label_columns, labelled_by
from relation.sources.lookup import wrong
from relation.spec import LabelKind


class EdgeSource(Source):
    """Rows are related when an edge list says so."""

    relation_types: ClassVar[tuple[str, ...]] = RELATED

    type: Literal["edges"]
    edges: Name
    """The edge list, a name in `data.edges`."""
    label: Literal["binary", "scalar", "vector", "class"] = "binary"
    """The kind of an edge's value. Without a value every edge is a positive; of `binary` values 1
    is one."""
    positive_from: float | None = None
    """Edges of a `scalar` value from this one on are positives."""
    symmetric: bool = False
    """Whether an edge counts in both directions."""
    repeated: Repeated = "merge"
    """What several edges between the same two entities are. `merge`: one; where values or weights
    differ the smallest is used, and the others are counted as `conflicting_edge`. `keep`: a tuple
    each. `mean`: one, of the mean of their values (by weight), and the sum of their weights."""

    @model_validator(mode="after")
    def _threshold_where_scalar(self) -> "EdgeSource":
        if self.positive_from is not None and self.label != "scalar":
            raise ValueError(f"label: {self.label} takes no `positive_from`, only scalar does")
        return self

    @property
    def table(self) -> str:
        """See `Source`."""
        return self.edges

    def check(self, context: Context) -> None:
        """See `Source`."""
        left, right = ends(context.data.edges[self.edges])
        entities, faults = {left.entity, right.entity}, Faults()
        if self.symmetric and len(entities) > 1:
            faults.add(
                RecipeError(
                    "relation.source.symmetric: got true; expected false, since an edge connects "
                    f"two entity types: {left.entity} and {right.entity}"
                )
            )
        faults.check(expect_used, context, entities, f"the edges {self.edges}")
        faults.check(self._check_value, context)
        if context.relation_type != "pairs":
            faults.check(self._check_unlabelled, context.relation_type)
        faults.check(expect_no_anchor_groups, context)
        if context.sampling.weight is not None:
            faults.add(
                RecipeError(
                    f"{SAMPLING}.weight: got {context.sampling.weight!r}; the weight of an edge is "
                    "a column of the edge list: name it in data.edges"
                )
            )
        if context.relation_type == "pairs" and self.label != "binary":
            faults.check(self._check_valued_pairs, context)
        faults.raise_any()

    def _check_repeated(self, value: str | None) -> None:
        """Only numbers have a mean; edges without a value add up their weights."""
        if self.repeated == "mean" and value is not None and self.label in ("binary", "class"):
            raise wrong(
                "relation.source.repeated",
                "mean",
                f"'merge' or 'keep': {self.label} values have no mean",
            )

    def _check_value(self, context: Context) -> None:
        value = context.data.edges[self.edges].value
        self._check_repeated(value)
        if value is not None:
            context.expect_label(f"data.edges.{self.edges}.value", self.edges, value, self.label)
        elif self.label != "binary":
            raise RecipeError(
                f"relation.source.label: got {self.label!r}; data.edges.{self.edges} has no "
                "`value` column for it"
            )

    def _check_unlabelled(self, relation_type: str) -> None:
        """Tuples without a label need to know only whether an edge is a positive."""
        if self.label in ("vector", "class"):
            raise RecipeError(
                f"relation.source.label: got {self.label!r}; only pairs can carry it, and the "
                f"relation is of type {relation_type}"
            )
        if self.label == "scalar" and self.positive_from is None:
            raise RecipeError(
                "relation.source.positive_from: missing; expected the lowest scalar value of a "
                "positive edge"
            )
        if self.repeated == "keep" and relation_type == "ntuples":
            raise RecipeError(
                "relation.source.repeated: got 'keep'; the positives of an n-tuple must be "
                "distinct: expected 'merge'"
            )

    def _check_valued_pairs(self, context: Context) -> None:
        """Without an edge a number is 0; values of other kinds are unknown."""
        sampling = context.sampling
        negatives = sampling.negatives is not None or sampling.positive_share is not None
        if not negatives and context.negatives != DEFAULT_NEGATIVES:
            raise RecipeError(
                f"{NEGATIVES}: edges with a {self.label} value get no negatives unless "
                "negatives_per_anchor or positive_share asks for them"
            )
        if negatives and sampling.some_negatives and self.label != "scalar":
            share = sampling.positive_share
            field = "negatives_per_anchor" if share is None else "positive_share"
            raise RecipeError(
                f"{SAMPLING}.{field}: got {sampling.negatives if share is None else share}; a "
                f"drawn negative has no {self.label} value: remove the key"
            )

    def compile(self, context: Context) -> Relationships:
        """See `Source`."""
        edges = context.data.edges[self.edges]
        left, right = ends(edges)
        threshold = 1.0 if self.label == "binary" and edges.value else self.positive_from
        paired = context.relation_type == "pairs"
        ranked = self.label == "binary" or threshold is not None
        return Relationships(
            structure="edges",
            anchor=left.entity,
            candidate=right.entity,
            label=labelled_by(
                context,
                self.edges,
                edges.value,
                LabelKind(self.label) if paired else LabelKind.BINARY,
            ),
            edge_table=EdgeTable(
                name=self.edges,
                left=left,
                right=right,
                value=edges.value,
                label=LabelKind(self.label),
                positive_from=threshold,
                weight=edges.weight,
                symmetric=self.symmetric,
                repeated=self.repeated,
            ),
            rows={
                self.edges: self._requirements(edges, left, right),
                **grouped_rows(context, left.entity, right.entity),
            },
            relevance="edges" if ranked else None,
        )

    def _requirements(self, edges: Edges, left: End, right: End) -> RowRequirements:
        keys = [
            KeyColumn(name=left.id, absent=NO_LEFT_ID, several=SEVERAL_IDS),
            KeyColumn(name=right.id, absent=NO_RIGHT_ID, several=SEVERAL_IDS),
        ]
        value, numbers = label_columns(edges.value, self.label)
        if edges.weight is not None:
            numbers.append(NumberColumn(name=edges.weight, absent=NO_WEIGHT))
        return RowRequirements(keys=(*keys, *value), numbers=tuple(numbers))
