"""Beam: reads the member ids, labels and weights of edges and tuples, in one fixed order."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.common import hashing, shuffle_store
from components.common.columns import Batch, take
from components.common.edge_splits import hashed_splits
from components.corpus_evaluator.embeddings.encode import hashes, values_of
from relation.compiled import CompiledRelation
from relation.files.tfrecord_reader import read_batches
from relation.names import EVAL, RELATION, RELATION_WEIGHT, TRAIN, prefixed
from relation.retrieval.points import U64

F32 = npt.NDArray[np.float32]
ELSEWHERE = -1
"""Label of an edge that is neither of training nor of the measured split."""


@dataclass(frozen=True, eq=False)
class IdTuples(Batch):
    """n edges or tuples, by the ids of their members.

    Attributes:
      members: hashes of the ids of each row's members, uint64 [n, m]; 0 if there is none.
      labels: float32 [n, width].
      weights: float32 [n].
    """

    members: U64
    labels: F32
    weights: F32


def joined(parts: Sequence[IdTuples], members: int, width: int) -> IdTuples:
    """Concatenates parts, sorted by members, then labels, then weights."""
    empty = IdTuples(
        np.zeros((0, members), np.uint64), np.zeros((0, width), np.float32), np.zeros(0, np.float32)
    )
    every = [empty, *parts]
    ids = np.concatenate([part.members for part in every])
    labels = np.concatenate([part.labels for part in every])
    weights = np.concatenate([part.weights for part in every])
    order = np.lexsort([weights, *labels.T, *ids.T])
    return take(IdTuples(ids, labels, weights), order)


def read(folder: str, members: int, width: int) -> IdTuples:
    """Reads all that `_Read` has written to a folder."""
    parts = []
    for path in sorted(tf.io.gfile.glob(os.path.join(folder, "*"))):
        with tf.io.gfile.GFile(path, "rb") as file:
            part = shuffle_store.loads(IdTuples, file.read())
        n = len(part.weights)
        shaped = part.members.reshape(n, members), part.labels.reshape(n, width)
        parts.append(IdTuples(*shaped, part.weights))
    return joined(parts, members, width)


class _Read(beam.DoFn):
    """Reads a file of rows and writes its tuples to a folder: path → number of tuples."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def extract(self, examples: Sequence[tf.train.Example]) -> IdTuples:
        """The tuples in a batch of rows."""
        raise NotImplementedError

    def process(self, path: str) -> Iterator[int]:
        """Reads a file in batches."""
        tf.io.gfile.makedirs(self._folder)
        name = hashlib.sha256(path.encode()).hexdigest()[:16]
        for number, records in enumerate(read_batches(path)):
            batch = self.extract([tf.train.Example.FromString(record) for record in records])
            part = os.path.join(self._folder, f"{name}-{number:06d}")
            with tf.io.gfile.GFile(part, "wb") as file:
                file.write(shuffle_store.dumps(batch))
            yield len(batch.weights)


class ReadTuples(_Read):
    """Reads tuples: the members of all roles, label and weight."""

    def __init__(self, folder: str, compiled: CompiledRelation) -> None:
        super().__init__(folder)
        relation = compiled.tuples
        self._roles = [prefixed(role.name, "id") for role in relation.roles]
        self._width = relation.width if relation.label.value != "none" else 0

    def extract(self, examples: Sequence[tf.train.Example]) -> IdTuples:
        return IdTuples(
            np.stack([_ids(examples, name) for name in self._roles], axis=1),
            _numbers(examples, RELATION, self._width, 0.0),
            _numbers(examples, RELATION_WEIGHT, 1, 1.0)[:, 0],
        )


class ReadEdges(_Read):
    """Reads the endpoints of the edges whose label says "related".

    Labels: 1 for an edge of the measured split, 0 for one of training, −1 for one of another split.
    Where an end is in one split alone that decides, and all are 1.
    """

    def __init__(
        self, folder: str, compiled: CompiledRelation, split: str, measured: str = EVAL
    ) -> None:
        """Reads files of a split; one that tuples do not have: a hash says it of each edge."""
        super().__init__(folder)
        assert compiled.edge_table is not None
        self._edges, self._compiled, self._split = compiled.edge_table, compiled, split
        self._measured = measured

    def extract(self, examples: Sequence[tf.train.Example]) -> IdTuples:
        edges = self._edges
        related = edges.related(_numbers(examples, edges.value or "", 1, 0.0)[:, 0])
        kept = [example for example, good in zip(examples, related, strict=True) if good]
        endpoints = np.stack([_ids(kept, end.id) for end in (edges.left, edges.right)], axis=1)
        held_out = self._labels(kept)
        if edges.symmetric:
            endpoints = np.concatenate([endpoints, endpoints[:, ::-1]])
            held_out = np.concatenate([held_out, held_out])
        return IdTuples(endpoints, held_out[:, None], np.ones(len(endpoints), dtype=np.float32))

    def _labels(self, examples: Sequence[tf.train.Example]) -> F32:
        """The label of each edge, float32 [n], by its split as RelationGen decides it."""
        compiled, edges = self._compiled, self._edges
        if not compiled.filtered:
            return np.ones(len(examples), dtype=np.float32)
        names = list(compiled.shares)
        if self._split in names:
            splits = np.full(len(examples), names.index(self._split))
        else:
            ends = (_keys(examples, end.id) for end in (edges.left, edges.right))
            splits = hashed_splits(compiled, list(compiled.shares.values()), *ends)
        label = {self._measured: 1, TRAIN: 0}
        return np.array([label.get(name, ELSEWHERE) for name in names], dtype=np.float32)[splits]


def _ids(examples: Sequence[tf.train.Example], name: str) -> U64:
    """Hashes of the ids in a feature, uint64 [n]; 0 if it is missing."""
    ids = [values_of(example, name)[:1] for example in examples]
    out = np.zeros(len(examples), dtype=np.uint64)
    present = [i for i, values in enumerate(ids) if values]
    out[present] = hashes([ids[i][0] for i in present])
    return out


def _keys(examples: Sequence[tf.train.Example], name: str) -> U64:
    """RelationGen's keys of the ids in a feature, uint64 [n]."""
    ids = [(values_of(example, name) or [b""])[0] for example in examples]
    integers = any(example.features.feature[name].HasField("int64_list") for example in examples)
    return hashing.hash_values(ids, integers=integers)


def _numbers(examples: Sequence[tf.train.Example], name: str, width: int, default: float) -> F32:
    """The values of a feature, float32 [n, width]; `default` where one is missing."""
    out = np.full((len(examples), width), default, dtype=np.float32)
    for row, example in zip(out, examples, strict=True):
        if name in example.features.feature:
            feature: Any = example.features.feature[name]
            values = feature.float_list.value or feature.int64_list.value
            row[: len(values)] = values[:width]
    return out
