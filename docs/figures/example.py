"""The worked example of docs/concepts.md, in plain Python: nine rows, their index, two draws.

RelationGen does the same on arrays; a test runs it and compares.
"""

from typing import NamedTuple

import pandas as pd

ROWS = {
    "ant": ("insect", 6),
    "bee": ("insect", 6),
    "cat": ("mammal", 4),
    "dog": ("mammal", 4),
    "eel": ("fish", 0),
    "fox": ("mammal", 4),
    "gnu": ("mammal", 4),
    "hen": ("bird", 2),
    "owl": ("bird", 2),
}
"""Kind and number of legs of each animal, by id."""
ANCHOR = "gnu"
SEED = 1
POSITIVES, NEGATIVES, ORDER = 1, 2, 3
"""Purposes of random bits: each has a stream of its own."""
_GOLDEN, _MASK = 0x9E3779B97F4A7C15, 2**64 - 1


class Entry(NamedTuple):
    """One entity of the index."""

    id: str
    kind: str
    group: int
    """Hash of the label: groups are in its order."""
    priority: int
    """Sort priority within the group."""


class Draw(NamedTuple):
    """One draw: `rank` of `size` candidates, which is the entity at `position`."""

    bits: int
    size: int
    rank: int
    position: int


def mix(x: int) -> int:
    """The finalizer of SplitMix64."""
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    x = (x ^ x >> 27) * 0x94D049BB133111EB & _MASK
    return x ^ x >> 31


def key(text: str) -> int:
    """The 64-bit hash of an id or a label (SipHash-2-4)."""
    values = pd.Series([text.encode()], dtype=object).to_numpy()
    return int(pd.util.hash_array(values, hash_key="relata bytes key", categorize=False)[0])


def bits(purpose: int, entity: str, slot: int = 0) -> int:
    """The random bits of a slot of an entity."""
    base = mix((SEED + (purpose + 1) * _GOLDEN) & _MASK)
    return mix((mix(key(entity) ^ base) + slot * _GOLDEN) & _MASK)


def index() -> list[Entry]:
    """The index: all entities by (group, sort priority)."""
    entries = [Entry(name, kind, key(kind), bits(ORDER, name)) for name, (kind, _) in ROWS.items()]
    return sorted(entries, key=lambda entry: (entry.group, entry.priority))


def range_of(anchor: str) -> tuple[int, int]:
    """First position of the group of an entity, and the position behind its last."""
    kinds = [entry.kind for entry in index()]
    kind, _ = ROWS[anchor]
    start = kinds.index(kind)
    return start, start + kinds.count(kind)


def positive(anchor: str) -> Draw:
    """A draw among the anchor's group without itself."""
    start, end = range_of(anchor)
    own = [entry.id for entry in index()].index(anchor)
    return _draw(POSITIVES, anchor, start, end - start - 1, own, own + 1)


def negative(anchor: str) -> Draw:
    """A draw among all entities without the anchor's group."""
    start, end = range_of(anchor)
    return _draw(NEGATIVES, anchor, 0, len(ROWS) - (end - start), start, end)


def _draw(purpose: int, anchor: str, first: int, size: int, skip: int, until: int) -> Draw:
    """A rank below `size`, counted from position `first` and shifted past [skip, until)."""
    drawn = bits(purpose, anchor)
    rank = drawn * size >> 64
    position = first + rank
    return Draw(drawn, size, rank, position + (until - skip if position >= skip else 0))
