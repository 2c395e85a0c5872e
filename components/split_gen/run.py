"""Runs one split from start to end: pipelines of steps, until the components converge."""

import functools
import json
import os
from collections.abc import Callable, Mapping, Sequence

import apache_beam as beam
import tensorflow as tf

from components.split_gen import split_stats, steps, writing
from components.split_gen.beam_stages import Counts, Stage, run
from components.split_gen.by_component import propagate
from components.split_gen.by_time import moments
from components.split_gen.by_time.timeline import PASSES, Boundary
from components.split_gen.request import EDGES, SplitRequest
from components.split_gen.split_context import HELD_ROWS, InputRows, SplitContext, partitions_for
from relation.core.errors import DataError
from relation.names import OTHER_EXAMPLES

ROUNDS_AT_ONCE = 4
"""Rounds in one pipeline, because starting a pipeline takes seconds, or minutes."""
MAX_ROUNDS = 128
_BUILDING = ".building"

MakePipeline = Callable[[], beam.Pipeline]


def split(
    request: SplitRequest,
    inputs: Mapping[str, Sequence[str]],
    outputs: Mapping[str, str],
    make_pipeline: MakePipeline,
    *,
    partitions: int | None = None,
    held: int = HELD_ROWS,
) -> split_stats.Stats:
    """Splits the rows of each input into a folder `Split-<name>` for each split under its output.

    Args:
      request: how to split.
      inputs: the TFRecord files of `examples`, and of `other_examples` and `edges` if present.
      outputs: a folder for each input. The first also gets `split_stats.json`, and holds the
        intermediate state of the run.
      make_pipeline: makes a Beam pipeline; several run one after the other.
      partitions: number of partitions of the entities; by default it follows from the file sizes.
        It changes no result.
      held: rows that a task holds in memory, about; it changes no result.

    Returns:
      The content of `split_stats.json`.

    Raises:
      DataError: the data cannot be split as requested. Nothing is left under the outputs.
      ValueError: the inputs do not fit the request.
    """
    if (EDGES in inputs) != bool(request.endpoints) or (
        OTHER_EXAMPLES in inputs and len(request.types) < 2
    ):
        raise ValueError(f"inputs: got {', '.join(inputs)}; expected those of {request}")
    building = {name: os.path.join(folder, _BUILDING) for name, folder in outputs.items()}
    files = _files(inputs)
    sizes = [tf.io.gfile.stat(file.path).length for file in files]
    context = SplitContext(
        request=request,
        files=files,
        partitions=partitions or partitions_for(sizes),
        held=held,
        state=os.path.join(next(iter(building.values())), "state"),
        building=building,
    )
    _discard(building)  # Left by a run that was killed.
    try:
        stats = _Run(context, make_pipeline).split()
        _publish(outputs, building, stats)
    finally:
        _discard(building)
    return stats


def _files(inputs: Mapping[str, Sequence[str]]) -> tuple[InputRows, ...]:
    return tuple(
        InputRows(name, path, shard, len(paths))
        for name, paths in inputs.items()
        for shard, path in enumerate(paths)
    )


