"""Beam transforms: read rows from files, and write counts of what was read."""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import apache_beam as beam
import tensorflow as tf
from apache_beam.typehints.native_type_compatibility import convert_to_beam_type

from components.entity_gen.reading import LEFT_OUT, UNUSABLE, Rejected, read_rows
from relation.core.errors import DataError
from relation.data import RowReading

ROWS = "rows"
BROKEN = "broken"
REJECTED = "rejected"
"""Tag of the records that `ReadRows` rejects."""


Location: TypeAlias = tuple[str, int, str]
"""A file, the number of a record (from 1), and a message about it ("" where there is none)."""
Counted: TypeAlias = tuple[tuple[str, str], tuple[int, Location]]
"""Kind of a count and its split or reason; the count, and the first location."""


class ReadRows(beam.DoFn):
    """Read usable rows; tag each rejected record as ((kind, reason), (1, location))."""

    def __init__(self, reading: RowReading, folder: str, keys: Mapping[str, str]):
        """Take the arguments of `read_rows`."""
        self._reading = reading
        self._folder = folder
        self._keys = keys

    def process(self, path: str) -> Iterator[Any]:
        """Yield the usable rows of one file."""
        try:
            for number, row in read_rows(path, self._reading, self._folder, self._keys):
                if isinstance(row, Rejected):
                    yield _rejected(row.kind, row.reason, (path, number, row.shown))
                else:
                    yield row
        except DataError as error:
            yield _rejected(BROKEN, str(error), (path, 0, ""))


def _rejected(kind: str, reason: str, location: Location) -> beam.pvalue.TaggedOutput:
    return beam.pvalue.TaggedOutput(REJECTED, ((kind, reason), (1, location)))


Counts: TypeAlias = list[tuple[int, Location]]


def count_and_first(counts: Iterable[tuple[int, Location]]) -> tuple[int, Location]:
    """Sum the counts and keep the first location, by path and record number."""
    counts = list(counts)
    return sum(count for count, _ in counts), min(location for _, location in counts)


@beam.typehints.with_input_types(tuple[int, Location])
@beam.typehints.with_output_types(tuple[int, Location])
class _CountAndFirst(beam.CombineFn):
    """`count_and_first`; an accumulator is a list of one, or empty."""

    def create_accumulator(self) -> Counts:
        return []

    def add_input(self, accumulator: Counts, element: tuple[int, Location]) -> Counts:
        return [count_and_first([*accumulator, element])]

    def merge_accumulators(self, accumulators: Iterable[Counts]) -> Counts:
        merged = list(itertools.chain.from_iterable(accumulators))
        return [count_and_first(merged)] if merged else []

    def extract_output(self, accumulator: Counts) -> tuple[int, Location]:
        return accumulator[0]

    def get_accumulator_coder(self) -> beam.coders.Coder:
        return beam.coders.registry.get_coder(convert_to_beam_type(Counts))


class _Count(beam.combiners.CountCombineFn):
    """Beam's, whose accumulators would be pickled."""

    def get_accumulator_coder(self) -> beam.coders.Coder:
        return beam.coders.VarIntCoder()


@dataclass
class WriteStats(beam.PTransform):
    """Write `entity_stats.json`: the rows of each split, and the records that were rejected.

    Fields:
      path: the file.
    """

    path: str

    def expand(self, inputs: Any) -> Any:
        """Take ({split: rows}, rejected records of `ReadRows`)."""
        splits, rejected = inputs
        counts = [
            split
            | f"One[{name}]" >> beam.Map(lambda _: 1).with_output_types(int)
            | f"Count[{name}]" >> beam.CombineGlobally(_Count())
            | f"Name[{name}]" >> beam.Map(_named, name).with_output_types(Counted)
            for name, split in splits.items()
        ]
        faults = rejected | "CountFaults" >> beam.CombinePerKey(_CountAndFirst())
        every = (*counts, faults) | beam.Flatten()
        start = rejected.pipeline | "Start" >> beam.Create([None])
        return start | beam.Map(_write, self.path, beam.pvalue.AsList(every))


def _named(count: int, split: str) -> Counted:
    return (ROWS, split), (count, ("", 0, ""))


def _write(_: None, path: str, counts: Iterable[Counted]) -> None:
    stats: dict[str, dict[str, Any]] = {ROWS: {}, UNUSABLE: {}, BROKEN: {}, LEFT_OUT: {}}
    for (kind, name), (count, (file, record, shown)) in sorted(counts):
        if kind == ROWS:
            stats[kind][name] = count
        else:
            example = {"shown": shown} if shown else {}
            stats[kind][name] = {"count": count, "file": file, "record": record, **example}
    with tf.io.gfile.GFile(path, "w") as out:
        out.write(json.dumps(stats, indent=1, sort_keys=True) + "\n")
