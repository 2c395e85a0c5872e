"""Draw a bounded, seeded sample of tuples, and split each into its members."""

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.report.request import ReportRequest
from relation.files.feature_values import Value, values_of
from relation.names import ID, POSITIVE_IDS, RELATION, tuple_feature_names

MEMBERS = 6_000
"""Members in a sample at most, because the model embeds each of them."""
_BYTES = 256 * 2**20
"""Bytes of tuples that are read at most."""


@dataclass(frozen=True)
class Member:
    """An entity in a tuple.

    Attributes:
      entity: its entity type.
      id: its id; decimal digits where the id is a number.
      features: values of each feature that is present.
    """

    entity: str
    id: bytes
    features: Mapping[str, tuple[Value, ...]]

    @property
    def key(self) -> tuple[str, bytes]:
        """Entity type and id."""
        return self.entity, self.id

    def serialized(self) -> bytes:
        """Serialize the raw tf.Example for the signature `embed_<type>`."""
        example = tf.train.Example()
        for name, values in self.features.items():
            _put(example.features.feature[name], values)
        return bytes(example.SerializeToString(deterministic=True))


def _put(feature: tf.train.Feature, values: tuple[Value, ...]) -> None:
    lists = {bytes: feature.bytes_list, int: feature.int64_list, float: feature.float_list}
    lists[type(values[0])].value.extend(values)


@dataclass(frozen=True)
class SampledTuple:
    """A tuple of the sample.

    Attributes:
      record: serialized tf.Example for the signature `evaluate`.
      members: by role; optional roles may be absent.
      label: values of `relation`; empty where there is none.
      positives: ids of the known positives of its first member, if stored.
    """

    record: bytes
    members: Mapping[str, Member]
    label: tuple[float, ...]
    positives: tuple[bytes, ...]


@dataclass(frozen=True)
class Sample:
    """Tuples of the eval split: for each sampled anchor (or query) all of its tuples.

    Attributes:
      tuples: in an order that does not depend on files.
      whole: whether the sample holds every tuple.
    """

    tuples: tuple[SampledTuple, ...]
    whole: bool

    @property
    def labels(self) -> npt.NDArray[np.float64]:
        """Labels, float64 [n, width]."""
        return np.array([t.label for t in self.tuples], dtype=np.float64)

    @property
    def members(self) -> dict[tuple[str, bytes], Member]:
        """Every entity of the sample once, by entity type and id."""
        return {m.key: m for t in self.tuples for m in t.members.values()}


def sample(records: Iterable[bytes], request: ReportRequest, members: int = MEMBERS) -> Sample:
    """Sample anchors by a hash of their ids, each with all of its tuples.

    The anchor of a tuple is the query of a ranking, or else its first member. Reading stops at
    `_BYTES`.

    Args:
      records: serialized tuples.
      request: describes the tuples.
      members: limit of members in the sample; a single anchor may exceed it.
    """
    reader = _Reader(request)
    limit = max(1, members // len(request.relation.roles))
    # Keep the anchors with the smallest hashes; the heap finds the largest of them to drop.
    kept: dict[bytes, list[SampledTuple]] = {}
    largest: list[tuple[int, bytes]] = []
    count = read_bytes = dropped = 0
    for record in records:
        if read_bytes > _BYTES:
            dropped += 1
            break
        read_bytes += len(record)
        sampled = reader.read(record)
        anchor = _hash(reader.anchor(sampled), request.compiled.seed)
        if anchor not in kept:
            heapq.heappush(largest, (-int.from_bytes(anchor, "big"), anchor))
            kept[anchor] = []
        kept[anchor].append(sampled)
        count += 1
        while count - len(kept[largest[0][1]]) >= limit:
            _, last = heapq.heappop(largest)
            count -= len(kept.pop(last))
            dropped += 1
    ordered = sorted(kept.items())
    tuples = [t for _, group in ordered for t in sorted(group, key=lambda t: t.record)]
    return Sample(tuple(tuples), whole=not dropped)


def _hash(text: bytes, seed: int) -> bytes:
    return hashlib.blake2b(text, digest_size=8, key=seed.to_bytes(8, "big")).digest()


class _Reader:
    """Splits serialized tuples into members and label."""

    def __init__(self, request: ReportRequest):
        relation = request.relation
        names = {
            role.name: [feature.name for feature in request.features[role.entity]]
            for role in relation.roles
        }
        self._origin = tuple_feature_names(names)
        self._entities = {role.name: role.entity for role in relation.roles}
        self._ids = request.compiled.entities
        self._anchor = "query" if "query" in self._entities else relation.roles[0].name

    def read(self, record: bytes) -> SampledTuple:
        by_role: dict[str, dict[str, tuple[Value, ...]]] = {}
        own: dict[str, tuple[Value, ...]] = {}
        for name, feature in tf.train.Example.FromString(record).features.feature.items():
            values = values_of(feature)
            if not values:
                continue
            if name in self._origin:
                role, feature_name = self._origin[name]
                by_role.setdefault(role, {})[feature_name] = values
            else:
                own[name] = values
        return SampledTuple(
            record,
            {role: self._member(role, by_role[role]) for role in self._entities if role in by_role},
            tuple(float(v) for v in own.get(RELATION, ())),
            tuple(as_id(value) for value in own.get(POSITIVE_IDS, ())),
        )

    def _member(self, role: str, features: dict[str, tuple[Value, ...]]) -> Member:
        entity = self._entities[role]
        identity = features.pop(ID)
        return Member(entity, as_id(identity[0]), {self._ids[entity]: identity, **features})

    def anchor(self, sampled: SampledTuple) -> bytes:
        member = sampled.members.get(self._anchor) or next(iter(sampled.members.values()))
        return member.id


def as_id(value: Value) -> bytes:
    """Convert an id to bytes: a number to its decimal digits."""
    return value if isinstance(value, bytes) else str(value).encode()


def records_of(patterns: Sequence[str]) -> Iterator[bytes]:
    """Yield the records of gzipped TFRecord files, in the order of the file names."""
    files = sorted(path for pattern in patterns for path in tf.io.gfile.glob(pattern))
    for batch in tf.data.TFRecordDataset(files, "GZIP").batch(256).as_numpy_iterator():
        yield from batch.tolist()
