"""Runs one split from start to end: pipelines of steps, until the components are known."""

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
from components.split_gen.request import EDGES, OTHER_EXAMPLES, SplitRequest
from components.split_gen.split_context import HELD_ROWS, InputRows, SplitContext, blocks_for
from relation.core.errors import DataError

ROUNDS_AT_ONCE = 4
"""Rounds in one pipeline, since to start one takes seconds, or minutes."""
MAX_ROUNDS = 128
_BUILDING = ".building"

MakePipeline = Callable[[], beam.Pipeline]


def split(
    request: SplitRequest,
    inputs: Mapping[str, Sequence[str]],
    outputs: Mapping[str, str],
    make_pipeline: MakePipeline,
    *,
    blocks: int | None = None,
    held: int = HELD_ROWS,
) -> split_stats.Stats:
    """Splits the rows of each input into `Split-train` and `Split-eval` under its output.

    Args:
      inputs: the TFRecord files of `examples`, `other_examples` and `edges`, where they are given.
      outputs: a folder for each; the first holds `split_stats.json` too, and the state meanwhile.
      make_pipeline: makes a Beam pipeline to run in; several run one after the other.
      blocks: how many blocks the entities are cut into; by default the size of the files decides.
      held: about how many rows a task holds at once. Neither changes the result.

    Returns:
      the counts, as in `split_stats.json`.

    Raises:
      DataError: the data cannot be split as asked. Nothing is left under the outputs.
      ValueError: the inputs are not those that the request speaks of.
    """
    if (EDGES in inputs) != bool(request.ends) or (
        OTHER_EXAMPLES in inputs and len(request.types) < 2
    ):
        raise ValueError(f"inputs {', '.join(inputs)} do not fit {request}")
    building = {name: os.path.join(folder, _BUILDING) for name, folder in outputs.items()}
    files = _files(inputs)
    context = SplitContext(
        request=request,
        files=files,
        blocks=blocks or blocks_for([tf.io.gfile.stat(file.path).length for file in files]),
        held=held,
        state=os.path.join(next(iter(building.values())), "state"),
        building=building,
    )
    _discard(building)  # Of a run that was killed.
    try:
        found = _Run(context, make_pipeline).split()
        _publish(outputs, building, found)
    finally:
        _discard(building)
    return found


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
        first = [self._by_file("scan", steps.scan), self._by_block("nodes", steps.nodes)]
        if self._connected:
            first += [self._by_block("left", steps.left), self._by_block("right", steps.right)]
        if by_components:
            first += self._rounds(0)
        if context.request.timed:
            first += [
                self._by_block(moments.stage_name(turn), moments.histogram, turn=turn)
                for turn in range(PASSES)
            ]
        found = self._run(*first)
        split_stats.check_rows(context, found["scan"])
        turn = self._settle() if by_components else 0
        boundary = self._boundary() if context.request.timed else None
        found |= self._run(
            self._by_block("decide", steps.decide, turn=turn, boundary=boundary),
            self._by_block("sizes", steps.sizes),
            self._by_file("write", writing.write),
        )
        if split_stats.has_giant(context.request, found["sizes"]):
            shown = self._shown(turn, found["sizes"]["largest"][1])
            raise split_stats.giant_error(context.request, found["sizes"], shown)
        return split_stats.build(context, found, turn, boundary)

    def _rounds(self, first: int) -> list[Stage]:
        """Some rounds; those after one that changes nothing do nothing."""
        return [
            self._by_block(name, step, turn=turn)
            for turn in range(first, first + ROUNDS_AT_ONCE)
            for name, step in zip(
                propagate.names(turn), (propagate.large, propagate.small), strict=True
            )
        ]

    def _settle(self) -> int:
        """Runs more rounds, until one changes nothing, and returns its number."""
        context = self._context
        for first in range(0, MAX_ROUNDS, ROUNDS_AT_ONCE):
            if first:
                self._run(*self._rounds(first))
            turns = range(first, first + ROUNDS_AT_ONCE)
            settled = next((turn for turn in turns if propagate.settled(context, turn)), None)
            for turn in turns:
                context.seen(turn).remove()
                if turn != settled:
                    context.links(turn).remove()
            if settled is not None:
                return settled
        raise RuntimeError(f"components did not settle in {MAX_ROUNDS} rounds")

    def _boundary(self) -> Boundary:
        found = moments.dividing(self._context)
        if found is None:
            asked = self._context.request.feature
            assert asked is not None
            raise DataError(
                f"all rows have one and the same time {asked.name!r}, so a split would be empty; "
                "split by another feature, or by another unit"
            )
        return found

    def _shown(self, turn: int, label: int) -> list[str]:
        """A few entities of a component."""
        found = self._run(self._by_block("members", writing.members, turn=turn, label=label))
        wanted = found["members"]["keys"]
        found = self._run(self._by_file("named", writing.named, but=EDGES, wanted=wanted))
        return sorted(f"{entity} {text}" for entity, text in found["named"].values())

    def _run(self, *stages: Stage) -> dict[str, Counts]:
        return run(self._make_pipeline, self._context.state, stages)

    def _by_file(
        self, name: str, step: Callable[..., Counts], but: str = "", **fixed: object
    ) -> Stage:
        files = [number for number, file in enumerate(self._context.files) if file.input != but]
        return Stage(name, functools.partial(step, self._context, **fixed), files)

    def _by_block(self, name: str, step: Callable[..., Counts], **fixed: object) -> Stage:
        blocks = list(range(self._context.blocks))
        return Stage(name, functools.partial(step, self._context, **fixed), blocks)


def _publish(
    outputs: Mapping[str, str], building: Mapping[str, str], found: split_stats.Stats
) -> None:
    """Moves the splits of all outputs to their place, and writes the statistics last."""
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
            file.write(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    except BaseException:
        for folder in moved:
            if tf.io.gfile.isdir(folder):
                tf.io.gfile.rmtree(folder)
        raise


def _discard(building: Mapping[str, str]) -> None:
    """Removes what is not published."""
    for folder in building.values():
        if tf.io.gfile.isdir(folder):
            tf.io.gfile.rmtree(folder)
