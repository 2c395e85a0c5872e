"""Beam: encodes rows of entities to shards of ids, keys, slices and vectors, each entity once."""

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import apache_beam as beam
import numpy as np
import pyarrow as pa
import tensorflow as tf

from components.common import hashing, shuffle_store
from components.common.columns import Batch, Strings
from components.common.rows.row_requirements import RowSpec
from components.common.rows.row_validation import RowValidator
from components.common.shuffle_store import BatchRef, FileStore, ShuffleStore
from components.corpus_evaluator.embeddings.raw_features import RawFeatureLayout
from relation.core import splitmix
from relation.files.saved_model import load_model
from relation.files.tfrecord_reader import read_batches
from relation.retrieval.points import (
    U64,
    Floats,
    Keys,
    Points,
    Positions,
    Ragged,
)

RAW = "raw"
"""The name of the raw numbers and pixels, if an entity type has raw features at all.

The vectors of models have the models' names."""
BATCH = 256
_VECTORS = "vectors:"


@dataclass(frozen=True)
class EntityPlan:
    """How to encode the entities of one type.

    Attributes:
      name: the entity type.
      id: the feature that identifies an entity.
      rows: requirements of RelationGen that a row must meet; None if rows are tuples.
      roles: the roles of the tuples that hold such entities; empty if rows are entities.
      label: the feature whose values are the keys; None if there are no keys, or if edges or
        tuples provide them.
      layout: the raw features, which baselines compare.
      slices: features whose values are kept.
      models: folders of SavedModels by name; each embeds the type by `embed_<name>`.
      folder: where shards are written.
      shards: number of shards.
    """

    name: str
    id: str
    rows: RowSpec | None
    roles: tuple[str, ...]
    label: str | None
    layout: RawFeatureLayout
    slices: tuple[str, ...]
    models: Mapping[str, str]
    folder: str
    shards: int

    @property
    def store(self) -> ShuffleStore:
        """Keeps the parts of shards."""
        return FileStore(os.path.join(self.folder, "parts"), (Encoded,))

    def entities(self, record: bytes) -> Iterator[tf.train.Example]:
        """The entities in a record: the record itself, or the members of a tuple."""
        example = tf.train.Example.FromString(record)
        if not self.roles:
            yield example
            return
        for role in self.roles:
            member = tf.train.Example()
            for name, value in example.features.feature.items():
                if name.startswith(f"{role}_") and name != f"{role}_id":
                    member.features.feature[name.removeprefix(f"{role}_")].CopyFrom(value)
            if f"{role}_id" in example.features.feature:
                member.features.feature[self.id].CopyFrom(example.features.feature[f"{role}_id"])
                yield member


