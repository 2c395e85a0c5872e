"""Beam: rows of edges and tuples → files of ids, labels and weights; all of them in one order."""

import hashlib
import os
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.common.tfrecord_reader import read_batches
from components.corpus_evaluator.embeddings.encode import hashes, values_of
from components.corpus_evaluator.embeddings.points import U64
from relation import kinds
from relation.materialization import Materialization
from relation.names import RELATION, RELATION_WEIGHT, prefixed

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Links:
    """n rows that name members.

    Attributes:
      members: hashes of the ids of each row's members, [n, m]; 0 where there is none.
      labels: [n, width].
      weights: [n].
    """

    members: U64
    labels: F32
    weights: F32


def joined(parts: Sequence[Links], members: int, width: int) -> Links:
    """All rows of some parts, ordered by what they hold."""
    nothing = Links(
        np.zeros((0, members), np.uint64), np.zeros((0, width), np.float32), np.zeros(0, np.float32)
    )
    every = [nothing, *parts]
    ids = np.concatenate([part.members for part in every])
    labels = np.concatenate([part.labels for part in every])
    weights = np.concatenate([part.weights for part in every])
    order = np.lexsort([weights, *labels.T, *ids.T])
    return Links(ids[order], labels[order], weights[order])


def read(folder: str, members: int, width: int) -> Links:
    """What `_Read` has written to a folder."""
    parts = []
    for path in sorted(tf.io.gfile.glob(os.path.join(folder, "*"))):
        with tf.io.gfile.GFile(path, "rb") as file:
            parts.append(pickle.loads(file.read()))
    return joined(parts, members, width)


class _Read(beam.DoFn):
    """A file of rows → how many links it has; they are written to `folder`."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def links(self, examples: Sequence[tf.train.Example]) -> Links:
        """The links of a batch of rows."""
        raise NotImplementedError

    def process(self, path: str) -> Iterator[int]:
        """Reads a file in batches."""
        tf.io.gfile.makedirs(self._folder)
        name = hashlib.sha256(path.encode()).hexdigest()[:16]
        for number, records in enumerate(read_batches(path)):
            found = self.links([tf.train.Example.FromString(record) for record in records])
            place = os.path.join(self._folder, f"{name}-{number:06d}")
            with tf.io.gfile.GFile(place, "wb") as file:
                file.write(pickle.dumps(found, protocol=pickle.HIGHEST_PROTOCOL))
            yield len(found.weights)


class ReadTuples(_Read):
    """Links of the roles of tuples."""

    def __init__(self, folder: str, asked: Materialization) -> None:
        super().__init__(folder)
        relation = asked.tuples
        self._roles = [prefixed(role.name, "id") for role in relation.roles]
        self._width = relation.width if relation.label.value != "none" else 0

    def links(self, examples: Sequence[tf.train.Example]) -> Links:
        return Links(
            np.stack([_ids(examples, name) for name in self._roles], axis=1),
            _numbers(examples, RELATION, self._width, 0.0),
            _numbers(examples, RELATION_WEIGHT, 1, 1.0)[:, 0],
        )


class ReadEdges(_Read):
    """Links of both ends of edges that say "related"."""

    def __init__(self, folder: str, asked: Materialization) -> None:
        super().__init__(folder)
        assert asked.edges is not None
        assert isinstance(asked.relation.source, kinds.EdgeSource)
        self._edges, self._source = asked.edges, asked.relation.source

    def links(self, examples: Sequence[tf.train.Example]) -> Links:
        edges, source = self._edges, self._source
        related = np.ones(len(examples), dtype=bool)
        if edges.value is not None and source.label in ("binary", "scalar"):
            least = 1.0 if source.positive_from is None else source.positive_from
            related = _numbers(examples, edges.value, 1, 0.0)[:, 0] >= least
        kept = [example for example, good in zip(examples, related, strict=True) if good]
        ends = np.stack([_ids(kept, end.id) for end in (edges.left, edges.right)], axis=1)
        if source.symmetric:
            ends = np.concatenate([ends, ends[:, ::-1]])
        nothing = np.zeros((len(ends), 0), dtype=np.float32)
        return Links(ends, nothing, np.ones(len(ends), dtype=np.float32))


def _ids(examples: Sequence[tf.train.Example], name: str) -> U64:
    found = [values_of(example, name)[:1] for example in examples]
    out = np.zeros(len(examples), dtype=np.uint64)
    known = [i for i, values in enumerate(found) if values]
    out[known] = hashes([found[i][0] for i in known])
    return out


def _numbers(examples: Sequence[tf.train.Example], name: str, width: int, default: float) -> F32:
    out = np.full((len(examples), width), default, dtype=np.float32)
    for row, example in zip(out, examples, strict=True):
        if name in example.features.feature:
            feature: Any = example.features.feature[name]
            values = feature.float_list.value or feature.int64_list.value
            row[: len(values)] = values[:width]
    return out
