"""Propagates the smallest key of each component to all its nodes: rounds of steps over `graph`."""

from types import TracebackType
from typing import Any

import numpy as np

from components.common.hashing import U64
from components.split_gen.beam_stages import Counts, result
from components.split_gen.by_component import graph
from components.split_gen.split_context import LINK, SplitContext
from components.split_gen.state import Packed, Store, pack

CHANGED = "changed"
"""The number of edges that a step replaced; after a round of 0 every component is a star."""


class Forest:
    """Writes edges as stars, contracting those that are in memory together.

    Attributes:
      changed: number of edges that were replaced so far.
    """

    def __init__(self, context: SplitContext, store: Store, task: str, *, both: bool) -> None:
        """With `both`, writes each edge from both its nodes, else from the larger one."""
        self._context = context
        self._both = both
        self._limit = store.limit
        self._writer = store.writer(task)
        self._held: list[tuple[U64, U64]] = []
        self._rows = 0
        self.changed = 0

    def add(self, left: U64, right: U64) -> None:
        """Adds edges between two nodes each, uint64 [n]."""
        self._held.append((left, right))
        self._rows += len(left)
        if self._rows >= self._limit:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        links = graph.contract(*(np.concatenate(side) for side in zip(*self._held, strict=True)))
        self._held, self._rows = [], 0
        self.changed += links.changed
        self._write(links.larger, links.smaller)
        if self._both:
            self._write(links.smaller, links.larger)

    def _write(self, node: U64, other: U64) -> None:
        self._writer.add(self._context.partition_of(node), pack(LINK, node=node, other=other))

    def __enter__(self) -> "Forest":
        return self

    def __exit__(
        self,
        type_: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if type_ is None:
            self._flush()
            self._writer.flush()


def names(round_number: int) -> tuple[str, str]:
    """The names of the two stages of a round."""
    return f"large-{round_number}", f"small-{round_number}"


def settled(context: SplitContext, round_number: int) -> bool:
    """Whether a round changed nothing, or was skipped because an earlier one changed nothing."""
    return not any(result(context.state, name).get(CHANGED) for name in names(round_number))


def large(context: SplitContext, partition: int, round_number: int) -> Counts:
    """Large-star over the nodes of a partition."""
    if round_number and settled(context, round_number - 1):
        return {}
    return _star(
        context,
        partition,
        context.seen(round_number),
        graph.large_star,
        context.links(round_number),
        both=False,
    )


def small(context: SplitContext, partition: int, round_number: int) -> Counts:
    """Small-star over the nodes of a partition."""
    if round_number and settled(context, round_number - 1):
        return {}
    return _star(
        context,
        partition,
        context.links(round_number),
        graph.small_star,
        context.seen(round_number + 1),
        both=True,
    )


def _star(
    context: SplitContext, partition: int, source: Store, star: Any, target: Store, *, both: bool
) -> Counts:
    """Reads the partition twice, so that a node's neighbours are never all in memory."""
    node = smallest = np.empty(0, dtype=np.uint64)
    for seen in source.read(partition):
        node, smallest = graph.minima(
            np.concatenate([node, seen["node"]]), np.concatenate([smallest, seen["other"]])
        )
    if star is graph.large_star:
        smallest = np.minimum(smallest, node)
    changed = 0
    with Forest(context, target, f"{partition:06d}", both=both) as forest:
        for seen in source.read(partition):
            own = smallest[np.searchsorted(node, seen["node"])]
            links = star(seen["node"], seen["other"], own)
            forest.add(links.larger, links.smaller)
            changed += links.changed
    return {CHANGED: changed + forest.changed}


def roots(context: SplitContext, partition: int, round_number: int) -> tuple[U64, U64]:
    """The nodes of a partition other than roots, ascending, and their roots: uint64 [n] each.

    The root of a component is its smallest node.

    Args:
      round_number: a round that changed nothing.
    """
    pieces = [np.empty(0, dtype=LINK), *context.links(round_number).read(partition)]
    links: Packed = np.concatenate(pieces)
    return graph.minima(links["node"], links["other"])