@dataclass(frozen=True, eq=False)
class Encoded(Batch):
    """n encoded entities.

    Attributes:
      ids: hashes of the ids, uint64 [n].
      names: the ids.
      keys: the keys of each entity.
      words: hashes of the words of each entity's raw features.
      slices: for each entity the values of the slice features, as text.
      vectors: float32 [n, d] by name.
    """

    ids: U64
    names: list[bytes]
    keys: Keys
    words: Ragged
    slices: list[tuple[str, ...]]
    vectors: dict[str, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def to_arrow(self) -> pa.RecordBatch:
        columns = {
            "ids": pa.array(self.ids),
            "names": Strings.of(self.names).array,
            "keys": _lists(self.keys),
            "words": _lists(self.words),
            "slices": pa.array(map(list, self.slices), type=pa.list_(pa.string())),
        }
        for name, vectors in self.vectors.items():
            ends = np.arange(len(vectors) + 1) * vectors.shape[1]
            flat = pa.array(np.ascontiguousarray(vectors).reshape(-1))
            columns[_VECTORS + name] = pa.LargeListArray.from_arrays(pa.array(ends), flat)
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    @classmethod
    def from_arrow(cls, batch: pa.RecordBatch) -> "Encoded":
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        keys, words, n = columns["keys"], columns["words"], batch.num_rows
        return cls(
            columns["ids"].to_numpy(),
            list(Strings(columns["names"])),
            Keys(keys.offsets.to_numpy(), keys.values.to_numpy()),
            Ragged(words.offsets.to_numpy(), words.values.to_numpy()),
            [tuple(values) for values in columns["slices"].to_pylist()],
            {
                name.removeprefix(_VECTORS): column.values.to_numpy().reshape(
                    n, len(column.values) // max(n, 1)
                )
                for name, column in columns.items()
                if name.startswith(_VECTORS)
            },
        )

    def take(self, positions: Positions) -> "Encoded":
        """The entities at some positions, int64 [m]."""
        return Encoded(
            self.ids[positions],
            [self.names[i] for i in positions.tolist()],
            self.keys.take(positions),
            self.words.take(positions),
            [self.slices[i] for i in positions.tolist()],
            {name: vectors[positions] for name, vectors in self.vectors.items()},
        )

    def points(self, name: str) -> Points:
        """The entities as points, by the vectors of a name."""
        return Points(self.ids, self.keys, self.vectors[name])


def _lists(values: Ragged) -> pa.LargeListArray:
    """Ragged values as lists of uint64."""
    starts = pa.array(values.starts - values.starts[0])
    return pa.LargeListArray.from_arrays(starts, pa.array(values.values))


def joined(parts: Sequence[Encoded]) -> Encoded:
    """Concatenates parts, in ascending order of ids, each entity once."""
    every = Encoded(
        np.concatenate([part.ids for part in parts]),
        [name for part in parts for name in part.names],
        Keys.joined([part.keys for part in parts]),
        Ragged.joined([part.words for part in parts]),
        [values for part in parts for values in part.slices],
        {name: np.concatenate([part.vectors[name] for part in parts]) for name in parts[0].vectors},
    )
    return every.take(np.unique(every.ids, return_index=True)[1])


@beam.typehints.with_output_types(tuple[int, BatchRef])
@dataclass(eq=False)
class Encode(beam.DoFn):
    """Encodes the rows of a file: path → (shard, `Encoded` of the shard)."""

    plan: EntityPlan

    def setup(self) -> None:
        """Loads the models, and builds the C++ decoder, which cannot be pickled."""
        self._validator = RowValidator(self.plan.rows) if self.plan.rows is not None else None
        self._models = {name: load_model(path) for name, path in self.plan.models.items()}

    def process(self, path: str) -> Iterator[tuple[int, BatchRef]]:
        """Encodes a file, batch by batch."""
        with self.plan.store.writer() as out:
            for shard, part in self._parts(path):
                yield shard, out.add(part)

    def _parts(self, path: str) -> Iterator[tuple[int, Encoded]]:
        for records in read_batches(path):
            if self._validator is not None:
                reasons = self._validator(records).reasons
                records = list(itertools.compress(records, [not reason for reason in reasons]))
            examples: dict[bytes, tf.train.Example] = {}
            for record in records:
                for example in self.plan.entities(record):
                    for value in values_of(example, self.plan.id)[:1]:
                        examples.setdefault(value, example)
            names = list(examples)
            for start in range(0, len(names), BATCH):
                part = self._encoded(names[start : start + BATCH], examples)
                shards = splitmix.multiply_shift(part.ids, self.plan.shards).astype(np.int64)
                for shard in np.unique(shards).tolist():
                    yield shard, part.take(np.flatnonzero(shards == shard))

    def _encoded(self, names: list[bytes], by_id: Mapping[bytes, tf.train.Example]) -> Encoded:
        plan, examples = self.plan, [by_id[name] for name in names]
        serialized = tf.constant([example.SerializeToString() for example in examples])
        vectors = {
            name: model.signatures[f"embed_{plan.name}"](examples=serialized)["embedding"].numpy()
            for name, model in self._models.items()
        }
        words = Ragged.empty(len(names))
        if plan.layout.features:
            vectors[RAW], words = plan.layout.encode(examples)
        labels = [values_of(example, plan.label) if plan.label else [] for example in examples]
        return Encoded(
            hashes(names),
            names,
            Keys.of([hashes(values) for values in labels]),
            words,
            [
                tuple(text_of(values_of(example, name)) for name in plan.slices)
                for example in examples
            ],
            vectors,
        )


def hashes(values: Sequence[bytes]) -> U64:
    """Hashes n values to uint64 [n]; integers are hashed as their decimal digits."""
    if not len(values):
        return np.zeros(0, dtype=np.uint64)
    return hashing.hash_values(values, integers=False)


def values_of(example: tf.train.Example, name: str) -> list[bytes]:
    """The values of a feature; integers as decimal digits."""
    features = example.features.feature
    if name not in features:
        return []
    feature = features[name]
    if feature.HasField("int64_list"):
        return [b"%d" % value for value in feature.int64_list.value]
    return list(feature.bytes_list.value)


def text_of(values: Sequence[bytes]) -> str:
    """A slice's value as text."""
    return " ".join(value.decode("utf-8", "replace") for value in values)


@beam.typehints.with_output_types(int)
@dataclass(eq=False)
class WriteShard(beam.DoFn):
    """Writes a shard to a file: (shard, `Encoded`) → number of entities."""

    plan: EntityPlan

    def process(self, element: tuple[int, Iterable[BatchRef]]) -> Iterator[int]:
        """Writes one shard."""
        shard, refs = element
        tf.io.gfile.makedirs(self.plan.folder)
        whole = joined(sorted(self.plan.store.read(refs), key=lambda part: part.names))
        with tf.io.gfile.GFile(shard_path(self.plan, shard), "wb") as file:
            file.write(shuffle_store.dumps(whole))
        yield len(whole)


def shard_path(plan: EntityPlan, shard: int) -> str:
    """The file of a shard."""
    return os.path.join(plan.folder, f"{plan.name}-{shard:05d}")


def read_shards(plan: EntityPlan) -> Iterator[Encoded]:
    """Reads the shards that hold entities, in ascending order of ids."""
    for shard in range(plan.shards):
        path = shard_path(plan, shard)
        if tf.io.gfile.exists(path):
            with tf.io.gfile.GFile(path, "rb") as file:
                yield shuffle_store.loads(Encoded, file.read())


@dataclass
class EncodeEntities(beam.PTransform):
    """Encodes files into shards: paths → number of entities in each shard."""

    plan: EntityPlan

    def expand(self, paths: beam.PCollection) -> beam.PCollection:
        """Encodes, groups by shard, and writes."""
        return (
            paths
            | "Encode" >> beam.ParDo(Encode(self.plan))
            | "Gather" >> beam.GroupByKey()
            | "Write" >> beam.ParDo(WriteShard(self.plan))
        )
