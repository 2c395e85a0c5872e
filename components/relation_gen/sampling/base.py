"""Plans of tuples, and what makes them: one planner for each structure of a relation."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from components.common.columns import Strings
from components.common.hashing import I64, U64
from components.relation_gen.batches import (
    F32,
    I32,
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
"""In place of weights that tuples do not have."""

NO_POSITIVE = "no_positive"
"""The anchor is the only one of its label."""
TOO_FEW_POSITIVES = "too_few_positives"
TOO_FEW_NEGATIVES = "too_few_negatives"
ALONE = "no_other"
"""The anchor is the only entity (of its group)."""
TOO_FEW_OTHERS = "too_few_others"
ONE_GRADE = "one_grade"
"""All documents of the query have the same grade."""
TOO_FEW_PAIRS = "too_few_pairs"
CAPPED = "positives_capped"
"""A cap on positives left them out."""

CHUNK = 2**15
"""About how many tuples are drawn at a time: arrays that stay in a processor's cache."""


class AddressSpace(enum.Enum):
    """How a member is named: by its key, by its position in the index, or by an offset on the
    cumulative-weight axis."""

    KEY = 0
    POSITION = 1
    WEIGHT = 2


class RoleMembers(NamedTuple):
    """The members of one role, [m].

    `value`: keys (uint64), or positions or weight offsets (int64). `tuples`: the tuple of each, as
    an index; None: each tuple has one, in order. `probability`: of being drawn as a negative,
    float32 [m] (by weight: one over the weight of all candidates); None: none was drawn.
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
    `extra_index`, `entries`: extra features, see `batches.TupleRows`. `requested`: tuples that
    sampling asks for. `shortfall`: those that cannot be made, by reason. `counts`: other counters.
    """

    anchor: U64
    slot: U32
    members: tuple[RoleMembers, ...]
    relation: F32
    weight: F32
    requested: int
    shortfall: dict[str, int]
    counts: dict[str, int] = field(default_factory=dict)
    extra_index: I32 = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    entries: Strings = field(default_factory=lambda: Strings.of([]))


class Candidates(NamedTuple):
    """Entities that negatives are drawn from: their number, and the sum of their weights.

    `top_weights`: weight and weight offset of the heaviest, in descending order.
    """

    rows: int
    total_weight: int
    top_weights: tuple[tuple[int, int], ...]


def chunks(size: I64, budget: int = CHUNK) -> Iterator[slice]:
    """Cuts rows of some sizes, int64 [n], into stretches of about `budget` each.

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
    """What lies in one shard; every part is absent where the structure has none.

    `index`: entities. `edges`: by the shard of their anchor. `negatives`: listed ones, likewise.
    `filtered`: positives of other splits, likewise. `tuples`: that came as rows.
    """

    index: IndexShard | None = None
    edges: Edges | None = None
    negatives: ListedNegatives | None = None
    filtered: FilteredEdges | None = None
    tuples: Tuples | None = None


class IndexContext(NamedTuple):
    """What planning one shard needs to know of all others.

    `position`, `weight_offset`: where the shard begins in the index, and on the cumulative-weight
    axis. `table`: how groups are related, unless each is related to itself alone.
    """

    position: int
    weight_offset: int
    candidates: Candidates
    table: LabelSetTable | None


class Planned(NamedTuple):
    """The plans of a shard, and what became of its listed negatives."""

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
        """An estimate, from above where edges are many: output shards are cut by it."""
        raise NotImplementedError

    def anchor_weight(self, index: IndexShard) -> F32:
        """`relation_weight` of each entity as an anchor, [n]; empty: tuples have no weight."""
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
