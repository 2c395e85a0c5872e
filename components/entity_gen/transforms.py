"""Files to rows, and the report of what was read, as Beam transforms."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import tensorflow as tf

from components.entity_gen import readers, rows
from relation.errors import DataError

ROWS = "rows"
UNUSABLE = "unusable"
BROKEN = "broken"
REPORT = "report"
"""Tag of what `ReadRows` reports beside the rows."""


class ReadRows(beam.DoFn):
    """Paths to usable rows. What is not usable goes to `REPORT` as ((kind, reason), (1, place))."""

    def __init__(self, file_format: str, id_feature: str):
        """Takes the name of a reader and the feature that identifies a row."""
        self._file_format = file_format
        self._id_feature = id_feature

    def process(self, path: str) -> Iterator[Any]:
        """Yields the tf.Examples of one file."""
        read = readers.reader(self._file_format)
        try:
            for number, record in enumerate(read(path), start=1):
                if isinstance(record, str):
                    fault: str | None = record
                else:
                    fault = rows.id_fault(record, self._id_feature)
                if fault is None:
                    yield record
                else:
                    yield _report(UNUSABLE, fault, (path, number))
        except DataError as error:
            yield _report(BROKEN, str(error), (path, 0))


def _report(kind: str, reason: str, place: tuple[str, int]) -> beam.pvalue.TaggedOutput:
    return beam.pvalue.TaggedOutput(REPORT, ((kind, reason), (1, place)))


def count_and_first(found: Iterable[tuple[int, tuple[str, int]]]) -> tuple[int, tuple[str, int]]:
    """Sums the counts and keeps the first place, by path and record number."""
    found = list(found)
    return sum(count for count, _ in found), min(place for _, place in found)


@dataclass
class WriteReport(beam.PTransform):
    """Writes the rows of each split, and what `ReadRows` reported, as JSON (see `report.py`).

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


def _named(count: int, split: str) -> tuple[tuple[str, str], tuple[int, tuple[str, int]]]:
    return (ROWS, split), (count, ("", 0))


def _write(found: dict[tuple[str, str], tuple[int, tuple[str, int]]], path: str) -> None:
    report: dict[str, dict[str, Any]] = {ROWS: {}, UNUSABLE: {}, BROKEN: {}}
    for (kind, name), (count, (file, record)) in sorted(found.items()):
        if kind == ROWS:
            report[kind][name] = count
        else:
            report[kind][name] = {"count": count, "file": file, "record": record}
    with tf.io.gfile.GFile(path, "w") as out:
        out.write(json.dumps(report, indent=1, sort_keys=True) + "\n")
