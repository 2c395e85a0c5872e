"""64-bit keys of values, and the purposes of random draws."""

import enum
import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
Ints = npt.NDArray[np.integer[Any]]


class Purpose(enum.IntEnum):
    """What random bits are for; each purpose has its own stream."""

    POSITIVES = 1
    NEGATIVES = 2
    ORDER = 3
    SHARES = 4
    PAIRS = 5
    CUTS = 6
    SPLITS = 7


_HASH_KEYS = {False: "relata bytes key", True: "relata int64 key"}  # SipHash needs 16 characters.


def hash_values(values: Sequence[bytes], *, integers: bool) -> U64:
    """Hash values to 64 bits (SipHash-2-4, finalized as in SplitMix64), the same on every machine.

    Args:
      values: n byte strings; integers as their decimal digits.
      integers: whether they are integers, which never hash like equal-looking bytes.

    Returns:
      uint64 [n].
    """
    column = np.empty(len(values), dtype=object)
    column[:] = values
    hashed = pd.util.hash_array(column, hash_key=_HASH_KEYS[integers], categorize=False)
    return np.asarray(hashed, dtype=np.uint64)


def derived_id(payload: bytes, *, integer: bool) -> bytes:
    """Derive an id from an entity's features: equal features are one entity.

    Args:
      payload: the serialized features.
      integer: whether the id is decimal digits (of 63 bits) or text (32 hexadecimal digits).
    """
    digest = hashlib.sha256(payload).digest()
    if integer:
        return b"%d" % (int.from_bytes(digest[:8], "big") >> 1)
    return digest[:16].hex().encode()


def split_of(feature: bytes, buckets: Sequence[int]) -> int:
    """The split that TFX's ExampleGen gives a row.

    Args:
      feature: its id, a serialized tf.train.Feature.
      buckets: hash buckets of each split.
    """
    bucket = int.from_bytes(hashlib.sha256(feature).digest(), "big") % sum(buckets)
    for index, size in enumerate(buckets):
        if bucket < size:
            return index
        bucket -= size
    raise AssertionError(buckets)
