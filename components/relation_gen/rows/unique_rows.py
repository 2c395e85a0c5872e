"""Keeps one row for each id. The choice does not depend on the order of rows."""

from dataclasses import dataclass

import numpy as np

from components.common.columns import take
from components.common.example_wire import values_at
from components.common.rows.row_requirements import EntitySpec
from components.relation_gen.batches import Entities
from relation.core.errors import DataError, show

DUPLICATE = "duplicate_id"
"""Reason to skip a row: it equals the row that is used."""
CONFLICTING = "conflicting_id"
"""Reason to skip a row: same id as the row that is used, other features."""


@dataclass(frozen=True)
class Unique:
    """Entities with distinct keys, sorted by key; and the ids of rows that were left out."""

    entities: Entities
    duplicates: list[bytes]
    conflicts: list[bytes]


def unique(entities: Entities, spec: EntitySpec) -> Unique:
    """Keeps one of the rows of each id: the one with the smallest payload.

    Args:
      entities: rows of one split.

    Raises:
      DataError: two different ids have the same 64-bit key.
    """
    order = np.argsort(entities.key, kind="stable")
    ordered = entities.key[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]][: len(ordered)])
    last = np.r_[first[1:], len(ordered)]
    keep = order[first]
    duplicates: list[bytes] = []
    conflicts: list[bytes] = []
    several = np.flatnonzero(last - first > 1).tolist()
    payloads = list(entities.payload) if several else []
    for group in several:
        rows = order[first[group] : last[group]].tolist()
        rows.sort(key=payloads.__getitem__)
        _check_same_id([payloads[row] for row in rows], spec)
        keep[group] = rows[0]
        for row in rows[1:]:
            same = payloads[row] == payloads[rows[0]]
            (duplicates if same else conflicts).append(id_of(payloads[row]))
    return Unique(take(entities, keep), duplicates, conflicts)


def _check_same_id(payloads: list[bytes], spec: EntitySpec) -> None:
    ids = sorted({id_of(payload) for payload in payloads})
    if len(ids) > 1:
        raise DataError(
            f"feature {spec.id.name!r}: the ids {show(ids[0])} and {show(ids[1])} have the same "
            "64-bit key, so their rows cannot be distinguished: change one of the ids"
        )


def id_of(payload: bytes) -> bytes:
    """The id in a payload; an integer as its decimal digits."""
    return values_at(payload, 0)[0]
