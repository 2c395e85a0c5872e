"""One materialization: what is asked, of what rows, in which parts, and where it goes."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from components.common import hashing
from components.common.hashing import I64, U64
from components.common.row_requirements import EntitySpec, Key, RowSpec
from components.common.tfrecord_reader import InputFile
from components.relation_gen.batches import STAR, U8, Edges, ListedNegatives
from components.relation_gen.index.shard import sort_priority
from components.relation_gen.memory import Budget, budget
from components.relation_gen.sampling.plan import SPLITS
from components.relation_gen.stats.counters import UNASSIGNED
from components.relation_gen.transforms import write
from relation import kinds
from relation.materialization import Materialization

MIN_PARTS, MAX_PARTITIONS, BLOCKS_PER_CELL = 4, 4096, 1


@dataclass(frozen=True)
class Context:
    """`splits`: names; `buckets`: their hash buckets, where rows are split by a hash.

    `entities`: rows of each entity type that is asked for. `edges`: rows of the edge list, or of
    tuples (source `row`), if there are any; `edge_input`: its name. `listed_negatives`: rows of the
    list of negatives, if there is one. `split_by`: the feature whose values share a split, where
    that is not the id. `partitions` and `shards`: how many parts entities and the dense index are
    cut into: they follow from the input's size, and change no result.
    """

    request: Materialization
    entities: dict[str, EntitySpec]
    edges: RowSpec | None
    edge_input: str
    listed_negatives: RowSpec | None
    splits: tuple[str, ...]
    buckets: tuple[int, ...]
    split_by: str | None
    partitions: int
    shards: int
    output: str

    @property
    def roles(self) -> tuple[str, ...]:
        """The names of the roles; their index is what plans carry."""
        return tuple(role.name for role in self.request.tuples.roles)

    @property
    def shuffle_folder(self) -> str:
        """The folder of what crosses shuffles."""
        return os.path.join(write.building(self.output), "shuffle")

    @property
    def seed(self) -> int:
        """Of all draws."""
        return self.request.relation.seed

    @property
    def sizes(self) -> Budget:
        """Of the parts that the work is cut into."""
        return budget(self.request.relation.memory_mb)

    @property
    def indexed(self) -> str | None:
        """The entity type that is drawn from, if any is."""
        source = self.request.relation.source
        return None if isinstance(source, kinds.Row) else self.request.ends[1]

    @property
    def table(self) -> bool:
        """Whether a block may be related to others: several labels a row, or grouped negatives."""
        spec = self.entities[self.request.primary]
        if not isinstance(self.request.relation.source, kinds.SameLabel):
            return False
        at = spec.rows.key_index(spec.group)
        assert at is not None
        return spec.negatives_group is not None or spec.rows.keys[at].several is None

    @property
    def lists(self) -> dict[str, RowSpec]:
        """The rows of each list that names two entities: of edges, and of negatives."""
        found = {self.edge_input: self.edges, self.request.given_input or "": self.listed_negatives}
        if isinstance(self.request.relation.source, kinds.Row):
            return {}
        return {name: rows for name, rows in found.items() if rows is not None}

    def list_of(self, edges: Edges) -> str:
        """The name of the list that edges are of."""
        return (
            (self.request.given_input or "")
            if isinstance(edges, ListedNegatives)
            else self.edge_input
        )

    @property
    def own_labels(self) -> bool:
        """Whether entities are related to their own labels, as if by edges."""
        labels = isinstance(self.request.relation.source, kinds.Labels)
        return labels and self.request.other is not None

    @property
    def query(self) -> str | None:
        """The entity type of queries, where they fill a role."""
        source = self.request.relation.source
        return source.query if isinstance(source, kinds.GradedGroup) else None

    @property
    def grade(self) -> int | None:
        """The column of numbers that holds a grade, where there is one."""
        source = self.request.relation.source
        if not isinstance(source, kinds.GradedGroup):
            return None
        return self.entities[self.request.primary].rows.number(source.grade)

    def splits_of(self, home: str) -> tuple[str, ...]:
        """The splits that a population is in."""
        return self.splits if home == ANY else (home,)

    def split_of_edges(self, source: U64, destination: U64) -> U8:
        """The split of edges between entities that are in every split: by a hash of both ends, of
        one type whichever is left, so that both directions share a split."""
        if len(set(self.request.ends)) == 1:
            source, destination = np.minimum(source, destination), np.maximum(source, destination)
        priority = hashing.random_bits(self.seed, SPLITS, source, destination)
        at = hashing.multiply_shift(priority, sum(self.buckets)).astype(np.int64)
        return np.searchsorted(np.cumsum(self.buckets), at, side="right").astype(np.uint8)

    @property
    def edges_are_split(self) -> bool:
        """Whether edges have a split of their own, since what they connect is in every split."""
        return all(entity in self.request.common for entity in self.request.entities)

    def code(self, split: str | None) -> int:
        """The number of a split; STAR for none."""
        return self.splits.index(split) if split in self.splits else STAR

    def codes_of(self, spec: EntitySpec, split: str | None, by: list[bytes], key: Key) -> U8:
        """The split of each row: the file's, or by a key as TFX's ExampleGen does; STAR: none."""
        if spec.name in self.request.common:
            return np.full(len(by), STAR, dtype=np.uint8)
        return self.hashed(split, by, key)

    def hashed(self, split: str | None, by: list[bytes], key: Key) -> U8:
        """The split of each row: the file's, or by the hash of a value; STAR: it has none."""
        if split in self.splits:
            return np.full(len(by), self.code(split), dtype=np.uint8)
        found = [self._by_hash(value, key.integer) if value else STAR for value in by]
        return np.array(found, dtype=np.uint8)

    def _by_hash(self, value: bytes, integer: bool) -> int:
        if integer:
            feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[int(value)]))
        else:
            feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        serialized = feature.SerializeToString(deterministic=True)
        return hashing.split_of(serialized, self.buckets)

    def name(self, entity: str, code: int) -> str:
        """The population that a row of an entity type is of."""
        if code == STAR:
            return ANY if entity in self.request.common else UNASSIGNED
        return self.splits[code]

    def shard_of(self, entity: str, key: U64, group: U64) -> I64:
        """The cell of each entity: a range of its block's hash, or of its turn without blocks."""
        grouped = self.entities[entity].group is not None
        return range_of(group if grouped else sort_priority(key, self.seed), self.shards)


ANY = "*"
"""The population of an entity type that is in every split."""


def range_of(key: U64, parts: int) -> I64:
    """The part of each 64-bit key, such that parts are ranges of keys in order."""
    return hashing.multiply_shift(key, parts).astype(np.int64)


def parts(files: Iterable[InputFile], sizes: Budget) -> tuple[int, int]:
    """How many blocks and cells an input is cut into."""
    size = sum(file.size for file in files)
    partitions = min(max(-(-size // sizes.partition), MIN_PARTS), MAX_PARTITIONS)
    return partitions, max(partitions // BLOCKS_PER_CELL, MIN_PARTS)
