"""The key that rows are grouped by: the values of a feature, or a function of each value."""

from collections.abc import Iterable, Sequence

import numpy as np

from components.common import hashing
from components.common.example_wire import joined
from components.common.rows.row_requirements import EntitySpec
from components.common.rows.row_validation import ValidatedRows
from relation.core.errors import DataError, named, show
from relation.core.plugins import imported


def group_hashes(spec: EntitySpec, validated: ValidatedRows, rows: Sequence[int]) -> hashing.U64:
    """The hash of each row's group, uint64 [n]; 0 where rows are not grouped."""
    at = spec.rows.key_index(spec.group)
    if at is None:
        return np.zeros(len(rows), dtype=np.uint64)
    key, values = spec.rows.keys[at], validated.keys[at]
    if spec.group_key is None:
        integers = key.integer and key.several is not None
        return hashing.hash_values([values[row] for row in rows], integers=integers)
    several = validated.raw.get(at)  # A single value is held in `keys`.
    labels = [group_label(spec, several[row] if several else [values[row]]) for row in rows]
    return hashing.hash_values(labels, integers=False)


def group_label(spec: EntitySpec, values: Iterable[bytes]) -> bytes:
    """Encodes a set of values as one group: distinct keys, sorted, each prefixed with its
    length."""
    if spec.group_key is not None:
        values = [_key(spec.group_key, value) for value in values]
    return joined(values)


def _key(function: str, value: bytes) -> bytes:
    """What a function of the user's makes of a value.

    Raises:
      DataError: it raises, or does not give bytes.
    """
    try:
        key = imported(function)(value)
    except Exception as error:
        raise DataError(f"group key {function}: raised {named(error)} for {show(value)}") from error
    if not isinstance(key, bytes):
        raise DataError(f"group key {function}: gave {key!r:.80} for {show(value)}; expected bytes")
    return key
