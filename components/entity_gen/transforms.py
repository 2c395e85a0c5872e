"""Beam transforms: read rows from files, and write counts of what was read."""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import apache_beam as beam
import tensorflow as tf
from apache_beam.typehints.native_type_compatibility import convert_to_beam_type

from components.entity_gen import readers, row_keys
from components.entity_gen.records import Fault, LeftOut, ReadOptions
from relation.core.errors import DataError
from relation.files.globs import is_stray

ROWS = "rows"
UNUSABLE = "unusable"
BROKEN = "broken"
LEFT_OUT = "left_out"
STRAY = "hidden_or_system_file"
"""Reason to leave out a file that a person did not put there."""
REJECTED = "rejected"
"""Tag of the records that `ReadRows` rejects."""


Location: TypeAlias = tuple[str, int, str]
"""A file, the number of a record (from 1), and a message about it ("" where there is none)."""
Counted: TypeAlias = tuple[tuple[str, str], tuple[int, Location]]
"""Kind of a count and its split or reason; the count, and the first location."""


class ReadRows(beam.DoFn):
    """Read usable rows; tag each rejected record as ((kind, reason), (1, location))."""

    def __init__(
        self,
        file_format: str,
        keys: Mapping[str, str],
        options: ReadOptions,
        derived_id: str | None = None,
    ):
        """Set up the reader.

        Args:
          file_format: name of a reader.
          keys: purpose of each key feature that every row must have.
          options: see `ReadOptions`.
          derived_id: the id feature, where it is derived from the row's others.
        """
        self._file_format = file_format
        self._keys = keys
        self._options = options
        self._derived_id = derived_id

    def process(self, path: str) -> Iterator[Any]:
        """Yield the usable rows of one file."""
        if is_stray(path, self._options.folder):
            yield _rejected(LEFT_OUT, STRAY, (path, 1, ""))
            return
        read = readers.reader(self._file_format)
        try:
            for number, record in enumerate(read(path, self._options), start=1):
                if isinstance(record, LeftOut):
                    yield _rejected(LEFT_OUT, record.reason, (path, number, ""))
                    continue
                if isinstance(record, Fault):
                    yield _rejected(UNUSABLE, record.reason, (path, number, record.shown))
                    continue
                if isinstance(record, str):
                    yield _rejected(UNUSABLE, record, (path, number, ""))
                    continue
                if self._derived_id is not None:
                    row_keys.derive_id(record, self._derived_id)
                if fault := self._fault(record):
                    yield _rejected(UNUSABLE, fault, (path, number, ""))
                else:
                    yield record
        except DataError as error:
            yield _rejected(BROKEN, str(error), (path, 0, ""))
        except tf.errors.OpError as error:
            yield _rejected(BROKEN, f"{path}: cannot be read: {error.message}", (path, 0, ""))

    def _fault(self, example: tf.train.Example) -> str | None:
        faults = (
            row_keys.key_fault(example, name, purpose) for name, purpose in self._keys.items()
        )
        return next((fault for fault in faults if fault), None)


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
