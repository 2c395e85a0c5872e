"""64-bit keys, and the pseudo-random words of all draws: pure functions of their input."""

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
    """What random bits are for: each purpose has a stream of its own."""

    POSITIVES = 1
    NEGATIVES = 2
    ORDER = 3
    SHARES = 4
    PAIRS = 5
    CUTS = 6
    SPLITS = 7


_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1
_HASH_KEYS = {False: "relata bytes key", True: "relata int64 key"}  # SipHash wants 16 characters.


def hash_values(values: Sequence[bytes], *, integers: bool) -> U64:
    """Hash values to 64 bits (SipHash-2-4, finalized by `mix`), the same on every machine.

    Args:
      values: n byte strings; integers as their decimal digits.
      integers: whether they are integers, which hash apart from equal-looking bytes.

    Returns:
      uint64 [n].
    """
    column = np.empty(len(values), dtype=object)
    column[:] = values
    hashed = pd.util.hash_array(column, hash_key=_HASH_KEYS[integers], categorize=False)
    return np.asarray(hashed, dtype=np.uint64)


def mix(x: U64) -> U64:
    """The finalizer of SplitMix64 (Steele, Lea, Flood 2014): a bijection that mixes all bits.

    Args:
      x: uint64, of any shape [...].

    Returns:
      uint64, of the same shape.
    """
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def random_bits(seed: int, purpose: int, key: U64, slot: Ints) -> U64:
    """A pseudo-random word for each (seed, purpose, key, slot).

    Args:
      seed, purpose: scalars.
      key: uint64, of any shape [...].
      slot: integers of any dtype, of a shape that broadcasts with that of `key`.

    Returns:
      uint64, of the broadcast shape.
    """
    base = mix(np.array([(seed + (purpose + 1) * _GOLDEN) & _MASK], dtype=np.uint64))
    return mix(mix(key ^ base) + slot.astype(np.uint64) * np.uint64(_GOLDEN))


def multiply_shift(bits: U64, size: U64 | int) -> U64:
    """Map words to [0, size): the high half of the 128-bit product; monotone in the word.

    Args:
      bits: uint64, of any shape [...].
      size: uint64 of a shape that broadcasts with that of `bits`, or a scalar.

    Returns:
      uint64, of the broadcast shape.
    """
    n = np.asarray(size, dtype=np.uint64)
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    a1, a0, b1, b0 = bits >> half, bits & low, n >> half, n & low
    cross = a1 * b0 + ((a0 * b0) >> half)
    other = a0 * b1 + (cross & low)
    return np.asarray(a1 * b1 + (cross >> half) + (other >> half), dtype=np.uint64)


def small_multiply_shift(bits: U64, size: I64) -> I64:
    """Map words to [0, size), size up to 2^52, by their upper 53 bits: as exact, and faster.

    The product is below `size` even when it is rounded, since (1 - 2^-53) * size is.

    Args:
      bits: uint64, of any shape [...].
      size: int64, of a shape that broadcasts with that of `bits`.

    Returns:
      int64, of the broadcast shape.
    """
    return ((bits >> np.uint64(11)).astype(np.float64) * (size * 2.0**-53)).astype(np.int64)


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
