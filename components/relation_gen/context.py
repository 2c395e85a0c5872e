"""Settings that all steps of one run share: relation, row requirements, splits, sizes, output."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2

from components.common import hashing
from components.common.hashing import I64, U64
from components.common.input_files import InputFile
from components.common.rows.row_requirements import EntitySpec, Key, RowSpec, entity_spec, row_spec
from components.common.shuffle_store import FileStore, ShuffleStore
from components.relation_gen.batches import KINDS, STAR, U8, Edges, ListedNegatives
from components.relation_gen.memory import Budget, budget
from components.relation_gen.shuffle_keys import part_of, sort_priority
from components.relation_gen.stats.counters import ANY, UNASSIGNED
from relation.compiled import CompiledRelation

MIN_PARTITIONS, MAX_PARTITIONS = 4, 4096
_BUILDING = ".building"


def building(output: str) -> str:
    """The folder under `output` that holds all files until the run is complete."""
    return os.path.join(output, _BUILDING)


@dataclass(frozen=True)
class Context:
    """Settings that all steps of one run share.

    Attributes:
      relation: the compiled relation.
      entities: row requirements of each entity type.
      tables: row requirements of the edge list or of inline tuples, and of listed negatives, by
        name.
      splits: their names.
      buckets: hash buckets of each split, for rows whose split is a hash.
      split_by: the feature whose values share a split, where that is not the id.
      partitions: number of partitions of the entities and of the dense index; changes no result.
      output: the folder of all results.
    """

    relation: CompiledRelation
    entities: dict[str, EntitySpec]
    tables: dict[str, RowSpec]
    splits: tuple[str, ...]
    buckets: tuple[int, ...]
    split_by: str | None
    partitions: int
    output: str

    @classmethod
    def of(
        cls,
        relation: CompiledRelation,
        schemas: Mapping[str, schema_pb2.Schema],
        files: Sequence[InputFile],
        splits: Sequence[str],
        buckets: Sequence[int],
        output: str,
        split_by: str | None,
    ) -> "Context":
        """Derives row requirements from relation and schemas. Arguments as in `materialize`."""
        inline = relation.tuple_table is not None
        by_column = relation.related_table if inline or relation.edges_are_split else None
        return cls(
            relation=relation,
            entities={
                name: entity_spec(
                    relation,
                    name,
                    schemas[name],
                    None if inline or name in relation.shared else split_by,
                )
                for name in relation.entities
            },
            tables={
                name: row_spec(
                    relation.rows[name], schemas[name], split_by if name == by_column else None
                )
                for name in relation.tables
            },
            splits=tuple(splits),
            buckets=tuple(buckets) or tuple(relation.shares.get(split, 1) for split in splits),
            split_by=split_by,
            partitions=partitions_of(files, budget(relation.memory_mb)),
            output=output,
        )

    @property
    def roles(self) -> tuple[str, ...]:
        """The names of the roles; their index is what plans carry."""
        return tuple(role.name for role in self.relation.tuples.roles)

    @property
    def store(self) -> ShuffleStore:
        """The store of the batches that cross shuffles."""
        return FileStore(os.path.join(building(self.output), "shuffle"), KINDS)

    @property
    def seed(self) -> int:
        """The seed of all draws."""
        return self.relation.seed

    @property
    def sizes(self) -> Budget:
        """The sizes of partitions, shards and batches."""
        return budget(self.relation.memory_mb)

    @property
    def indexed(self) -> str | None:
        """The entity type that is indexed and drawn from; None: no draws."""
        return None if self.relation.tuple_table else self.relation.candidate

    @property
    def relates_groups(self) -> bool:
        """Whether a group may be related to other groups: several labels a row, or bounded
        negatives."""
        spec = self.entities[self.relation.candidate]
        grouped = self.relation.structure == "groups"
        return grouped and (self.relation.multi_valued or spec.negatives_group is not None)

    @property
    def lists(self) -> dict[str, RowSpec]:
        """Row requirements of each list that names two entities: edges, and listed negatives."""
        return {} if self.relation.tuple_table else self.tables

    @property
    def related_table(self) -> str:
        """The name of the edge list or of the rows that are tuples; "" for none."""
        return self.relation.related_table or ""

    @property
    def negatives_table(self) -> str:
        """The name of the list of negatives; "" for none."""
        table = self.relation.negatives_table
        return "" if table is None else table.name

    def list_of(self, edges: Edges) -> str:
        """The name of the table that some edges come from."""
        listed = isinstance(edges, ListedNegatives)
        return self.negatives_table if listed else self.related_table

    def splits_of(self, home: str) -> tuple[str, ...]:
        """The splits that a population belongs to."""
        return self.splits if home == ANY else (home,)

    def code(self, split: str | None) -> int:
        """The index of a split; STAR for None."""
        return self.splits.index(split) if split in self.splits else STAR

    def codes_of(self, spec: EntitySpec, split: str | None, by: list[bytes], key: Key) -> U8:
        """The split of each row: the file's, or by a key as TFX's ExampleGen does.

        Args:
          by: the value of `key` for each of n rows.

        Returns:
          Index of the split, uint8 [n]; STAR for every split, or where the value is empty.
        """
        if spec.name in self.relation.shared:
            return np.full(len(by), STAR, dtype=np.uint8)
        return self.hashed(split, by, key)

    def hashed(self, split: str | None, by: list[bytes], key: Key) -> U8:
        """The split of each row: the file's, or by the hash of a value.

        Args:
          by: the value of `key` for each of n rows.

        Returns:
          Index of the split, uint8 [n]; STAR where the value is empty.
        """
        if split in self.splits:
            return np.full(len(by), self.code(split), dtype=np.uint8)
        codes = [self._by_hash(value, key.integer) if value else STAR for value in by]
        return np.array(codes, dtype=np.uint8)

    def _by_hash(self, value: bytes, integer: bool) -> int:
        if integer:
            feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[int(value)]))
        else:
            feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        serialized = feature.SerializeToString(deterministic=True)
        return hashing.split_of(serialized, self.buckets)

    def name(self, entity: str, code: int) -> str:
        """The population that a row of an entity type belongs to."""
        if code == STAR:
            return ANY if entity in self.relation.shared else UNASSIGNED
        return self.splits[code]

    def shard_of(self, entity: str, key: U64, group: U64) -> I64:
        """The index shard of each entity, int64 [n], by the hash of its group, or by its sort
        priority where there are no groups."""
        grouped = self.entities[entity].group is not None
        return part_of(group if grouped else sort_priority(key, self.seed), self.partitions)


def partitions_of(files: Iterable[InputFile], sizes: Budget) -> int:
    """The number of partitions of an input.

    >>> partitions_of([InputFile("item", "a.gz", None, 9_000)], Budget(1, 1_000, 1))
    9
    """
    size = sum(file.size for file in files)
    return min(max(-(-size // sizes.partition), MIN_PARTITIONS), MAX_PARTITIONS)
