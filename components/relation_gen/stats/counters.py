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
MIRRORED = "rows_mirrored"
"""Edges that count in both directions: those added."""
NOTED = "noted:"
"""What a user may want to know, though nothing was left out for it."""
OVERLAP, EQUAL = "ids_in_several_splits", "equal_content_in_several_splits"
ENTITIES = "entities"
REQUESTED, MADE, WRITTEN = "tuples_requested", "tuples_made", "tuples_written"
SHORTFALL = "shortfall:"
LABELS = "labels"
BYTES = "entity_bytes"


@dataclass(frozen=True)
class Tally:
    """A count, and a few examples (ids) of what was counted."""

    count: int
    examples: tuple[bytes, ...] = ()


Where = tuple[str, str, str]
"""Split, input ("" for what is made), and what was counted."""
Counted = tuple[Where, Tally]
Counts = dict[Where, Tally]


def of(count: int, examples: Iterable[bytes]) -> Tally:
    """A count, and the smallest of the examples."""
    return Tally(count, tuple(sorted(set(examples))[:SHOWN]))


def merge(tallies: Iterable[Tally]) -> Tally:
    """Adds counts and keeps the smallest examples."""
    count = 0
    examples: set[bytes] = set()
    for tally in tallies:
        count += tally.count
        examples.update(tally.examples)
    return Tally(count, tuple(sorted(examples)[:SHOWN]))


class Merged(beam.PTransform):
    """Counted elements to one element for each place."""

    def expand(self, pcoll: beam.PCollection) -> beam.PCollection:
        return pcoll | beam.CombinePerKey(merge)


def matching(counts: Counts, split: str, source: str, prefix: str) -> dict[str, Tally]:
    """The tallies of a split and input whose names start with `prefix`, by the rest of the name."""
    found = {
        name.removeprefix(prefix): tally
        for (where, what, name), tally in counts.items()
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
