"""SplitMix64: pseudo-random bits as a pure function of ids, and their mapping to ranges.

Steele, Lea, Flood: Fast splittable pseudorandom number generators (OOPSLA 2014).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
Ints = npt.NDArray[np.integer[Any]]

GOLDEN = 0x9E3779B97F4A7C15
"""What SplitMix64 adds to its state at each step: 2^64 divided by the golden ratio."""
_MASK = (1 << 64) - 1


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
    """64 pseudo-random bits for each (seed, purpose, key, slot).

    Args:
      seed, purpose: scalars.
      key: uint64, of any shape [...].
      slot: integers of any dtype, of a shape that broadcasts with that of `key`.

    Returns:
      uint64, of the broadcast shape.
    """
    base = mix(np.array([(seed + (purpose + 1) * GOLDEN) & _MASK], dtype=np.uint64))
    return mix(mix(key ^ base) + slot.astype(np.uint64) * np.uint64(GOLDEN))


def multiply_shift(bits: U64, size: U64 | int) -> U64:
    """Map random bits to [0, size): the high half of the 128-bit product; monotone in the bits.

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
    """Map random bits to [0, size), size up to 2^52, by the upper 53 bits: as exact, and faster.

    The product is below `size` even when it is rounded, since (1 - 2^-53) * size is.

    Args:
      bits: uint64, of any shape [...].
      size: int64, of a shape that broadcasts with that of `bits`.

    Returns:
      int64, of the broadcast shape.
    """
    return ((bits >> np.uint64(11)).astype(np.float64) * (size * 2.0**-53)).astype(np.int64)
