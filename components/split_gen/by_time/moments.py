"""The steps that find the moment which splits rows by time (`timeline`), by partition."""

from collections import Counter

import numpy as np

from components.split_gen.beam_stages import Counts, result
from components.split_gen.by_time.timeline import PASSES, Boundary, Window, boundary, boundary_rank
from components.split_gen.split_context import SplitContext


def stage_name(pass_number: int) -> str:
    """The name of the stage of a pass."""
    return f"count-{pass_number}"


def histogram(context: SplitContext, partition: int, pass_number: int) -> Counts:
    """Counts the rows of a partition that have a time, by the bins of the pass's window."""
    window, _ = window_of(context, pass_number)
    entities = context.entities(partition)
    timed = entities[context.timed_types[entities["type"]]]
    counts = Counter(window.count(timed["time"], timed["rows"]))
    for stamps in context.stamps.read(partition):
        counts.update(window.count(stamps["time"], np.ones(len(stamps), dtype=np.int64)))
    return {str(bin_): rows for bin_, rows in counts.items()}


def window_of(context: SplitContext, passes: int) -> tuple[Window, int]:
    """The window after some passes, around the dividing row; and the number of all timed rows."""
    request, window, total = context.request, Window(), 0
    for before in range(passes):
        counts = result(context.state, stage_name(before))
        bins = {int(bin_): rows for bin_, rows in counts.items()}
        total = total or sum(bins.values())
        window = window.narrow(bins, boundary_rank(total, request.train, request.eval))
    return window, total


def dividing(context: SplitContext) -> Boundary | None:
    """The moment, after all passes; None if all rows have the same time."""
    request = context.request
    assert request.feature is not None
    window, total = window_of(context, PASSES)
    bins = result(context.state, stage_name(PASSES - 1))
    equal = bins[str(window.prefix & 0xFFFF)]
    integers = request.feature.type == "int"
    return boundary(
        window.prefix, window.below, equal, total, request.train, request.eval, integers=integers
    )
