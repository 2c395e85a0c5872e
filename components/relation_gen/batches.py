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
"""What an edge is to its anchor; a capped one is known, but serves no tuple."""
STAR = 254
"""In place of a split: of every split, or (an edge) of none that is known yet."""


@dataclass(frozen=True)
class Entities(Batch):
    """n entities.

    Attributes:
      key: hash of the id, uint64 [n].
      split: index of the split; STAR: every split, uint8 [n].
      group: hash of what the dense index is grouped by, uint64 [n].
      negatives_group: hash of what negatives are grouped by, if that is something else, uint64 [n].
      numbers: what sampling needs of them, row after row, float64 [n * count].
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
    """What g groups of the dense index stand for.

    Attributes:
      group, negatives_group: their hashes, uint64 [g].
      labels: the labels of each, each behind its length, [g].
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
    """n entities by their content.

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
      weights: fixed-point weight of each, int64 [n]; empty where all weigh the same.
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
        """Where each entity begins on the cumulative-weight axis, and the end, int64 [n + 1]; empty
        where all weigh the same."""
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
        """Weight and weight offset of the heaviest entities, from the heaviest on."""
        order = np.argsort(-self.weights, kind="stable")[:count]
        offsets = self.cumulative_weight[order]
        return list(zip(self.weights[order].tolist(), offsets.tolist(), strict=True))

    @property
    def weight(self) -> int:
        """The weight of all entities together."""
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
      shard, position: where the destination lies in the dense index, int32 and int64 [e].
      weight_offset, destination_weight: where it begins on the cumulative-weight axis, and its
        weight, int64 [e].
      source_id, destination_id: ids, [e].

    Columns are empty before they are known, and once no step needs them any more.
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
    """

    key: U64
    split: U8
    member: U64
    label: F32


@dataclass(frozen=True)
class MemberRequests(Batch):
    """m members of tuples whose bytes are wanted.

    Attributes:
      anchor, slot: the tuple, uint64 and uint32 [m].
      role: index of the role, uint16 [m].
      entity: position in the dense index, or key of the entity, uint64 [m].
      probability: with which a negative was drawn; NaN where it was not drawn, float32 [m].
    """

    anchor: U64
    slot: U32
    role: U16
    entity: U64
    probability: F32


@dataclass(frozen=True)
class MemberRequestsByWeight(MemberRequests):
    """m members, `entity` being a weight offset.

    `probability` is one over the total weight, until the weight of the entity is known.
    """


@dataclass(frozen=True)
class TupleRows(Batch):
    """t tuples and their own features.

    Attributes:
      anchor, slot: the tuple, uint64 and uint32 [t].
      relation: label, NaN where there is none, float32 [t * width].
      weight: float32 [t]; empty where tuples have none.
      extra_features: further map entries of each, [t]; empty where tuples have none.
    """

    anchor: U64
    slot: U32
    relation: F32
    weight: F32
    extra_features: Dictionary


@dataclass(frozen=True)
class GatheredMembers(Batch):
    """m members of tuples with their bytes.

    Attributes:
      anchor, slot, role, probability: as in `MemberRequests`.
      entries: map entries of the entity in its role, [m].
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
"""The kinds of batches that cross shuffles, in the order in which a step reads them."""
