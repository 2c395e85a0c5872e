"""Beam: rows of entities → shards of ids, keys, slices and vectors, each entity once."""

import io
import itertools
import os
import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf

from components.common import hashing as keys
from components.common.row_requirements import RowSpec
from components.common.row_validation import RowValidator
from components.common.tfrecord_reader import read_batches
from components.corpus_evaluator.embeddings.points import U64, Floats, Keys, Places, Points
from components.corpus_evaluator.embeddings.raw_features import Layout

RAW = "raw"
"""The vectors of entities without training; those of models have the models' names."""
BATCH = 256


@dataclass(frozen=True)
class EntityPlan:
    """How the rows of an entity type are read.

    Attributes:
      name: the entity type.
      id: the feature that identifies a row.
      rows: what RelationGen asks of a row that it uses; None: rows are tuples, made of such rows.
      roles: the roles of the tuples that hold such entities; empty: rows are entities.
      label: the feature whose values are the keys; None: there are none, or they come of links.
      layout: the features that are compared without training.
      slices: features whose values are kept.
      models: folders of SavedModels by name; each embeds the type by `embed_<name>`.
      folder: where shards are written.
      shards: how many.
    """

    name: str
    id: str
    rows: RowSpec | None
    roles: tuple[str, ...]
    label: str | None
    layout: Layout
    slices: tuple[str, ...]
    models: Mapping[str, str]
    folder: str
    shards: int

    def entities(self, record: bytes) -> Iterator[tf.train.Example]:
        """The entities of a record: itself, or the members of a tuple."""
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
class Encoded:
    """n entities; `vectors` by name, [n, d] each; `slices` of each the values, as text."""

    ids: U64
    names: list[bytes]
    keys: Keys
    slices: list[tuple[str, ...]]
    vectors: dict[str, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, places: Places) -> "Encoded":
        """Some of them."""
        return Encoded(
            self.ids[places],
            [self.names[i] for i in places.tolist()],
            self.keys.take(places),
            [self.slices[i] for i in places.tolist()],
            {name: vectors[places] for name, vectors in self.vectors.items()},
        )

    def points(self, name: str) -> Points:
        """As points by one of their vectors."""
        return Points(self.ids, self.keys, self.vectors[name])


def joined(parts: Sequence[Encoded]) -> Encoded:
    """All entities of some parts, by id, each once."""
    starts = np.concatenate([[0], *(np.diff(part.keys.starts) for part in parts)])
    every = Encoded(
        np.concatenate([part.ids for part in parts]),
        [name for part in parts for name in part.names],
        Keys(np.cumsum(starts), np.concatenate([part.keys.values for part in parts])),
        [values for part in parts for values in part.slices],
        {name: np.concatenate([part.vectors[name] for part in parts]) for name in parts[0].vectors},
    )
    return every.take(np.unique(every.ids, return_index=True)[1])


class Encode(beam.DoFn):
    """A file of rows → (shard, Encoded): parts of what belongs to a shard."""

    def __init__(self, plan: EntityPlan) -> None:
        self._plan = plan

    def setup(self) -> None:
        """Loads the models, and makes the C++ decoder, which does not pickle."""
        self._validated = RowValidator(self._plan.rows) if self._plan.rows is not None else None
        self._models = {name: tf.saved_model.load(path) for name, path in self._plan.models.items()}

    def process(self, path: str) -> Iterator[Any]:
        """Reads a file in batches."""
        for records in read_batches(path):
            if self._validated is not None:
                reasons = self._validated(records).reasons
                records = list(itertools.compress(records, [not reason for reason in reasons]))
            found: dict[bytes, tf.train.Example] = {}
            for record in records:
                for example in self._plan.entities(record):
                    for value in values_of(example, self._plan.id)[:1]:
                        found.setdefault(value, example)
            names = list(found)
            for start in range(0, len(names), BATCH):
                part = self._encoded(names[start : start + BATCH], found)
                shards = keys.multiply_shift(part.ids, self._plan.shards).astype(np.int64)
                for shard in np.unique(shards).tolist():
                    yield shard, part.take(np.flatnonzero(shards == shard))

    def _encoded(self, names: list[bytes], found: Mapping[bytes, tf.train.Example]) -> Encoded:
        plan, examples = self._plan, [found[name] for name in names]
        serialized = tf.constant([example.SerializeToString() for example in examples])
        vectors = {
            name: model.signatures[f"embed_{plan.name}"](examples=serialized)["embedding"].numpy()
            for name, model in self._models.items()
        }
        labels = [values_of(example, plan.label) if plan.label else [] for example in examples]
        return Encoded(
            hashes(names),
            names,
            Keys.of([hashes(values) for values in labels]),
            [
                tuple(text_of(values_of(example, name)) for name in plan.slices)
                for example in examples
            ],
            {**vectors, RAW: plan.layout.encode(examples)},
        )


def hashes(values: Sequence[bytes]) -> U64:
    """64 bits of each value; an integer is its decimal digits."""
    if not len(values):
        return np.zeros(0, dtype=np.uint64)
    return keys.hash_values(values, integers=False)


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


class WriteShard(beam.DoFn):
    """(shard, parts) → the number of entities, and the shard as a file."""

    def __init__(self, plan: EntityPlan) -> None:
        self._plan = plan

    def process(self, element: tuple[int, Iterable[Encoded]]) -> Iterator[int]:
        """Writes one shard."""
        shard, parts = element
        tf.io.gfile.makedirs(self._plan.folder)
        whole = joined(sorted(parts, key=lambda part: part.names))
        with tf.io.gfile.GFile(shard_path(self._plan, shard), "wb") as file:
            file.write(pickle.dumps(whole, protocol=pickle.HIGHEST_PROTOCOL))
        yield len(whole)


def shard_path(plan: EntityPlan, shard: int) -> str:
    """The file of a shard."""
    return os.path.join(plan.folder, f"{plan.name}-{shard:05d}")


def read_shards(plan: EntityPlan) -> Iterator[Encoded]:
    """The shards that hold entities, in the order of ids."""
    for shard in range(plan.shards):
        path = shard_path(plan, shard)
        if tf.io.gfile.exists(path):
            with tf.io.gfile.GFile(path, "rb") as file:
                yield pickle.load(io.BytesIO(file.read()))


@dataclass
class EncodeEntities(beam.PTransform):
    """Paths of files → how many entities each shard has."""

    plan: EntityPlan

    def expand(self, paths: beam.PCollection) -> beam.PCollection:
        """Encodes and writes."""
        return (
            paths
            | "Encode" >> beam.ParDo(Encode(self.plan))
            | "Gather" >> beam.GroupByKey()
            | "Write" >> beam.ParDo(WriteShard(self.plan))
        )
