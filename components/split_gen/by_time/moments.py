"""The steps that find the moment which splits rows by time (`timeline`), block by block."""

from collections import Counter

import numpy as np

from components.split_gen.beam_stages import Counts, result
from components.split_gen.by_time.timeline import PASSES, Boundary, Window, boundary, wanted_rank
from components.split_gen.split_context import SplitContext


def stage_name(turn: int) -> str:
    """The name of the stage of a pass."""
    return f"count-{turn}"


def histogram(context: SplitContext, block: int, turn: int) -> Counts:
    """Counts the rows of a block that have a time, by the bins of the window of a pass."""
    window, _ = window_of(context, turn)
    found = context.entities(block)
    timed = found[context.timed_types[found["type"]]]
    counts = Counter(window.count(timed["time"], timed["rows"]))
    for stamps in context.stamps.read(block):
        counts.update(window.count(stamps["time"], np.ones(len(stamps), dtype=np.int64)))
    return {str(bin_): rows for bin_, rows in counts.items()}


def window_of(context: SplitContext, turn: int) -> tuple[Window, int]:
    """The window after some passes, narrowed to the dividing row; and how many rows are in all."""
    window, total = Window(), 0
    for before in range(turn):
        bins = {int(bin_): rows for bin_, rows in result(context.state, stage_name(before)).items()}
        total = total or sum(bins.values())
        window = window.narrow(
            bins, wanted_rank(total, context.request.train, context.request.eval)
        )
    return window, total


def dividing(context: SplitContext) -> Boundary | None:
    """The moment, after all passes; None: all rows are of one time."""
    asked = context.request
    assert asked.feature is not None
    window, total = window_of(context, PASSES)
    bins = result(context.state, stage_name(PASSES - 1))
    equal = bins[str(window.prefix & 0xFFFF)]
    integers = asked.feature.type == "int"
    return boundary(
        window.prefix, window.below, equal, total, asked.train, asked.eval, integers=integers
    )
