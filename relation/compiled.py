"""A recipe's relation in compiled form: plain data for every later step.

A source compiles its part (`Relationships`); `relation/compiler.py` adds what holds for every
source. Later steps read these fields, and do not ask which source or relation type a recipe names.
The result travels as JSON in properties of components: a change makes cached results stale.
"""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from relation.core.config import Dotted, Name
from relation.data import End
from relation.names import MEASURED
from relation.sampling import Caps, Negatives
from relation.spec import Frozen, LabelKind, Relation

NO_ID, SEVERAL_IDS = "no_id", "several_ids"
NO_LABEL, SEVERAL_LABELS = "no_label", "several_labels"
NO_GROUP, SEVERAL_GROUPS = "no_group", "several_groups"
NO_GRADE, NO_WEIGHT, NO_POPULARITY, NO_VALUE = "no_grade", "no_weight", "no_popularity", "no_value"
NO_PROBABILITY = "no_probability"
NO_LEFT_ID, NO_RIGHT_ID = "no_left_id", "no_right_id"

MAX_FILTERED_IDS = 1000
"""Positives of other splits that travel with a tuple of evaluation, at most."""

Structure = Literal["groups", "edges", "ranking", "inline", "scored", "tags"]
"""What relates entities: a shared value; edges; grades within a group; only the row that holds
them; a function; their own labels."""


class KeyColumn(Frozen):
    """A feature whose values identify or group rows."""

    name: str
    absent: str | None
    """The reason to skip a row without a value; None: such rows are used."""
    several: str | None
    """The reason to skip a row with several values; None: such rows are used."""


class NumberRange(Frozen):
    """The numbers that a column may hold, and the reason to skip a row with another."""

    least: float | None = None
    """None: any number up to `most`."""
    most: float | None = None
    """None: any number from `least` on."""
    below: str = ""
    """The reason where a number is less than `least`."""
    above: str = ""
    """The reason where a number is more than `most`."""
    fractional: str | None = None
    """The reason where a number is not whole; None: it need not be."""


class NumberColumn(Frozen):
    """A feature of numbers that sampling needs."""

    name: str
    absent: str | None
    """As in `KeyColumn`."""
    ranges: tuple[NumberRange, ...] = ()
    """What its finite numbers must keep to. Those of grades, weights, labels, popularity and
    probabilities are added when a recipe is compiled (`relation/validation/number_ranges.py`)."""


class RowRequirements(Frozen):
    """Requirements of the rows of an entity type or a table, besides the features of the schema."""

    keys: tuple[KeyColumn, ...] = ()
    """The first one identifies a row of an entity type; the first two are the ends of an edge."""
    numbers: tuple[NumberColumn, ...] = ()
    group_by: str | None = None
    """The key that the index is grouped by."""
    group_key: Dotted | None = None
    """A function of a value of `group_by`, bytes to bytes: rows for which it gives the same are of
    one group. None: rows with the same value are."""
    negative_group: str | None = None
    """The key that negatives are drawn inside or outside of, where `group_by` is another."""
    labels: str | None = None
    """The key that holds an entity's own labels."""
    confidence: str | None = None
    """The feature with a number for each of them."""
    levels: int = 1
    """Those numbers are in [0, 1]; above 1 they are whole, from 0 to `levels`."""

    def number_index(self, name: str | None) -> int | None:
        """The index of a feature among `numbers`; None for no feature."""
        names = [number.name for number in self.numbers]
        return None if name is None else names.index(name)


Repeated = Literal["merge", "keep", "mean"]
"""What several rows are that name the same two entities, or the same members: one, each, or their
mean."""


