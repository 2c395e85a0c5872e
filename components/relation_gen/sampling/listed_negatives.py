"""Listed negatives: the first rows of each anchor, in the order of a hash."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from components.common.columns import take
from components.common.hashing import I64, U64, Purpose
from components.relation_gen.batches import F32, Bools, Edges, ListedNegatives
from components.relation_gen.sampling import compose
from components.relation_gen.sampling.base import AddressSpace
from components.relation_gen.sampling.without_replacement import slots
from components.relation_gen.stats import counters
from relation.core.splitmix import random_bits

NO_ANCHOR = "no_anchor"
"""Reason to skip a row: its left end has no edge or label, so it anchors no tuple."""
KNOWN_POSITIVE = "known_positive"
"""Reason to skip a row: it would be a false negative."""

E = TypeVar("E", bound=Edges)
Related = Callable[[ListedNegatives, I64], Bools]
"""Whether the negatives of some rows are positives of their anchors, [n]."""


class Listed(NamedTuple):
    """Listed negatives of n anchors: the rows of anchor i are [bounds[i], bounds[i + 1]).

    `key`: key of the negative in each row; `probability`: its listed probability.
    """

    bounds: I64
    key: U64
    probability: F32

    def first(self, rows: I64, count: I64) -> compose.Negatives:
        """Returns the first `count` negatives of some anchors, or all if there are fewer.

        Args:
          rows: anchors, int64 [m].
          count: int64 [m].
        """
        row, slot = slots(np.minimum(count, np.diff(self.bounds)[rows]))
        at = self.bounds[rows][row] + slot
        return compose.Negatives(row, AddressSpace.KEY, self.key[at], self.probability[at])


def choose(
    negatives: ListedNegatives | None, key: U64, related: Related, seed: int
) -> tuple[Listed, dict[str, int]]:
    """Selects the rows of some anchors, leaves out known positives, and counts both.

    Args:
      key: of the anchors, [n].
    """
    if negatives is None:
        nothing = np.zeros(0, dtype=np.float32)
        return Listed(np.zeros(len(key) + 1, dtype=np.int64), key[:0], nothing), {}
    listed, anchor = of_anchors(negatives, key)
    wrong = related(listed, anchor)
    counts = {
        counters.USED: int((~wrong).sum()),
        counters.SKIPPED + KNOWN_POSITIVE: int(wrong.sum()),
        counters.SKIPPED + NO_ANCHOR: len(negatives.source) - len(listed.source),
    }
    rows = np.flatnonzero(~wrong)
    return _listed(take(listed, rows), anchor[rows], len(key), seed), counts


def _listed(listed: ListedNegatives, anchor: I64, anchors: int, seed: int) -> Listed:
    """Order rows by anchor, and within one by a hash of seed and both ends.

    Args:
      anchor: the anchor of each row, in [0, anchors), int64 [m].
    """
    priority = random_bits(seed, Purpose.NEGATIVES, listed.source, listed.destination)
    order = np.lexsort((listed.destination, priority, anchor))
    bounds = np.searchsorted(anchor[order], np.arange(anchors + 1))
    return Listed(bounds, listed.destination[order], listed.value[order])


def of_anchors(listed: E, key: U64) -> tuple[E, I64]:
    """Finds the rows that belong to one of the anchors, and the anchor of each.

    Args:
      key: of the anchors, uint64 [n].

    Returns:
      m rows; their anchors, in [0, n), int64 [m].
    """
    order = np.argsort(key, kind="stable")
    anchor = order[np.minimum(np.searchsorted(key[order], listed.source), len(key) - 1)]
    rows = np.flatnonzero(key[anchor] == listed.source)
    return take(listed, rows), anchor[rows]


def are_pairs(source: I64, destination: U64, known_source: I64, known_destination: U64) -> Bools:
    """Whether each of n pairs is among m given pairs, bool [n]."""
    _, number = np.unique(np.concatenate([destination, known_destination]), return_inverse=True)
    pair = np.concatenate([source, known_source]) * (int(number.max(initial=0)) + 1) + number
    return np.isin(pair[: len(source)], pair[len(source) :])
