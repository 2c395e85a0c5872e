"""Counts of what was read, skipped, made and why: small, mergeable, one an element."""

from collections.abc import Iterable
from dataclasses import dataclass

import apache_beam as beam

LONGEST = 80
"""Of an id in a message, in characters."""
SHOWN = 3
"""How many examples of a count are kept, the smallest, so that they depend on no order."""

UNASSIGNED = "unassigned"
"""In place of a split: rows whose split could not be told, because they have no id."""

READ, USED = "rows_read", "rows_used"
SKIPPED = "skipped:"
REVERSED_EDGES = "rows_mirrored"
"""Edges that count in both directions: those added."""
WARNINGS = "noted:"
"""What a user may want to know, though nothing was left out for it."""
OVERLAP, EQUAL = "ids_in_several_splits", "equal_content_in_several_splits"
ENTITIES = "entities"
REQUESTED, MADE, WRITTEN = "tuples_requested", "tuples_made", "tuples_written"
SHORTFALL = "shortfall:"
LABELS = "labels"
BYTES = "entity_bytes"


@dataclass(frozen=True)
class Counter:
    """A count, and a few examples (ids) of what was counted."""

    count: int
    examples: tuple[bytes, ...] = ()


Where = tuple[str, str, str]
"""Split, input ("" for what is made), and what was counted."""
Counted = tuple[Where, Counter]
Counts = dict[Where, Counter]


def of(count: int, examples: Iterable[bytes]) -> Counter:
    """A count, and the smallest of the examples."""
    return Counter(count, tuple(sorted(set(examples))[:SHOWN]))


def merge(counters: Iterable[Counter]) -> Counter:
    """Adds counts and keeps the smallest examples."""
    count = 0
    examples: set[bytes] = set()
    for counter in counters:
        count += counter.count
        examples.update(counter.examples)
    return Counter(count, tuple(sorted(examples)[:SHOWN]))


class Merged(beam.PTransform):
    """Counted elements to one element for each place."""

    def expand(self, pcoll: beam.PCollection) -> beam.PCollection:
        return pcoll | beam.CombinePerKey(merge)


def matching(counts: Counts, split: str, source: str, prefix: str) -> dict[str, Counter]:
    """The tallies of a split and input whose names start with `prefix`, by the rest of the name."""
    found = {
        name.removeprefix(prefix): counter
        for (where, what, name), counter in counts.items()
        if where == split and what == source and name.startswith(prefix)
    }
    return dict(sorted(found.items()))


def count_of(counts: Counts, split: str, source: str, name: str) -> int:
    """A count; 0 if nothing was counted."""
    found = counts.get((split, source, name))
    return found.count if found else 0


def show(value: bytes) -> str:
    """An id or label for messages, on one line, cut to part of it."""
    try:
        text = repr(value.decode())
    except UnicodeDecodeError:
        text = repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
