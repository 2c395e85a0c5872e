"""The steps that find the moment which splits rows by time (`timeline`), by partition."""

from collections import Counter

import numpy as np

from components.split_gen.beam_stages import Counts, result
from components.split_gen.by_time.timeline import PASSES, Boundary, Window, boundary, boundary_rank
from components.split_gen.split_context import SplitContext


def stage_name(cut: int, pass_number: int) -> str:
    """The name of the stage of a pass for a cut: that after the split of this index."""
    return f"count-{cut}-{pass_number}"


def histogram(context: SplitContext, partition: int, cut: int, pass_number: int) -> Counts:
    """Counts the rows of a partition that have a time, by the bins of the pass's window."""
    window, _ = window_of(context, cut, pass_number)
    entities = context.entities(partition)
    timed = entities[context.timed_types[entities["type"]]]
    counts = Counter(window.count(timed["time"], timed["rows"]))
    for stamps in context.stamps.read(partition):
        counts.update(window.count(stamps["time"], np.ones(len(stamps), dtype=np.int64)))
    return {str(bin_): rows for bin_, rows in counts.items()}


def _around(context: SplitContext, cut: int) -> tuple[int, int]:
    """The shares of the splits before a cut, and of those after it."""
    shares = list(context.request.shares.values())
    return sum(shares[: cut + 1]), sum(shares[cut + 1 :])


def window_of(context: SplitContext, cut: int, passes: int) -> tuple[Window, int]:
    """The window after some passes, around the dividing row; and the number of all timed rows."""
    window, total = Window(), 0
    for before in range(passes):
        counts = result(context.state, stage_name(cut, before))
        bins = {int(bin_): rows for bin_, rows in counts.items()}
        total = total or sum(bins.values())
        window = window.narrow(bins, boundary_rank(total, *_around(context, cut)))
    return window, total


def dividing(context: SplitContext, cut: int) -> Boundary | None:
    """The moment of a cut, after all passes; None if all rows have the same time."""
    request = context.request
    assert request.feature is not None
    window, total = window_of(context, cut, PASSES)
    bins = result(context.state, stage_name(cut, PASSES - 1))
    equal = bins[str(window.prefix & 0xFFFF)]
    integers = request.feature.type == "int"
    sides = (request.splits[cut], request.splits[cut + 1])
    shares = _around(context, cut)
    return boundary(window.prefix, window.below, equal, total, shares, sides, integers=integers)
