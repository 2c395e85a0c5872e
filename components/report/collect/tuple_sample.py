"""A bounded, seeded sample of tuples, with the members that they hold as entities of their own."""

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.report.request import ReportRequest
from components.report.text import Value
from relation.names import ID, POSITIVE_IDS, RELATION, tuple_feature_names

MEMBERS = 6_000
"""Members of all tuples of a sample: what the model is asked to embed."""
_BYTES = 256 * 2**20
"""Of tuples that are looked at."""


@dataclass(frozen=True)
class Member:
    """An entity in a tuple.

    Attributes:
      entity: its type.
      id: its id; of a number, its decimal digits.
      features: the values of each feature that it has.
    """

    entity: str
    id: bytes
    features: Mapping[str, tuple[Value, ...]]

    @property
    def key(self) -> tuple[str, bytes]:
        """What identifies it."""
        return self.entity, self.id

    def serialized(self) -> bytes:
        """The raw tf.Example, as `embed_<type>` takes it."""
        example = tf.train.Example()
        for name, values in self.features.items():
            _put(example.features.feature[name], values)
        return bytes(example.SerializeToString(deterministic=True))


def _put(feature: tf.train.Feature, values: tuple[Value, ...]) -> None:
    lists = {bytes: feature.bytes_list, int: feature.int64_list, float: feature.float_list}
    lists[type(values[0])].value.extend(values)


@dataclass(frozen=True)
class Related:
    """A tuple.

    Attributes:
      record: the serialized tf.Example, as `evaluate` takes it.
      members: by role; a role may be absent.
      label: the values of `relation`; empty where there is none.
      positives: ids of known positives of its first member, where tuples carry them.
    """

    record: bytes
    members: Mapping[str, Member]
    label: tuple[float, ...]
    positives: tuple[bytes, ...]


@dataclass(frozen=True)
class Sample:
    """Tuples of the eval split: all those of some anchors (or queries), or of all.

    Attributes:
      tuples: in an order that depends on no file.
      whole: whether these are all tuples there are.
    """

    tuples: tuple[Related, ...]
    whole: bool

    @property
    def labels(self) -> npt.NDArray[np.float64]:
        """[n, width]."""
        return np.array([found.label for found in self.tuples], dtype=np.float64)

    @property
    def members(self) -> dict[tuple[str, bytes], Member]:
        """Every entity, once, by type and id."""
        return {m.key: m for found in self.tuples for m in found.members.values()}


def sample(records: Iterable[bytes], request: ReportRequest, members: int = MEMBERS) -> Sample:
    """Takes anchors in the order of a hash of their ids, each with all of its tuples.

    The anchor of a tuple is the query of a ranking, or else the first member. Only as many tuples
    are looked at as fit into a bound of bytes.

    Args:
      records: serialized tuples.
      request: says what is in them.
      members: how many members the tuples may have in all; of one anchor there may be more.
    """
    reader = _Reader(request)
    limit = max(1, members // len(request.relation.roles))
    # A heap of the smallest hashes of anchors; what is larger than all of them is dropped at once.
    kept: dict[bytes, list[Related]] = {}
    largest: list[tuple[int, bytes]] = []
    count = seen = dropped = 0
    for record in records:
        if seen > _BYTES:
            dropped += 1
            break
        seen += len(record)
        found = reader.read(record)
        anchor = _hash(reader.anchor(found), request.materialization.relation.seed)
        if anchor not in kept:
            heapq.heappush(largest, (-int.from_bytes(anchor, "big"), anchor))
            kept[anchor] = []
        kept[anchor].append(found)
        count += 1
        while count - len(kept[largest[0][1]]) >= limit:
            _, last = heapq.heappop(largest)
            count -= len(kept.pop(last))
            dropped += 1
    ordered = sorted(kept.items())
    tuples = [found for _, group in ordered for found in sorted(group, key=lambda t: t.record)]
    return Sample(tuple(tuples), whole=not dropped)


def _hash(text: bytes, seed: int) -> bytes:
    return hashlib.blake2b(text, digest_size=8, key=seed.to_bytes(8, "big")).digest()


class _Reader:
    """Takes tuples apart."""

    def __init__(self, request: ReportRequest):
        relation = request.relation
        names = {
            role.name: [feature.name for feature in request.features[role.entity]]
            for role in relation.roles
        }
        self._origin = tuple_feature_names(names)
        self._entities = {role.name: role.entity for role in relation.roles}
        self._ids = request.materialization.entities
        self._anchor = "query" if "query" in self._entities else relation.roles[0].name

    def read(self, record: bytes) -> Related:
        found: dict[str, dict[str, tuple[Value, ...]]] = {}
        own: dict[str, tuple[Value, ...]] = {}
        for name, feature in tf.train.Example.FromString(record).features.feature.items():
            values = values_of(feature)
            if not values:
                continue
            if name in self._origin:
                role, of = self._origin[name]
                found.setdefault(role, {})[of] = values
            else:
                own[name] = values
        return Related(
            record,
            {role: self._member(role, found[role]) for role in self._entities if role in found},
            tuple(float(v) for v in own.get(RELATION, ())),
            tuple(as_id(value) for value in own.get(POSITIVE_IDS, ())),
        )

    def _member(self, role: str, features: dict[str, tuple[Value, ...]]) -> Member:
        entity = self._entities[role]
        identity = features.pop(ID)
        return Member(entity, as_id(identity[0]), {self._ids[entity]: identity, **features})

    def anchor(self, found: Related) -> bytes:
        member = found.members.get(self._anchor) or next(iter(found.members.values()))
        return member.id


def as_id(value: Value) -> bytes:
    """A key as bytes: of a number, its decimal digits."""
    return value if isinstance(value, bytes) else str(value).encode()


def values_of(feature: tf.train.Feature) -> tuple[Value, ...]:
    """The values of a feature of a tf.Example."""
    kind = feature.WhichOneof("kind")
    return tuple(getattr(feature, kind).value) if kind else ()


def records_of(patterns: Sequence[str]) -> Iterator[bytes]:
    """The records of gzipped TFRecord files, file by file in the order of their names."""
    files = sorted(path for pattern in patterns for path in tf.io.gfile.glob(pattern))
    for batch in tf.data.TFRecordDataset(files, "GZIP").batch(256).as_numpy_iterator():
        yield from batch.tolist()
