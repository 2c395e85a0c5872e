"""Plans of tuples, and what makes them: one planner for each structure of a relation."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from components.common.columns import Dictionary
from components.common.hashing import I64, U64
from components.relation_gen.batches import (
    F32,
    U32,
    Edges,
    FilteredEdges,
    IndexShard,
    ListedNegatives,
    Tuples,
)
from components.relation_gen.sampling.label_sets import LabelSetTable
from relation.compiled import CompiledRelation
from relation.core.registry import Registry

NOTHING = np.zeros(0, dtype=np.float32)
"""The weights of tuples without weights."""

NO_POSITIVE = "no_positive"
"""Shortfall: no other entity has the anchor's label."""
TOO_FEW_POSITIVES = "too_few_positives"
TOO_FEW_NEGATIVES = "too_few_negatives"
ALONE = "no_other"
"""Shortfall: there is no other entity (in the anchor's group)."""
TOO_FEW_OTHERS = "too_few_others"
ONE_GRADE = "one_grade"
"""Shortfall: all documents of the query have the same grade."""
TOO_FEW_PAIRS = "too_few_pairs"
CAPPED = "positives_capped"
"""Shortfall: a cap on positives left them out."""

CHUNK = 2**15
"""Approximate number of tuples drawn at a time, so that arrays fit a processor's cache."""


class AddressSpace(enum.Enum):
    """How a plan names a member: by key, by position in the index, or by weight offset."""

    KEY = 0
    POSITION = 1
    WEIGHT = 2


class RoleMembers(NamedTuple):
    """The members of one role, [m].

    `value`: keys (uint64), or positions or weight offsets (int64). `tuples`: index of the tuple of
    each member; None: one member for each tuple, in order. `probability`: of being drawn as a
    negative, float32 [m] (by weight: 1 / weight of all candidates); None: not drawn.
    """

    role: int
    space: AddressSpace
    value: U64 | I64
    tuples: I64 | None = None
    probability: F32 | None = None


@dataclass(frozen=True)
class Plan:
    """t tuples, each identified by the anchor's key and a slot.

    `relation`: float32 [t * width], NaN where a tuple has no label. `weight`: [t], or empty.
    `requested`: number of tuples that sampling asks for. `shortfall`: number of those that cannot
    be made, by reason. `counts`: other counters. `extra_features`: as in `batches.TupleRows`.
    """

    anchor: U64
    slot: U32
    members: tuple[RoleMembers, ...]
    relation: F32
    weight: F32
    requested: int
    shortfall: dict[str, int]
    counts: dict[str, int] = field(default_factory=dict)
    extra_features: Dictionary = field(default_factory=Dictionary.empty)


class Candidates(NamedTuple):
    """Number and total weight of the entities that negatives are drawn from.

    `top_weights`: weight and weight offset of the heaviest, in descending order.
    """

    rows: int
    total_weight: int
    top_weights: tuple[tuple[int, int], ...]


def chunks(size: I64, budget: int = CHUNK) -> Iterator[slice]:
    """Cuts rows of given sizes, int64 [n], into slices of about `budget` each.

    >>> list(chunks(np.array([2, 3, 9, 1]), budget=5))
    [slice(0, 2, None), slice(2, 3, None), slice(3, 4, None)]
    """
    total = np.cumsum(size)
    begin, done = 0, 0
    while begin < len(size):
        stop = max(int(np.searchsorted(total, done + budget, side="right")), begin + 1)
        yield slice(begin, stop)
        begin, done = stop, int(total[stop - 1])


@dataclass(frozen=True)
class ShardRows:
    """The content of one index shard; a part is None where the structure has none.

    `index`: entities. `edges`: by the shard of their anchor. `negatives`: listed ones, likewise.
    `filtered`: positives of other splits, likewise. `tuples`: that came as rows.
    """

    index: IndexShard | None = None
    edges: Edges | None = None
    negatives: ListedNegatives | None = None
    filtered: FilteredEdges | None = None
    tuples: Tuples | None = None


class IndexContext(NamedTuple):
    """What the plans of one shard depend on besides its rows.

    `position`, `weight_offset`: start of the shard in the index, and on the cumulative-weight axis.
    `table`: relations between groups; None: each group is related to itself only.
    """

    position: int
    weight_offset: int
    candidates: Candidates
    table: LabelSetTable | None


class Planned(NamedTuple):
    """The plans of a shard, and counts of its listed negatives by outcome."""

    plans: Iterator[Plan]
    negatives: dict[str, int]


@dataclass(frozen=True)
class Planner:
    """Plans the tuples of one structure: a pure function of the rows of a shard.

    `integer_ids`: whether the ids of candidates are integers.
    """

    relation: CompiledRelation
    integer_ids: bool = False

    def plan(self, rows: ShardRows, context: IndexContext) -> Planned:
        """Plans all tuples of the anchors of a shard."""
        raise NotImplementedError

    def expected_tuples(self, rows: ShardRows) -> int:
        """Estimate the number of tuples, from above with many edges; it sets the number of output
        shards."""
        raise NotImplementedError

    def anchor_weight(self, index: IndexShard) -> F32:
        """`relation_weight` of each entity as an anchor, [n]; empty where tuples have no weight."""
        requirements = self.relation.rows[self.relation.anchor]
        column = requirements.number_index(self.relation.sampling.weight)
        return NOTHING if column is None else index.number(column).astype(np.float32)


PLANNERS: Registry[Planner] = Registry(
    "structure",
    {
        "groups": "components.relation_gen.sampling.groups.GroupPlanner",
        "edges": "components.relation_gen.sampling.edges.EdgePlanner",
        "ranking": "components.relation_gen.sampling.ranking.RankingPlanner",
        "scored": "components.relation_gen.sampling.scored_pairs.ScoredPairPlanner",
        "tags": "components.relation_gen.sampling.tags.TagPlanner",
        "inline": "components.relation_gen.sampling.inline.InlinePlanner",
    },
)


def planner_of(relation: CompiledRelation, *, integer_ids: bool = False) -> Planner:
    """The planner of a relation's structure.

    Args:
      integer_ids: whether the ids of candidates are integers.
    """
    return PLANNERS[relation.structure](relation, integer_ids)
