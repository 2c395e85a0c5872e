"""Counters of rows and tuples by reason: small and mergeable, one an element."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

SHOWN = 3
"""Number of examples that a counter keeps: the smallest ones, whatever the order of merging."""

ANY = "*"
"""Stands for every split."""
UNASSIGNED = "unassigned"
"""Stands for the split of rows without an id, which have none."""

READ, USED = "rows_read", "rows_used"
SKIPPED = "skipped:"
REVERSED_EDGES = "rows_mirrored"
"""The added edges of a symmetric list."""
WARNINGS = "noted:"
"""Prefix of warnings, for which no row is left out."""
OVERLAP, EQUAL = "ids_in_several_splits", "equal_content_in_several_splits"
ENTITIES = "entities"
REQUESTED, MADE, WRITTEN = "tuples_requested", "tuples_made", "tuples_written"
SHORTFALL = "shortfall:"
WEIGHING = "tuples_weighing"
"""Tuples of a weight above 0."""
LABELS = "labels"
BYTES = "entity_bytes"


@dataclass(frozen=True)
class Counter:
    """A count, and a few ids of the counted rows."""

    count: int
    examples: tuple[bytes, ...] = ()


class CounterCoder(beam.coders.Coder):
    """Encodes a `Counter` as JSON; examples, which may be any bytes, as Latin-1."""

    def encode(self, value: Counter) -> bytes:
        return json.dumps([value.count, [x.decode("latin-1") for x in value.examples]]).encode()

    def decode(self, encoded: bytes) -> Counter:
        count, examples = json.loads(encoded)
        return Counter(count, tuple(example.encode("latin-1") for example in examples))

    def is_deterministic(self) -> bool:
        return True

    def to_type_hint(self) -> Any:
        return Counter


beam.coders.registry.register_coder(Counter, CounterCoder)

Where = tuple[str, str, str]
"""Split, input ("" for tuples), and the counter's name."""
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


TAG = "counts"
"""Tag of the output for a step's counters."""


def tagged(where: Where, counter: Counter) -> Any:
    """A counter as an element of the output `TAG`."""
    return beam.pvalue.TaggedOutput(TAG, (where, counter))


def counted(split: str, name: str, counts: dict[str, int]) -> Iterator[Any]:
    """Counts without examples as elements of the output `TAG`; zeros are left out."""
    for what, count in counts.items():
        if count:
            yield tagged((split, name, what), Counter(count))


@beam.typehints.with_input_types(Counter)
@beam.typehints.with_output_types(Counter)
class MergeCounters(beam.CombineFn):
    """Merges counters by key; the accumulator is a `Counter`, too."""

    def create_accumulator(self) -> Counter:
        return Counter(0)

    def add_input(self, accumulator: Counter, element: Counter) -> Counter:
        return merge((accumulator, element))

    def merge_accumulators(self, accumulators: Iterable[Counter]) -> Counter:
        return merge(accumulators)

    def extract_output(self, accumulator: Counter) -> Counter:
        return accumulator

    def get_accumulator_coder(self) -> CounterCoder:
        return CounterCoder()


class Merged(beam.PTransform):
    """Merges the counters of each key."""

    def expand(self, pcoll: beam.PCollection) -> beam.PCollection:
        return pcoll | beam.CombinePerKey(MergeCounters())


def matching(counts: Counts, split: str, source: str, prefix: str) -> dict[str, Counter]:
    """The counters of a split and input whose names start with `prefix`, by the rest of the
    name."""
    matches = {
        name.removeprefix(prefix): counter
        for (where, what, name), counter in counts.items()
        if where == split and what == source and name.startswith(prefix)
    }
    return dict(sorted(matches.items()))


def described(counts: Counts, splits: Iterable[str], source: str) -> str:
    """The rows read of an input in some splits, and why some were skipped, for a message.

    >>> rows, skipped = ("train", "item", READ), ("train", "item", SKIPPED + "nan")
    >>> described({rows: Counter(1200), skipped: Counter(1100)}, ["train"], "item")
    '1,200 read: nan 1,100'
    """
    read, skipped = 0, dict[str, int]()
    for split in splits:
        read += count_of(counts, split, source, READ)
        for reason, counter in matching(counts, split, source, SKIPPED).items():
            skipped[reason] = skipped.get(reason, 0) + counter.count
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(skipped.items()))
    return f"{read:,} read" + (f": {reasons}" if reasons else "")


def count_of(counts: Counts, split: str, source: str, name: str) -> int:
    """A count; 0 if nothing was counted."""
    counter = counts.get((split, source, name))
    return counter.count if counter else 0
