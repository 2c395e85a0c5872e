"""The moment that splits rows by time: an exact quantile, found without sorting the rows.

Times are mapped to 64-bit codes of the same order. A pass counts the rows by 16 bits of their
codes. The counts of all partitions are added and tell which of the 65,536 bins holds the wanted
row; the next pass counts within that bin by the next 16 bits. Four passes determine every bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.hashing import I64, U64

PASSES = 4
_BITS = 16
_SIGN = 1 << 63

Histogram = Mapping[int, int]
"""Number of rows by bin, without empty bins."""


def int_codes(times: I64) -> U64:
    """Codes in the order of the times: int64 [n] → uint64 [n]."""
    return times.astype(np.int64).view(np.uint64) ^ np.uint64(_SIGN)


def float_codes(times: npt.NDArray[np.float64]) -> U64:
    """Codes in the order of finite times: float64 [n] → uint64 [n]; 0.0 and -0.0 have one code."""
    bits = (times.astype(np.float64) + 0.0).view(np.uint64)
    return np.where(bits >> np.uint64(63), ~bits, bits | np.uint64(_SIGN))


def decode(code: int, *, integers: bool) -> int | float:
    """The time that a code stands for."""
    if integers:
        return code - _SIGN
    bits = code & (_SIGN - 1) if code & _SIGN else code ^ (2 * _SIGN - 1)
    return float(np.array([bits], dtype=np.uint64).view(np.float64)[0])


@dataclass(frozen=True)
class Window:
    """The codes that start with a prefix of `16 * passes` bits.

    Attributes:
      prefix: the upper bits, as an integer.
      passes: number of passes that led here.
      below: number of rows with lower codes.
    """

    prefix: int = 0
    passes: int = 0
    below: int = 0

    @property
    def _shift(self) -> np.uint64:
        return np.uint64(64 - _BITS * (self.passes + 1))

    def count(self, code: U64, rows: I64) -> dict[int, int]:
        """Counts the rows of this window by the next 16 bits of their codes.

        Args:
          code: uint64 [n].
          rows: number of rows with each code, int64 [n].
        """
        bins = code >> self._shift
        inside = (bins >> np.uint64(_BITS)) == np.uint64(self.prefix)
        bins = bins[inside] & np.uint64(2**_BITS - 1)
        counts = np.zeros(2**_BITS, dtype=np.int64)
        np.add.at(counts, bins.astype(np.intp), rows[inside])
        filled = np.flatnonzero(counts)
        return dict(zip(filled.tolist(), counts[filled].tolist(), strict=True))

    def narrow(self, histogram: Histogram, rank: int) -> "Window":
        """The bin of this window that holds the row of a rank, counted from 0 over all rows.

        Without any rows it is the first bin.
        """
        below = self.below
        for bin_, rows in sorted(histogram.items()):
            if below + rows > rank:
                return Window(self.prefix << _BITS | bin_, self.passes + 1, below)
            below += rows
        assert not histogram, (self, rank)
        return Window(self.prefix << _BITS, self.passes + 1, below)


@dataclass(frozen=True)
class Boundary:
    """The code from which on rows are of the later of two splits.

    Attributes:
      code: the first code of the later split.
      moment: the time at which the shares divide the rows.
      side: the split of all rows of exactly that time.
    """

    code: int
    moment: int | float
    side: str


def boundary_rank(total: int, before: int, after: int) -> int:
    """The rank, from 0, of the first row after a cut if all times are distinct.

    >>> boundary_rank(10, 3, 1)
    7

    Args:
      total: number of all rows.
      before, after: shares of the splits before and after the cut.
    """
    return total * before // (before + after)


def boundary(
    code: int,
    below: int,
    equal: int,
    total: int,
    shares: tuple[int, int],
    sides: tuple[str, str],
    *,
    integers: bool,
) -> Boundary | None:
    """Puts all rows of the dividing time on the side that comes closer to the shares.

    Args:
      code: the dividing time.
      below, equal: number of rows before it, and at it.
      total: number of all rows.
      shares: of the splits before and after the cut.
      sides: the splits beside the cut.
      integers: whether times are integers.

    Returns:
      The boundary; None if a split would be empty either way, since all times are equal.
    """

    def distance(rows: int) -> int:
        return abs(rows * sum(shares) - total * shares[0])

    earlier, later = sides
    fit = {s: n for s, n in {later: below, earlier: below + equal}.items() if 0 < n < total}
    if not fit:
        return None
    side = min(fit, key=lambda name: (distance(fit[name]), name == earlier))
    return Boundary(code + (side == earlier), decode(code, integers=integers), side)
