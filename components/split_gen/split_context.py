"""One run of SplitGen: its request, files, partitions and intermediate state."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from components.common.hashing import U64
from components.split_gen.request import EDGES, SplitRequest
from components.split_gen.state import Packed, Store
from relation.core import splitmix
from relation.names import EXAMPLES, OTHER_EXAMPLES

IN_TRAIN, LEFT_OUT = 0, 254
"""Decisions about a row, as `DECIDED` stores them."""
PARTITION_BYTES = 8 * 2**20
"""Compressed input bytes per partition of entities and edges, about."""
MAX_PARTITIONS = 1024
HELD_ROWS = 2**19
"""Rows that a task holds in memory at once, about."""
_PURPOSE = 0x5B117
"""Separates the random bits of splits from those of other draws."""


def _dtype(**fields: str) -> np.dtype[Any]:
    return np.dtype(list(fields.items()))


ROW = _dtype(key="<u8", time="<u8", row="<u8", file="<u4", type="<u4")
"""Rows of entities; `time` is a code of `timeline`."""
NODE = _dtype(key="<u8", time="<u8", rows="<i8", type="<u4")
"""Entities: the time of the earliest of their rows, and the number of their rows."""
STAMP = _dtype(time="<u8", row="<u8", file="<u4")
"""Rows that have a time and no entity: edges, where those are split by time."""
EDGE = _dtype(left="<u8", right="<u8", row="<u8", file="<u4")
"""Rows of edges; a key is `row_columns.NONE` where there is no such entity."""
ANCHORED = _dtype(key="<u8", row="<u8", file="<u4")
"""Rows of edges, each with the entity whose split it shares."""
LINK = _dtype(node="<u8", other="<u8")
"""Edges of the graph, seen from one of their nodes."""
SIZE = _dtype(label="<u8", count="<i8")
"""Components by label, and the number of their entities."""
DECIDED = _dtype(row="<u8", split="<u1")
"""Decisions about the rows of a file."""


class InputRows(NamedTuple):
    """A file of one input. Its rows stay together, in shard `shard` of `shards` of each split."""

    input: str
    path: str
    shard: int
    shards: int


@dataclass(frozen=True)
class SplitContext:
    """Settings and folders that all steps of a run share.

    Attributes:
      request: how to split.
      files: the files of all inputs; steps refer to one by its number.
      partitions: number of partitions of entities and edges; it changes no result.
      held: rows that a task holds in memory, about; it changes no result.
      state: folder of the intermediate files.
      building: folder by input, where its splits are written before they are published.
    """

    request: SplitRequest
    files: tuple[InputRows, ...]
    partitions: int
    held: int
    state: str
    building: Mapping[str, str]

    def store(self, name: str, dtype: np.dtype[Any], parts: int = 0) -> Store:
        """Rows of this run under a name, in `parts` parts; by default one part a partition."""
        return Store(os.path.join(self.state, name), dtype, parts or self.partitions, self.held)

    @property
    def rows(self) -> Store:
        """ROWs by partition of their key."""
        return self.store("rows", ROW)

    @property
    def nodes(self) -> Store:
        """NODEs by partition of their key."""
        return self.store("nodes", NODE)

    @property
    def stamps(self) -> Store:
        """STAMPs, distributed evenly over partitions."""
        return self.store("stamps", STAMP)

    @property
    def anchored(self) -> Store:
        """ANCHOREDs by partition of their key."""
        return self.store("anchored", ANCHORED)

    def entities(self, partition: int) -> Packed:
        """The entities of a partition: NODEs in ascending order of keys, [n]."""
        pieces = list(self.nodes.read(partition))
        return np.concatenate(pieces) if pieces else np.empty(0, dtype=NODE)

    def edges(self, endpoint: str) -> Store:
        """EDGEs by partition of one endpoint, "left" or "right"."""
        return self.store(f"edges-{endpoint}", EDGE)

    def seen(self, round_number: int) -> Store:
        """LINKs before a round: each edge from both of its nodes, by partition of `node`."""
        return self.store(f"seen-{round_number}", LINK)

    def links(self, round_number: int) -> Store:
        """LINKs amid a round: each edge from its larger node, by partition of `node`."""
        return self.store(f"links-{round_number}", LINK)

    @property
    def sizes(self) -> Store:
        """SIZEs by partition of their label."""
        return self.store("sizes", SIZE)

    @property
    def decided(self) -> Store:
        """DECIDEDs by file."""
        return self.store("decided", DECIDED, len(self.files))

    def partition_of(self, key: U64) -> npt.NDArray[np.uint32]:
        """The partition of each key: uint64 [n] → uint32 [n]."""
        return (key % np.uint64(self.partitions)).astype(np.uint32)

    def files_of(self, *inputs: str) -> list[int]:
        """The numbers of the files of some inputs."""
        return [number for number, file in enumerate(self.files) if file.input in inputs]

    @property
    def timed_types(self) -> npt.NDArray[np.bool_]:
        """Whether entities of each type are split by time, bool [2]."""
        return np.array([name in self.request.timed for name in (EXAMPLES, OTHER_EXAMPLES)])

    @property
    def shared_types(self) -> npt.NDArray[np.bool_]:
        """Whether each type may be in all splits, bool [types]."""
        return np.array([entity in self.request.shared for entity in self.request.types])

    @property
    def edges_timed(self) -> bool:
        """Whether edges are split by a time of their own."""
        return EDGES in self.request.timed

    def by_hash(self, label: U64) -> npt.NDArray[np.uint8]:
        """The split of each label: uint64 [n] → index of the split, uint8 [n].

        It is a pure function of label, shares and seed.
        """
        request = self.request
        bits = splitmix.random_bits(request.seed, _PURPOSE, label, np.zeros(1, dtype=np.int64))
        ends = np.cumsum(list(request.shares.values())).astype(np.uint64)
        return np.searchsorted(ends, bits % ends[-1], side="right").astype(np.uint8)


def partitions_for(sizes: Sequence[int]) -> int:
    """The number of partitions for input files of these sizes in bytes."""
    return min(max(-(-sum(sizes) // PARTITION_BYTES), 1), MAX_PARTITIONS)
