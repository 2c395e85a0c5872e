"""What crosses a shuffle: batches of columns, a few thousand rows each (see `columns`)."""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.columns import Batch, Dictionary, Strings
from components.common.hashing import I64, U64

Bools = npt.NDArray[np.bool_]
U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]
U16 = npt.NDArray[np.uint16]
U32 = npt.NDArray[np.uint32]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

NO_POSITIVE, POSITIVE, CAPPED = 0, 1, 2
"""The role of an edge for its anchor; a capped edge is a known positive but makes no tuple."""
STAR = 254
"""Stands for every split; for an edge, for a split that is not known yet."""


@dataclass(frozen=True)
class Entities(Batch):
    """n entities.

    Attributes:
      key: hash of the id, uint64 [n].
      split: index of the split; STAR: every split, uint8 [n].
      group: hash of the value that groups the dense index, uint64 [n].
      negatives_group: hash of the value that groups negatives, if it is another, uint64 [n].
      numbers: the number columns that sampling reads, row after row, float64 [n * count].
      payload: their features (see `example_wire`), [n].
    """

    key: U64
    split: U8
    group: U64
    negatives_group: U64
    numbers: F64
    payload: Strings


@dataclass(frozen=True)
class Indexed(Batch):
    """n entities without payload and split; columns as in `Entities`."""

    key: U64
    group: U64
    negatives_group: U64
    numbers: F64


@dataclass(frozen=True)
class GroupLabels(Batch):
    """The labels of g groups of the dense index.

    Attributes:
      group, negatives_group: their hashes, uint64 [g].
      labels: the labels of each group, each prefixed with its length, [g].
    """

    group: U64
    negatives_group: U64
    labels: Strings


@dataclass(frozen=True)
class Endpoints(Batch):
    """n entities that edges may name; columns as in `Entities`."""

    key: U64
    split: U8
    group: U64


@dataclass(frozen=True)
class Contents(Batch):
    """n entities, identified by their content.

    Attributes:
      content: hash of all features but the id, uint64 [n].
      split, key: as in `Entities`.
    """

    content: U64
    split: U8
    key: U64


@dataclass(frozen=True)
class Queries(Batch):
    """The keys of n queries, uint64 [n]."""

    key: U64


@dataclass(frozen=True)
class IndexShard(Batch):
    """n entities in the order of the dense index, from position 0 on (see `index/shard`).

    Attributes:
      key, group, negatives_group, numbers: as in `Entities`.
      start, end: positions of the group of each, int64 [n].
      weights: fixed-point weight of each, int64 [n]; empty where all weights are equal.
    """

    key: U64
    group: U64
    negatives_group: U64
    numbers: F64
    start: I64
    end: I64
    weights: I64

    @functools.cached_property
    def cumulative_weight(self) -> I64:
        """Start of each entity on the cumulative-weight axis, and the end of all, int64 [n + 1];
        empty where all weights are equal."""
        if not len(self.weights):
            return self.weights
        return np.concatenate([[0], np.cumsum(self.weights)])

    @property
    def position(self) -> I64:
        """Positions in the shard, int64 [n]."""
        return np.arange(len(self.key), dtype=np.int64)

    @property
    def rank(self) -> I64:
        """Positions in the group, int64 [n]."""
        return self.position - self.start

    def top_weights(self, count: int) -> list[tuple[int, int]]:
        """Weight and weight offset of the heaviest entities, in descending order of weight."""
        order = np.argsort(-self.weights, kind="stable")[:count]
        offsets = self.cumulative_weight[order]
        return list(zip(self.weights[order].tolist(), offsets.tolist(), strict=True))

    @property
    def weight(self) -> int:
        """The total weight of all entities."""
        return int(self.cumulative_weight[-1]) if len(self.weights) else len(self.key)

    def number(self, column: int) -> F64:
        """A column of `numbers`, float64 [n]."""
        n = len(self.key)
        return self.numbers.reshape(n, -1)[:, column] if n else self.numbers


@dataclass(frozen=True)
class Edges(Batch):
    """e edges from a source to a destination.

    Attributes:
      source, destination: keys of the endpoints, uint64 [e].
      split: index of the split; STAR: not known yet, uint8 [e].
      group: group of the source, uint64 [e].
      value: float32 [e * width].
      weight: float32 [e], or empty.
      positive: NO_POSITIVE, POSITIVE or CAPPED, uint8 [e].
      shard, position: index shard and position of the destination, int32 and int64 [e].
      weight_offset, destination_weight: start of the destination on the cumulative-weight axis, and
        its weight, int64 [e].
      source_id, destination_id: ids, [e].

    A column is empty until a step fills it, and again once no later step needs it.
    """

    source: U64
    destination: U64
    split: U8
    group: U64
    value: F32
    weight: F32
    positive: U8
    shard: I32
    position: I64
    weight_offset: I64
    destination_weight: I64
    source_id: Strings
    destination_id: Strings


@dataclass(frozen=True)
class ListedNegatives(Edges):
    """Rows of a list of negatives, from anchor to negative; `value` is the stated probability."""


@dataclass(frozen=True)
class FilteredEdges(Edges):
    """Positives of other splits, which a split of evaluation leaves out of its negatives.

    `value`: how often the destination is a positive of the split itself.
    """


@dataclass(frozen=True)
class Tuples(Batch):
    """t tuples that came as rows.

    Attributes:
      key: hash of the keys of all members, uint64 [t].
      split: index of the split, uint8 [t].
      member: keys of the members, uint64 [t * roles].
      label: float32 [t * width].
      candidate_id: ids of the second members, [t]; empty where no step needs them.
    """

    key: U64
    split: U8
    member: U64
    label: F32
    candidate_id: Strings


@dataclass(frozen=True)
class MemberRequests(Batch):
    """m requests, each for the bytes of one member of a tuple.

    Attributes:
      anchor, slot: the tuple, uint64 and uint32 [m].
      role: index of the role, uint16 [m].
      entity: position in the dense index, or key of the entity, uint64 [m].
      probability: the probability that this negative was drawn; NaN for other members, float32 [m].
    """

    anchor: U64
    slot: U32
    role: U16
    entity: U64
    probability: F32


@dataclass(frozen=True)
class MemberRequestsByWeight(MemberRequests):
    """m requests in which `entity` is a weight offset.

    `probability` is 1 / total weight until the weight of the entity is looked up.
    """


@dataclass(frozen=True)
class TupleRows(Batch):
    """t tuples and their own features.

    Attributes:
      anchor, slot: the tuple, uint64 and uint32 [t].
      relation: label, NaN where a tuple has none, float32 [t * width].
      weight: float32 [t]; empty where tuples have none.
      extra_features: serialized features of each tuple besides its members', [t]; empty where
        tuples have none.
    """

    anchor: U64
    slot: U32
    relation: F32
    weight: F32
    extra_features: Dictionary


@dataclass(frozen=True)
class GatheredMembers(Batch):
    """m members of tuples with their serialized features.

    Attributes:
      anchor, slot, role, probability: as in `MemberRequests`.
      entries: serialized features of the entity, named for its role, [m].
    """

    anchor: U64
    slot: U32
    role: U16
    probability: F32
    entries: Dictionary


KINDS = (
    Entities,
    Indexed,
    GroupLabels,
    Endpoints,
    Contents,
    Queries,
    IndexShard,
    Edges,
    ListedNegatives,
    FilteredEdges,
    Tuples,
    MemberRequests,
    MemberRequestsByWeight,
    TupleRows,
    GatheredMembers,
)
"""The batch types that cross shuffles, in the order in which a step reads them."""
