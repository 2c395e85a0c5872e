"""Files to rows, and the report of what was read, as Beam transforms."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import apache_beam as beam
import tensorflow as tf

from components.entity_gen import readers, row_keys
from components.entity_gen.records import Fault, Layout, LeftOut
from relation.core.errors import DataError

ROWS = "rows"
UNUSABLE = "unusable"
BROKEN = "broken"
LEFT_OUT = "left_out"
REPORT = "report"
"""Tag of what `ReadRows` reports beside the rows."""


Place: TypeAlias = tuple[str, int, str]
"""A file, the number of a record, and what is said of it beyond the reason it is counted by."""


class ReadRows(beam.DoFn):
    """Paths to usable rows. What is not usable goes to `REPORT` as ((kind, reason), (1, place))."""

    def __init__(self, file_format: str, keys: Mapping[str, str], layout: Layout):
        """Takes the name of a reader, the features that every row must have (and what each is), and
        what readers need."""
        self._file_format = file_format
        self._keys = keys
        self._layout = layout

    def process(self, path: str) -> Iterator[Any]:
        """Yields the tf.Examples of one file."""
        read = readers.reader(self._file_format)
        try:
            for number, record in enumerate(read(path, self._layout), start=1):
                if isinstance(record, LeftOut):
                    yield _report(LEFT_OUT, record.reason, (path, number, ""))
                elif isinstance(record, Fault):
                    yield _report(UNUSABLE, record.reason, (path, number, record.shown))
                elif isinstance(record, str):
                    yield _report(UNUSABLE, record, (path, number, ""))
                elif fault := self._fault(record):
                    yield _report(UNUSABLE, fault, (path, number, ""))
                else:
                    yield record
        except DataError as error:
            yield _report(BROKEN, str(error), (path, 0, ""))

    def _fault(self, example: tf.train.Example) -> str | None:
        faults = (row_keys.key_fault(example, name, what) for name, what in self._keys.items())
        return next((fault for fault in faults if fault), None)


def _report(kind: str, reason: str, place: Place) -> beam.pvalue.TaggedOutput:
    return beam.pvalue.TaggedOutput(REPORT, ((kind, reason), (1, place)))


def count_and_first(found: Iterable[tuple[int, Place]]) -> tuple[int, Place]:
    """Sums the counts and keeps the first place, by path and record number."""
    found = list(found)
    return sum(count for count, _ in found), min(place for _, place in found)


@dataclass
class WriteStats(beam.PTransform):
    """Writes the rows of each split, and what `ReadRows` reported, as JSON (see `entity_stats.py`).

    Fields:
      path: the file.
    """

    path: str

    def expand(self, inputs: Any) -> Any:
        """Takes ({split: rows}, what `ReadRows` reported)."""
        splits, reported = inputs
        counts = [
            split
            | f"Count[{name}]" >> beam.combiners.Count.Globally()
            | f"Name[{name}]" >> beam.Map(_named, name)
            for name, split in splits.items()
        ]
        faults = reported | "CountFaults" >> beam.CombinePerKey(count_and_first)
        return (
            (*counts, faults)
            | beam.Flatten()
            | beam.combiners.ToDict()
            | beam.Map(_write, self.path)
        )


def _named(count: int, split: str) -> tuple[tuple[str, str], tuple[int, Place]]:
    return (ROWS, split), (count, ("", 0, ""))


def _write(found: dict[tuple[str, str], tuple[int, Place]], path: str) -> None:
    report: dict[str, dict[str, Any]] = {ROWS: {}, UNUSABLE: {}, BROKEN: {}, LEFT_OUT: {}}
    for (kind, name), (count, (file, record, shown)) in sorted(found.items()):
        if kind == ROWS:
            report[kind][name] = count
        else:
            more = {"shown": shown} if shown else {}
            report[kind][name] = {"count": count, "file": file, "record": record, **more}
    with tf.io.gfile.GFile(path, "w") as out:
        out.write(json.dumps(report, indent=1, sort_keys=True) + "\n")
