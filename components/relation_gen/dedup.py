"""One row for each id: which one wins depends on the rows alone, not on their order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from components.relation_gen.columns import Entities, Strings
from components.relation_gen.layout import show
from components.relation_gen.rows import RowSpec
from components.relation_gen.wire import payload_values
from relation.errors import DataError

DUPLICATE = "duplicate_id"
"""Skipped: equal in every feature to the row that is used."""
CONFLICTING = "conflicting_id"
"""Skipped: has the id of the row that is used, and differs from it."""


@dataclass(frozen=True)
class Unique:
    """Entities with distinct keys, sorted by key; and the ids of rows that were left out."""

    entities: Entities
    duplicates: list[bytes]
    conflicts: list[bytes]


def unique(parts: Sequence[Entities], spec: RowSpec) -> Unique:
    """Joins parts, and keeps of rows with one id the one with the smallest payload.

    Raises:
      DataError: two different ids have the same 64-bit key.
    """
    key = np.concatenate([part.key for part in parts])
    label = np.concatenate([part.label for part in parts])
    payloads = [data for part in parts for data in part.payload]
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]][: len(ordered)])
    last = np.r_[first[1:], len(ordered)]
    keep = order[first]
    duplicates: list[bytes] = []
    conflicts: list[bytes] = []
    for group in np.flatnonzero(last - first > 1).tolist():
        rows = order[first[group] : last[group]].tolist()
        rows.sort(key=payloads.__getitem__)
        _check_same_id([payloads[row] for row in rows], spec)
        keep[group] = rows[0]
        for row in rows[1:]:
            same = payloads[row] == payloads[rows[0]]
            skipped = duplicates if same else conflicts
            skipped.append(key_value(payloads[row], spec.id_feature, spec))
    return Unique(
        Entities(key[keep], label[keep], Strings.of([payloads[row] for row in keep.tolist()])),
        duplicates,
        conflicts,
    )


def _check_same_id(payloads: list[bytes], spec: RowSpec) -> None:
    ids = sorted({key_value(data, spec.id_feature, spec) for data in payloads})
    if len(ids) > 1:
        raise DataError(
            f"feature {spec.id_feature!r}: the ids {show(ids[0])} and {show(ids[1])} have the same "
            "64-bit key, so their rows cannot be told apart: change one of the ids"
        )


def key_value(data: bytes, name: str, spec: RowSpec) -> bytes:
    """The one value of an id or label feature in a payload; an integer as its decimal digits."""
    value = list(payload_values(data))[spec.names.index(name)]
    feature = tf.train.Feature.FromString(value or b"")
    if feature.int64_list.value:
        return b"%d" % feature.int64_list.value[0]
    return bytes(feature.bytes_list.value[0])
