"""Negatives that a list names: of each anchor the first of its rows, in the order of a hash."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from components.common.hashing import I64, U64, words
from components.relation_gen.batches import F32, Bools, Given, join, take
from components.relation_gen.sampling import compose, plan
from components.relation_gen.sampling.plan import Line
from components.relation_gen.sampling.without_replacement import slots
from components.relation_gen.stats import counters

NO_ANCHOR = "no_anchor"
"""Skipped: nothing else is known of the entity on the left, so it anchors no tuple."""
KNOWN_POSITIVE = "known_positive"
"""Skipped: it would be a false negative."""

Related = Callable[[Given, I64], Bools]
"""Whether the negatives of some rows are positives of their anchors, [n]."""


class Listed(NamedTuple):
    """The rows of n anchors: those of anchor i are [bounds[i], bounds[i + 1]).

    `key`: of the negative that a row names; `probability`: what the list says of it.
    """

    bounds: I64
    key: U64
    probability: F32

    def first(self, rows: I64, count: I64) -> compose.Negatives:
        """The first negatives of some anchors, as many as asked and as there are.

        Args:
          rows, count: [m], anchors and the number of each.
        """
        row, slot = slots(np.minimum(count, np.diff(self.bounds)[rows]))
        at = self.bounds[rows][row] + slot
        return compose.Negatives(row, Line.KEY, self.key[at], self.probability[at])


def choose(
    parts: Sequence[Given], key: U64, related: Related, seed: int
) -> tuple[Listed, dict[str, int]]:
    """The rows of some anchors, but for known positives; and what became of all, as counts.

    Args:
      key: of the anchors, [n].
    """
    if not parts:
        nothing = np.zeros(0, dtype=np.float32)
        return Listed(np.zeros(len(key) + 1, dtype=np.int64), key[:0], nothing), {}
    everything = join(parts)
    found, anchor = _of_anchors(everything, key)
    wrong = related(found, anchor)
    counts = {
        counters.USED: int((~wrong).sum()),
        counters.SKIPPED + KNOWN_POSITIVE: int(wrong.sum()),
        counters.SKIPPED + NO_ANCHOR: len(everything.left) - len(found.left),
    }
    rows = np.flatnonzero(~wrong)
    return _listed(take(found, rows), anchor[rows], len(key), seed), counts


def _listed(found: Given, anchor: I64, anchors: int, seed: int) -> Listed:
    """Puts rows in order; `anchor`: of each row, in [0, anchors)."""
    turn = words(seed, plan.NEGATIVES, found.left, found.right)
    order = np.lexsort((found.right, turn, anchor))
    bounds = np.searchsorted(anchor[order], np.arange(anchors + 1))
    return Listed(bounds, found.right[order], found.value[order])


def _of_anchors(found: Given, key: U64) -> tuple[Given, I64]:
    """The rows whose anchor is there, and which it is."""
    order = np.argsort(key, kind="stable")
    anchor = order[np.minimum(np.searchsorted(key[order], found.left), len(key) - 1)]
    rows = np.flatnonzero(key[anchor] == found.left)
    return take(found, rows), anchor[rows]


def are_pairs(left: I64, right: U64, known_left: I64, known_right: U64) -> Bools:
    """Which pairs, [n], are among the known ones, [m]."""
    _, number = np.unique(np.concatenate([right, known_right]), return_inverse=True)
    pair = np.concatenate([left, known_left]) * (int(number.max(initial=0)) + 1) + number
    return np.isin(pair[: len(left)], pair[len(left) :])