class EdgeTable(Frozen):
    """An edge list, and the meaning of its edges."""

    name: Name
    left: End
    right: End
    value: str | None = None
    """The column of an edge's value."""
    label: LabelKind = LabelKind.BINARY
    """The kind of the value."""
    positive_from: float | None = None
    """Edges of this value or a higher one are positives. None: all are."""
    weight: str | None = None
    """The column that becomes `relation_weight`."""
    symmetric: bool = False
    """Whether an edge counts in both directions."""
    repeated: Repeated = "merge"
    """What several edges between the same two entities are."""

    def related(self, value: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Whether each edge says that its ends are related, bool [n].

        Args:
          value: the first number of each edge's value, float [n].
        """
        if self.positive_from is None:
            return np.ones(len(value), dtype=bool)
        return np.asarray(value >= self.positive_from)


class NegativesTable(Frozen):
    """A list of negatives: the anchor on the left, a negative of it on the right."""

    name: Name
    left: End
    right: End
    probability: str
    """The column with the probability that the negative was listed."""


class TupleTable(Frozen):
    """Rows that hold the members of tuples."""

    name: Name
    label: str | None
    """The column of the label."""
    repeated: Repeated = "merge"
    """What several rows of the same members are."""


class Label(Frozen):
    """The label of a tuple of two members."""

    kind: LabelKind = LabelKind.BINARY
    width: int = 1
    domain: tuple[str, ...] = ()
    """The names of its classes, or the labels that entities may have, in order."""


class CompiledSampling(Frozen):
    """Numbers of tuples and of their members, and how negatives are drawn.

    | form | a tuple is | `per_anchor` | `positives`, `negatives` |
    |---|---|---|---|
    | pairs | two members | pairs, where no positives are drawn | of an anchor |
    | tuples | anchor, positives, negatives | tuples | of a tuple |
    | lists | the documents of a query | 1 | |
    """

    form: Literal["pairs", "tuples", "lists"] = "tuples"
    per_anchor: int | None = 1
    """None: as many as there are positives."""
    positives: int | None = 0
    """None: all."""
    negatives: int | None = 0
    """None, before the source decides: the recipe does not say."""
    positive_share: float | None = None
    """Instead of `negatives`: the share of positives among all pairs."""
    caps: Caps = Caps()
    balance: int | None = None
    """Times that each group gives an anchor."""
    weight: str | None = None
    """The feature of the anchor (of the preferred document) that becomes `relation_weight`."""
    group: str | None = None
    """The feature whose value both members of a pair must share."""
    known_positives: int = 0
    """Ids of known positives that travel with a tuple, at most."""
    negative_sampler: Negatives | None = None
    """None: no negatives are drawn, whatever the numbers are."""

    @property
    def some_negatives(self) -> bool:
        """Whether negatives are asked for."""
        share = self.positive_share
        return share < 1 if share is not None else self.negatives != 0


class Relationships(Frozen):
    """A source's part of a compiled relation: who is related to whom, and what rows must hold."""

    structure: Structure
    anchor: Name
    """The entity type of anchors, queries aside."""
    candidate: Name
    """The entity type that anchors are related to."""
    label: Label = Label()
    label_by: str | None = None
    """The feature of anchors that holds their labels."""
    group_by: str | None = None
    """The feature of candidates that groups them: by label, or by query."""
    grade_by: str | None = None
    """The feature that orders the documents of a query."""
    multi_valued: bool = False
    """Whether rows may have several values of `group_by`."""
    query: Name | None = None
    """The entity type whose ids are the groups, where it fills a role."""
    edge_table: EdgeTable | None = None
    """The edges. None, of structure `edges`: they lead to the labels that anchors have."""
    tuple_table: TupleTable | None = None
    """The rows that are tuples, of structure `inline`."""
    function: Dotted | None = None
    """What scores pairs, of structure `scored`."""
    rows: dict[Name, RowRequirements] = Field(default={})
    """By entity type and table."""
    generated: tuple[Name, ...] = ()
    """The entity types that are made of the labels of others."""
    withheld: dict[Name, tuple[str, ...]] = Field(default={})
    """Features by entity type that enter no tower unless the recipe names them."""
    relevance: Literal["label", "edges", "tuples"] | None = None
    """What makes a candidate one that a nearest-neighbour search for an anchor should find: a label
    that both have, an edge, a tuple. None: this relation has no relevance."""
    batch_group: str | None = None
    """The feature whose values say who is related within a batch."""


class CompiledRelation(Relationships):
    """A relation, with all settings of how its tuples are made."""

    entities: dict[Name, str]
    """The id feature of each entity type, in the recipe's order."""
    primary: Name
    """The entity type that labels, slices and the report are of."""
    tuples: Relation
    """Roles, label and comparisons of a tuple."""
    sampling: CompiledSampling
    negatives_table: NegativesTable | None = None
    bad_rows: Literal["fail", "skip"] = "fail"
    shared: tuple[Name, ...] = ()
    """The entity types whose rows are in every split."""
    shares: dict[str, int] = Field(default={"train": 3, "eval": 1})
    """The splits, and hash buckets of each for rows without a split of their own."""
    seed: int = 0
    memory_mb: int = 320

    @property
    def measured(self) -> tuple[str, ...]:
        """The splits that evaluators measure: the one that chooses, and the one that does not."""
        return tuple(split for split in MEASURED if split in self.shares)

    @property
    def related_table(self) -> str | None:
        """The name of the table whose rows relate entities, or hold the members of tuples."""
        table = self.edge_table or self.tuple_table
        return None if table is None else table.name

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of all tables that tuples are made of, beside those of entities."""
        tables = (self.edge_table, self.tuple_table, self.negatives_table)
        return tuple(table.name for table in tables if table is not None)

    @property
    def edges_are_split(self) -> bool:
        """Whether edges have a split of their own, since what they connect is in every split."""
        return all(entity in self.shared for entity in self.entities)

    @property
    def filtered(self) -> bool:
        """Whether an anchor may have positives in several splits, by edges or inline tuples.
        Evaluation then leaves out of its negatives the known positives of every split, training
        those of training alone."""
        related = self.structure == "edges" or self.relevance == "tuples"
        return related and self.edges_are_split

    @property
    def weighted(self) -> bool:
        """Whether tuples carry `relation_weight`."""
        edges = self.edge_table
        return self.sampling.weight is not None or (edges is not None and edges.weight is not None)
