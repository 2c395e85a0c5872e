"""The wire format of tf.Example: taking an entity apart once, and joining members into tuples.

A tf.Example is `1: Features`, Features a map `1: {1: name, 2: Feature}`. Map entries may be joined
in any number under one length header, so a tuple is built by concatenation.

Within RelationGen an entity travels as its *payload*: for each feature of the schema, the id first,
then by name, varint(0) if it is absent, else varint(length + 1) and the serialized Feature.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from relation.names import ID, prefixed


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


_COMMON = tuple(map(_varint, range(1 << 14)))


def varint(value: int) -> bytes:
    """Encodes a non-negative integer, 7 bits in each byte, lowest first."""
    return _COMMON[value] if value < 1 << 14 else _varint(value)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Returns the value and where it ends; ValueError if it has more than 64 bits."""
    value = data[at]
    at += 1
    if value < 128:
        return value, at
    value &= 127
    shift = 7
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:  # It would grow by 7 bits a byte, in quadratic time.
            raise ValueError


def features_of(record: bytes) -> dict[bytes, bytes]:
    """Names and serialized Features of a serialized tf.Example.

    Raises:
      google.protobuf.message.DecodeError: it is not a tf.Example.
    """
    try:
        return _scan(record)
    except (IndexError, ValueError):  # An unusual encoding, or not a tf.Example.
        example = tf.train.Example.FromString(record)
        return {
            name.encode(): feature.SerializeToString(deterministic=True)
            for name, feature in example.features.feature.items()
        }


def _scan(record: bytes) -> dict[bytes, bytes]:
    """`features_of` for the encoding that every library writes; ValueError or IndexError for
    others."""
    values: dict[bytes, bytes] = {}
    end = len(record)
    if not end:
        return values
    size, at = _read_varint(record, 1)
    if record[0] != 0x0A or at + size != end:
        raise ValueError
    while at < end:
        # An entry: tag, length; of the name tag, length, bytes; of the value likewise.
        entry_tag = record[at]
        size, at = _read_varint(record, at + 1)
        stop = at + size
        name_tag = record[at]
        size, at = _read_varint(record, at + 1)
        name = record[at : at + size]
        at += size
        value_tag = record[at]
        size, at = _read_varint(record, at + 1)
        if entry_tag != 0x0A or name_tag != 0x0A or value_tag != 0x12 or at + size != stop:
            raise ValueError
        values[name] = record[at:stop]
        at = stop
    if at != end:
        raise ValueError
    return values


def payload(features: Mapping[bytes, bytes], names: Sequence[bytes]) -> bytes:
    """The payload of an entity: the named features, in that order."""
    return pack([features.get(name) for name in names])


def pack(values: Iterable[bytes | None]) -> bytes:
    """Serialized Features as a payload; None for an absent one."""
    parts = []
    for value in values:
        if value is None:
            parts.append(b"\0")
        else:
            parts += (varint(len(value) + 1), value)
    return b"".join(parts)


def content(data: bytes) -> bytes:
    """A payload without its first feature, the id."""
    size, at = _read_varint(data, 0)
    return data[at + max(size - 1, 0) :]


def payload_values(data: bytes) -> Iterator[bytes | None]:
    """The serialized Features in a payload, in order; None for an absent one."""
    at, end = 0, len(data)
    while at < end:
        size, at = _read_varint(data, at)
        if size:
            yield data[at : at + size - 1]
            at += size - 1
        else:
            yield None


def values_at(data: bytes, index: int) -> list[bytes]:
    """The values of the feature at an index of a payload, integers as their decimal digits."""
    feature = next(islice(payload_values(data), index, None))
    parsed = tf.train.Feature.FromString(feature or b"")
    if parsed.int64_list.value:
        return [b"%d" % value for value in parsed.int64_list.value]
    return [bytes(value) for value in parsed.bytes_list.value]


def first_value(feature: bytes) -> bytes:
    """The first value of a serialized Feature of bytes or integers, as bytes or decimal digits."""
    parsed = tf.train.Feature.FromString(feature)
    if parsed.int64_list.value:
        return b"%d" % parsed.int64_list.value[0]
    return bytes(parsed.bytes_list.value[0]) if parsed.bytes_list.value else b""


