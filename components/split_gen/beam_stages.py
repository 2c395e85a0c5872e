"""Runs steps in Beam: every task of a stage, then every task of the next.

Beam's elements are numbers of tasks and the counts they return; rows are in files (`state`).
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import apache_beam as beam
import tensorflow as tf

from components.common.input_files import Redistribute
from relation.core.errors import DataError, UserError

Counts = dict[str, Any]
"""Results of a task by name. Numbers of several tasks are added; of lists the greatest is kept."""
_ERROR = "error"


class Stage(NamedTuple):
    """A step, which may raise UserError, and the task numbers that it is called with."""

    name: str
    step: Callable[[int], Counts]
    tasks: list[int]


def merge(results: Iterable[Counts]) -> Counts:
    """Merges the counts of several tasks."""
    merged: Counts = {}
    for counts in results:
        for name, value in counts.items():
            if name not in merged:
                merged[name] = value
            elif isinstance(value, int):
                merged[name] += value
            else:
                merged[name] = max(merged[name], value)
    return merged


def run(
    make_pipeline: Callable[[], beam.Pipeline], folder: str, stages: Sequence[Stage]
) -> dict[str, Counts]:
    """Runs stages one after the other in one pipeline, up to the first that fails.

    Args:
      make_pipeline: makes the Beam pipeline.
      folder: where counts are written, so that later steps can read them (`result`).
      stages: the stages in order.

    Returns:
      The counts of each stage, by its name.

    Raises:
      DataError: a task raised a UserError. Of several, always the same one is reported.
    """
    with make_pipeline() as pipeline:
        done = [pipeline | beam.Create(["{}"])]
        for stage in stages:
            start = pipeline | f"{stage.name}Start" >> beam.Create([None])
            before = beam.pvalue.AsList(tuple(done) | f"{stage.name}Before" >> beam.Flatten())
            merged = (
                start
                | f"{stage.name}Tasks"
                >> beam.FlatMap(_after, stage.tasks, before).with_output_types(int)
                | f"{stage.name}Redistribute" >> Redistribute(int)
                | f"{stage.name}Run" >> beam.ParDo(_Call(stage.step))
                | f"{stage.name}Merge" >> beam.CombineGlobally(_Merge())
                | f"{stage.name}Write" >> beam.Map(record, folder, stage.name)
            )
            done.append(merged)
    return checked({stage.name: result(folder, stage.name) for stage in stages})


def attempt(step: Callable[[int], Counts], task: int) -> Counts:
    """Returns the counts of a task, or its error, which each runner would wrap differently."""
    try:
        return step(task)
    except UserError as error:
        return {_ERROR: [str(error)]}


def checked(results: dict[str, Counts]) -> dict[str, Counts]:
    """Returns the counts of stages if no task failed.

    Raises:
      DataError: a task failed.
    """
    for counts in results.values():
        if _ERROR in counts:
            raise DataError(*counts[_ERROR])
    return results


def result(folder: str, name: str) -> Counts:
    """Reads the counts of a stage that has run."""
    with tf.io.gfile.GFile(_path(folder, name)) as file:
        return dict(json.loads(file.read()))


def _after(_: None, tasks: list[int], before: list[str]) -> Iterator[int]:
    if not any(_ERROR in json.loads(counts) for counts in before):
        yield from tasks


@beam.typehints.with_output_types(str)
@dataclass(eq=False)
class _Call(beam.DoFn):
    """Calls a step with the number of a task: task → its counts as JSON."""

    step: Callable[[int], Counts]

    def process(self, task: int) -> Iterator[str]:
        yield json.dumps(attempt(self.step, task))


@beam.typehints.with_input_types(str)
@beam.typehints.with_output_types(str)
class _Merge(beam.CombineFn):
    """`merge`, of counts as JSON."""

    def create_accumulator(self) -> str:
        return "{}"

    def add_input(self, accumulator: str, element: str) -> str:
        return self.merge_accumulators([accumulator, element])

    def merge_accumulators(self, accumulators: Iterable[str]) -> str:
        return json.dumps(merge(map(json.loads, accumulators)))

    def extract_output(self, accumulator: str) -> str:
        return accumulator

    def get_accumulator_coder(self) -> beam.coders.Coder:
        return beam.coders.StrUtf8Coder()


def record(counts: str, folder: str, name: str) -> str:
    """Writes the counts of a stage, which are JSON, and returns them."""
    tf.io.gfile.makedirs(folder)
    with tf.io.gfile.GFile(_path(folder, name), "w") as file:
        file.write(counts)
    return counts


def _path(folder: str, name: str) -> str:
    return os.path.join(folder, f"{name}.json")
