"""One run of SplitGen: what is asked, of which files, in how many blocks, where its state is."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from components.common import hashing
from components.common.hashing import U64
from components.split_gen.request import EDGES, EXAMPLES, OTHER_EXAMPLES, SplitRequest
from components.split_gen.state import Packed, Store
from relation.names import EVAL, TRAIN

SPLITS = (TRAIN, EVAL)
IN_TRAIN, IN_EVAL, LEFT_OUT = 0, 1, 2
"""What is decided of a row."""
BLOCK_BYTES = 8 * 2**20
"""About how much input, compressed, a block of entities and edges stands for."""
MAX_BLOCKS = 1024
HELD_ROWS = 2**19
"""About how many rows a task holds at once."""
_PURPOSE = 0x5B117
"""Sets the words of splits apart from those of other draws."""


def _dtype(**fields: str) -> np.dtype[Any]:
    return np.dtype(list(fields.items()))


ROW = _dtype(key="<u8", time="<u8", row="<u8", file="<u4", type="<u4")
"""Rows of entities; `time` is a code of `timeline`."""
NODE = _dtype(key="<u8", time="<u8", rows="<i8", type="<u4")
"""Entities: the time of the earliest of their rows, and how many rows they have."""
STAMP = _dtype(time="<u8", row="<u8", file="<u4")
"""Rows that have a time and no entity: edges, where those are split by time."""
EDGE = _dtype(left="<u8", right="<u8", row="<u8", file="<u4")
"""Rows of edges; keys are `rows.NONE` where there is no such entity."""
ANCHORED = _dtype(key="<u8", row="<u8", file="<u4")
"""Rows of edges, each with the entity whose split it shares."""
LINK = _dtype(node="<u8", other="<u8")
"""Edges of the graph, seen from one of their nodes."""
SIZE = _dtype(label="<u8", count="<i8")
"""Entities of a component."""
DECIDED = _dtype(row="<u8", split="<u1")
"""What is decided of the rows of a file."""


class InputRows(NamedTuple):
    """A file of one of the inputs; its rows stay together: shard `shard` of `shards` a split."""

    input: str
    path: str
    shard: int
    shards: int


@dataclass(frozen=True)
class SplitContext:
    """A run. `blocks` and `held` change no result. `building`: where each output is written."""

    request: SplitRequest
    files: tuple[InputRows, ...]
    blocks: int
    held: int
    state: str
    building: Mapping[str, str]

    def store(self, name: str, dtype: np.dtype[Any], parts: int = 0) -> Store:
        """State of this run under a name; in as many parts as there are blocks, unless said."""
        return Store(os.path.join(self.state, name), dtype, parts or self.blocks, self.held)

    @property
    def rows(self) -> Store:
        """ROWs by block of their key."""
        return self.store("rows", ROW)

    @property
    def nodes(self) -> Store:
        """NODEs by block of their key."""
        return self.store("nodes", NODE)

    @property
    def stamps(self) -> Store:
        """STAMPs, spread over blocks."""
        return self.store("stamps", STAMP)

    @property
    def anchored(self) -> Store:
        """ANCHOREDs by block of their key."""
        return self.store("anchored", ANCHORED)

    def entities(self, block: int) -> Packed:
        """The entities of a block, NODEs in order of their keys, [n]."""
        pieces = list(self.nodes.read(block))
        return np.concatenate(pieces) if pieces else np.empty(0, dtype=NODE)

    def edges(self, end: str) -> Store:
        """EDGEs by block of one of their ends."""
        return self.store(f"edges-{end}", EDGE)

    def seen(self, turn: int) -> Store:
        """LINKs before a round: each edge from both of its nodes, by block of `node`."""
        return self.store(f"seen-{turn}", LINK)

    def links(self, turn: int) -> Store:
        """LINKs amid a round: each edge from its larger node, by block of `node`."""
        return self.store(f"links-{turn}", LINK)

    @property
    def sizes(self) -> Store:
        """SIZEs by block of their label."""
        return self.store("sizes", SIZE)

    @property
    def decided(self) -> Store:
        """DECIDEDs by file."""
        return self.store("decided", DECIDED, len(self.files))

    def block(self, key: U64) -> npt.NDArray[np.uint32]:
        """The block of each key, [n]."""
        return (key % np.uint64(self.blocks)).astype(np.uint32)

    def files_of(self, *inputs: str) -> list[int]:
        """The numbers of the files of some inputs."""
        return [number for number, file in enumerate(self.files) if file.input in inputs]

    @property
    def timed_types(self) -> npt.NDArray[np.bool_]:
        """Whether entities of each type are split by time, [types]."""
        return np.array([name in self.request.timed for name in (EXAMPLES, OTHER_EXAMPLES)])

    @property
    def shared_types(self) -> npt.NDArray[np.bool_]:
        """Whether each type may be in both splits, [types]."""
        return np.array([entity in self.request.shared for entity in self.request.types])

    @property
    def edges_timed(self) -> bool:
        """Whether edges are split by a time of their own."""
        return EDGES in self.request.timed

    def by_hash(self, label: U64) -> npt.NDArray[np.uint8]:
        """The split of each label, [n]: a pure function of label, shares and seed."""
        asked = self.request
        word = hashing.random_bits(asked.seed, _PURPOSE, label, np.zeros(1, dtype=np.int64))
        bucket = word % np.uint64(asked.train + asked.eval)
        return np.where(bucket < asked.train, IN_TRAIN, IN_EVAL).astype(np.uint8)


def blocks_for(sizes: Sequence[int]) -> int:
    """How many blocks inputs of these sizes, in bytes, are cut into."""
    return min(max(-(-sum(sizes) // BLOCK_BYTES), 1), MAX_BLOCKS)