def joined(values: Iterable[bytes]) -> bytes:
    """Joins distinct values, sorted, each prefixed with its length."""
    return b"".join(varint(len(value)) + value for value in sorted(set(values)) if value)


def split_joined(data: bytes) -> list[bytes]:
    """Splits byte strings that are each prefixed with their length."""
    values, at = [], 0
    while at < len(data):
        size, at = _read_varint(data, at)
        values.append(data[at : at + size])
        at += size
    return values


MAX_CACHED = 1 << 14
"""Number of value lengths to cache for each feature."""


class Rekey:
    """Turns the payload of an entity into features named for one role."""

    def __init__(
        self, role: str, names: Sequence[str], id_feature: str, own: Sequence[str] = ()
    ) -> None:
        """Prepares the names.

        Args:
          names: the entity's features, sorted, as in the payload.
          own: names of the tuple's own features, which follow in the payload.
        """
        self._heads: list[tuple[bytes, ...]] = []
        for name in names:
            keys = {prefixed(role, name)}
            if name == id_feature:
                keys.add(prefixed(role, ID))
            self._heads.append(tuple(_entry_head(key) for key in sorted(keys)))
        self._heads += [(_entry_head(name),) for name in own]
        self._cached: list[dict[int, tuple[bytes, ...]]] = [{} for _ in self._heads]

    def __call__(self, values: Sequence[bytes | None]) -> bytes:
        """Serialized map entries `<role>_<feature>` and `<role>_id` of a payload's values."""
        parts: list[bytes] = []
        for number, value in enumerate(values):
            if value is not None:
                cached = self._cached[number]
                starts = cached.get(len(value)) or self._starts(number, len(value))
                for start in starts:
                    parts += (start, value)
        return b"".join(parts)

    def _starts(self, number: int, length: int) -> tuple[bytes, ...]:
        """The bytes before a value of a given length in each of its entries."""
        size, cached = varint(length), self._cached[number]
        if len(cached) >= MAX_CACHED:
            cached.clear()
        cached[length] = tuple(
            b"\x0a" + varint(len(head) + len(size) + length) + head + size
            for head in self._heads[number]
        )
        return cached[length]


def _entry_head(name: str) -> bytes:
    key = name.encode()
    return b"\x0a" + varint(len(key)) + key + b"\x12"


def floats(values: Sequence[float]) -> bytes:
    """A serialized Feature of floats."""
    return bytes(tf.train.Feature(float_list=tf.train.FloatList(value=values)).SerializeToString())


def keyed(values: Sequence[bytes], integer: bool) -> bytes:
    """A serialized Feature of bytes, or of integers given as decimal digits."""
    if integer:
        numbers = tf.train.Int64List(value=[int(value) for value in values])
        return bytes(tf.train.Feature(int64_list=numbers).SerializeToString())
    return bytes(tf.train.Feature(bytes_list=tf.train.BytesList(value=values)).SerializeToString())


def entry(name: str, feature: bytes) -> bytes:
    """The map entry of a serialized Feature."""
    head, size = _entry_head(name), varint(len(feature))
    return b"".join((b"\x0a", varint(len(head) + len(size) + len(feature)), head, size, feature))


def float_entries(name: str, values: npt.NDArray[np.float32]) -> list[bytes]:
    """The map entry of a feature of floats for each row of values, [n, width]."""
    n, width = values.shape
    template = entry(name, floats([0.0] * width))
    size = len(template) - 4 * width
    rows = np.empty((n, len(template)), dtype=np.uint8)
    rows[:, :size] = np.frombuffer(template, dtype=np.uint8, count=size)
    rows[:, size:] = np.ascontiguousarray(values, dtype="<f4").view(np.uint8)
    data, step = rows.tobytes(), len(template)
    return [data[at : at + step] for at in range(0, n * step, step)]


def example(*entries: bytes) -> bytes:
    """The serialized tf.Example of joined map entries."""
    body = b"".join(entries)
    return b"".join((b"\x0a", varint(len(body)), body))
