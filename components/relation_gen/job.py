"""One materialization: what is asked, of what rows, in which parts, and where it goes."""

from collections.abc import Iterable
from dataclasses import dataclass

import tensorflow as tf

from components.relation_gen import keys
from components.relation_gen.read import InputFile
from components.relation_gen.rows import RowSpec
from components.relation_gen.tally import UNASSIGNED
from relation.recipe import Materialization

BLOCK_BYTES = 16 * 2**20
"""About how much input an entity block holds."""
MIN_PARTS, MAX_BLOCKS, BLOCKS_PER_CELL = 4, 4096, 16


@dataclass(frozen=True)
class Job:
    """`splits`: names; `buckets`: their hash buckets, where rows are split by id.

    `blocks` and `cells` are how many parts entities and the dense index are cut into. They follow
    from the input's size, and change no result.
    """

    request: Materialization
    rows: RowSpec
    splits: tuple[str, ...]
    buckets: tuple[int, ...]
    blocks: int
    cells: int
    output: str

    @property
    def roles(self) -> tuple[str, ...]:
        """The names of the roles; their index is what plans carry."""
        return tuple(role.name for role in self.request.tuples.roles)

    def splits_of(self, ids: list[bytes], split: str | None) -> list[str]:
        """The split of each row: the file's, or by the row's id as TFX's ExampleGen does."""
        if split is not None:
            return [split] * len(ids)
        return [self._split_by_hash(value) if value else UNASSIGNED for value in ids]

    def _split_by_hash(self, value: bytes) -> str:
        if self.rows.id_is_int:
            feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[int(value)]))
        else:
            feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        serialized = feature.SerializeToString(deterministic=True)
        return self.splits[keys.split_of(serialized, self.buckets)]


def parts(files: Iterable[InputFile]) -> tuple[int, int]:
    """How many blocks and cells an input is cut into."""
    size = sum(file.size for file in files)
    blocks = min(max(-(-size // BLOCK_BYTES), MIN_PARTS), MAX_BLOCKS)
    return blocks, max(blocks // BLOCKS_PER_CELL, MIN_PARTS)
