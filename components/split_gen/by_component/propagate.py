"""The rounds that spread the smallest key of a component to all of it: steps over `graph`."""

from types import TracebackType
from typing import Any

import numpy as np

from components.common.hashing import U64
from components.split_gen.beam_stages import Counts, result
from components.split_gen.by_component import graph
from components.split_gen.split_context import LINK, SplitContext
from components.split_gen.state import Packed, Store, pack

CHANGED = "changed"
"""How many edges a step replaced: a round without any leaves stars."""


class Forest:
    """Writes edges as a forest of stars; `both`: seen from both nodes, not only the larger one."""

    def __init__(self, context: SplitContext, store: Store, task: str, *, both: bool) -> None:
        self._context = context
        self._both = both
        self._limit = store.limit
        self._writer = store.writer(task)
        self._held: list[tuple[U64, U64]] = []
        self._rows = 0
        self.changed = 0

    def add(self, left: U64, right: U64) -> None:
        """Adds edges, [n]."""
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
        self._writer.add(self._context.block(node), pack(LINK, node=node, other=other))

    def __enter__(self) -> "Forest":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
            self._writer.flush()


def names(turn: int) -> tuple[str, str]:
    """The names of the two stages of a round."""
    return f"large-{turn}", f"small-{turn}"


def settled(context: SplitContext, turn: int) -> bool:
    """Whether a round left everything as it was (or was not run, since an earlier one had)."""
    return not any(result(context.state, name).get(CHANGED) for name in names(turn))


def large(context: SplitContext, block: int, turn: int) -> Counts:
    """Large-star over the nodes of a block."""
    if turn and settled(context, turn - 1):
        return {}
    return _star(
        context, block, context.seen(turn), graph.large_star, context.links(turn), both=False
    )


def small(context: SplitContext, block: int, turn: int) -> Counts:
    """Small-star over the nodes of a block."""
    if turn and settled(context, turn - 1):
        return {}
    return _star(
        context, block, context.links(turn), graph.small_star, context.seen(turn + 1), both=True
    )


def _star(
    context: SplitContext, block: int, source: Store, star: Any, target: Store, *, both: bool
) -> Counts:
    """Reads the block twice, so that no node's neighbours need to be in memory at once."""
    node = smallest = np.empty(0, dtype=np.uint64)
    for seen in source.read(block):
        node, smallest = graph.minima(
            np.concatenate([node, seen["node"]]), np.concatenate([smallest, seen["other"]])
        )
    if star is graph.large_star:
        smallest = np.minimum(smallest, node)
    changed = 0
    with Forest(context, target, f"{block:06d}", both=both) as forest:
        for seen in source.read(block):
            own = smallest[np.searchsorted(node, seen["node"])]
            links = star(seen["node"], seen["other"], own)
            forest.add(links.larger, links.smaller)
            changed += links.changed
    return {CHANGED: changed + forest.changed}


def roots(context: SplitContext, block: int, turn: int) -> tuple[U64, U64]:
    """The nodes of a block that are not the smallest of their component, and what is; in order.

    Args:
      turn: a round that left everything as it was.
    """
    found = [np.empty(0, dtype=LINK), *context.links(turn).read(block)]
    links: Packed = np.concatenate(found)
    return graph.minima(links["node"], links["other"])