class _Run:
    """The pipelines of a run, in their order."""

    def __init__(self, context: SplitContext, make_pipeline: MakePipeline) -> None:
        self._context = context
        self._make_pipeline = make_pipeline
        self._connected = bool(context.files_of(EDGES)) and not context.edges_timed

    def split(self) -> split_stats.Stats:
        context = self._context
        by_components = context.request.unit == "component" and self._connected
        first = [self._by_file("scan", steps.scan), self._by_partition("nodes", steps.nodes)]
        if self._connected:
            first.append(self._by_partition("left", steps.left))
            first.append(self._by_partition("right", steps.right))
        if by_components:
            first += self._rounds(0)
        if context.request.timed:
            first += [
                self._by_partition(
                    moments.stage_name(cut, number), moments.histogram, cut=cut, pass_number=number
                )
                for cut in range(len(context.request.shares) - 1)
                for number in range(PASSES)
            ]
        counts = self._run(*first)
        split_stats.check_rows(context, counts["scan"])
        settled = self._settle() if by_components else 0
        boundaries = self._boundaries() if context.request.timed else []
        counts |= self._run(
            self._by_partition("decide", steps.decide, round_number=settled, boundaries=boundaries),
            self._by_partition("sizes", steps.sizes),
            self._by_file("write", writing.write),
        )
        if split_stats.has_giant(context.request, counts["sizes"]):
            shown = self._shown(settled, counts["sizes"]["largest"][1])
            raise split_stats.giant_error(context.request, counts["sizes"], shown)
        return split_stats.build(context, counts, settled, boundaries)

    def _rounds(self, first: int) -> list[Stage]:
        """`ROUNDS_AT_ONCE` rounds; those after one that changes nothing are skipped."""
        return [
            self._by_partition(name, step, round_number=number)
            for number in range(first, first + ROUNDS_AT_ONCE)
            for name, step in zip(
                propagate.names(number), (propagate.large, propagate.small), strict=True
            )
        ]

    def _settle(self) -> int:
        """Runs more rounds, until one changes nothing, and returns its number."""
        context = self._context
        for first in range(0, MAX_ROUNDS, ROUNDS_AT_ONCE):
            if first:
                self._run(*self._rounds(first))
            rounds = range(first, first + ROUNDS_AT_ONCE)
            settled = next((n for n in rounds if propagate.settled(context, n)), None)
            for number in rounds:
                context.seen(number).remove()
                if number != settled:
                    context.links(number).remove()
            if settled is not None:
                return settled
        raise RuntimeError(f"components did not converge in {MAX_ROUNDS} rounds")

    def _boundaries(self) -> list[Boundary]:
        boundaries = [
            moments.dividing(self._context, cut)
            for cut in range(len(self._context.request.shares) - 1)
        ]
        complete = [boundary for boundary in boundaries if boundary is not None]
        if len(complete) < len(boundaries):
            feature = self._context.request.feature
            assert feature is not None
            raise DataError(
                f"all rows have the same value of {feature.name!r}, so a split would be empty; "
                "split by another feature, or by another unit"
            )
        return complete

    def _shown(self, round_number: int, label: int) -> list[str]:
        """A few entities of a component, as text."""
        members = self._by_partition(
            "members", writing.members, round_number=round_number, label=label
        )
        keys = self._run(members)["members"]["keys"]
        names = self._run(self._by_file("named", writing.named, but=EDGES, wanted=keys))["named"]
        return sorted(f"{entity} {text}" for entity, text in names.values())

    def _run(self, *stages: Stage) -> dict[str, Counts]:
        return run(self._make_pipeline, self._context.state, stages)

    def _by_file(
        self, name: str, step: Callable[..., Counts], but: str = "", **fixed: object
    ) -> Stage:
        files = [number for number, file in enumerate(self._context.files) if file.input != but]
        return Stage(name, functools.partial(step, self._context, **fixed), files)

    def _by_partition(self, name: str, step: Callable[..., Counts], **fixed: object) -> Stage:
        partitions = list(range(self._context.partitions))
        return Stage(name, functools.partial(step, self._context, **fixed), partitions)


def _publish(
    outputs: Mapping[str, str], building: Mapping[str, str], stats: split_stats.Stats
) -> None:
    """Moves the splits of all outputs to their folders, and writes the statistics last."""
    moved: list[str] = []
    try:
        for name, folder in outputs.items():
            for entry in sorted(tf.io.gfile.listdir(building[name])):
                entry = entry.rstrip("/")
                if entry.startswith("Split-"):
                    moved.append(os.path.join(folder, entry))
                    tf.io.gfile.rename(os.path.join(building[name], entry), moved[-1])
        path = os.path.join(next(iter(outputs.values())), split_stats.FILE)
        with tf.io.gfile.GFile(path, "w") as file:
            file.write(json.dumps(stats, indent=1, ensure_ascii=False) + "\n")
    except BaseException:
        for folder in moved:
            if tf.io.gfile.isdir(folder):
                tf.io.gfile.rmtree(folder)
        raise


def _discard(building: Mapping[str, str]) -> None:
    """Removes what was not published."""
    for folder in building.values():
        if tf.io.gfile.isdir(folder):
            tf.io.gfile.rmtree(folder)
