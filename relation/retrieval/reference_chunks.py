"""Divides references into chunks of bounded size that keep equal vectors together."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from relation.retrieval.points import U64, Keys, Positions


@dataclass(frozen=True, eq=False)
class Chunk:
    """The references from `start` to `stop`.

    Attributes:
      vectors: the number of each reference's vector within the run, int64 [n].
      keys: the keys of all references, ascending, uint64 [k].
      positions: the reference of each key, counted from `start`, int64 [k].
    """

    start: int
    stop: int
    vectors: Positions
    keys: U64
    positions: Positions

    def __len__(self) -> int:
        return self.stop - self.start

    def matching(self, owners: Positions, keys: U64) -> tuple[Positions, Positions]:
        """Pairs of an owner and a reference that share a key, int64 [p] each."""
        low = np.searchsorted(self.keys, keys, side="left")
        counts = np.searchsorted(self.keys, keys, side="right") - low
        total = np.cumsum(counts)
        inside = np.arange(total[-1] if len(total) else 0) - np.repeat(total - counts, counts)
        return np.repeat(owners, counts), self.positions[np.repeat(low, counts) + inside]


@dataclass(frozen=True, eq=False)
class Run:
    """The distinct vectors from `start` to `stop`, whose distances are computed together.

    `chunks` are the references with these vectors: one chunk, or several if many share a vector.
    """

    start: int
    stop: int
    chunks: tuple[Chunk, ...]


def runs(keys: Keys, firsts: Positions, size: int) -> Iterator[Run]:
    """Divides references into runs and chunks of up to `size`; no vector is in two runs.

    Args:
      keys: the keys of the references.
      firsts: the first reference of each vector, ascending, int64 [v].
      size: references in a chunk, at most.
    """
    ends = np.append(firsts[1:], len(keys))
    start = 0
    while start < len(firsts):
        fitting = int(np.searchsorted(ends, firsts[start] + size, side="right"))
        stop = max(fitting, start + 1)
        last = int(ends[stop - 1])
        chunks = []
        for first in range(int(firsts[start]), last, size):
            end = min(first + size, last)
            vectors = np.searchsorted(firsts, np.arange(first, end), side="right") - 1 - start
            owners, values = keys.owners(first, end)
            order = np.argsort(values, kind="stable")
            chunks.append(Chunk(first, end, vectors, values[order], owners[order]))
        yield Run(start, stop, tuple(chunks))
        start = stop
