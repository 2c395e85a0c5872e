"""The steps, each a function of the run and of the number of one file or block.

    files ─ scan ─┬ rows by entity ─▶ nodes ─┬───────────────────┬──────▶ decide ─ by file ─▶ write
                  └ edges ── by left end ──▶ left ─ by right ─▶ right ─ rounds ─┘

A step reads and writes state (`split_context.SplitContext`) and returns counts (`stages.Counts`).
"""

import itertools
from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from components.common.hashing import U64
from components.common.tfrecord_reader import read_batches
from components.split_gen.beam_stages import Counts
from components.split_gen.by_component import graph
from components.split_gen.by_component.propagate import Forest, roots
from components.split_gen.by_time.timeline import Boundary
from components.split_gen.request import EDGES, EXAMPLES, Column
from components.split_gen.row_columns import NONE, Decoder, NotAnExample, Values, keys_of, times_of
from components.split_gen.split_context import (
    ANCHORED,
    DECIDED,
    EDGE,
    IN_TRAIN,
    LEFT_OUT,
    NODE,
    ROW,
    SIZE,
    STAMP,
    SplitContext,
)
from components.split_gen.state import Packed, pack
from relation.core.errors import DataError

LARGEST = "largest"
"""Of all components: how many entities, and the label."""

Decided = npt.NDArray[np.uint8]


def _task(number: int) -> str:
    return f"{number:06d}"


def decoded(path: str, columns: list[Column]) -> Iterator[tuple[list[bytes], list[Values]]]:
    """Batches of rows of a file, and their columns.

    Raises:
      DataError: the file cannot be read, or holds what is no tf.Example.
    """
    decoder = Decoder(columns)
    for records in read_batches(path):
        try:
            yield records, decoder(records)
        except NotAnExample:
            raise DataError(f"{path}: holds a record that is no tf.Example") from None


def scan(context: SplitContext, number: int) -> Counts:
    """Takes the keys and times of the rows of one file.

    Raises:
      DataError: the file cannot be read.
    """
    return (_scan_edges if context.files[number].input == EDGES else _scan_entities)(
        context, number
    )


def _scan_entities(context: SplitContext, number: int) -> Counts:
    file, task = context.files[number], _task(number)
    type_ = 0 if file.input == EXAMPLES else 1
    entity, column = list(context.request.entities.items())[type_]
    columns = [column]
    if file.input in context.request.timed and context.request.feature is not None:
        columns.append(context.request.feature)
    counts: Counter[str] = Counter()
    first = 0
    with context.rows.writer(task) as rows, context.decided.writer(f"scan-{task}") as decided:
        for records, (ids, *stamps) in decoded(file.path, columns):
            row = np.arange(first, first + len(records), dtype=np.uint64)
            first += len(records)
            key = keys_of(ids, entity, integers=column.type == "int")
            time, good = _times(stamps, columns, len(row))
            named = key != NONE
            decided.add(number, pack(DECIDED, row=row[~good], split=LEFT_OUT))
            decided.add(number, pack(DECIDED, row=row[good & ~named], split=IN_TRAIN))
            use = good & named
            found = pack(ROW, key=key[use], time=time[use], row=row[use], file=number, type=type_)
            rows.add(context.block(found["key"]), found)
            counts[f"no id/{file.input}"] += int((~named).sum())
            counts[f"no time/{file.input}"] += int((~good).sum())
            counts[f"rows/{file.input}"] += len(records)
    return dict(counts)


def _scan_edges(context: SplitContext, number: int) -> Counts:
    file, task = context.files[number], _task(number)
    ends = context.request.ends
    columns = [end.id for end in ends]
    if context.edges_timed and context.request.feature is not None:
        columns.append(context.request.feature)
    counts: Counter[str] = Counter()
    first = 0
    with (
        context.edges("left").writer(task) as edges,
        context.stamps.writer(task) as stamped,
        context.decided.writer(f"scan-{task}") as decided,
    ):
        for records, (left_ids, right_ids, *stamps) in decoded(file.path, columns):
            row = np.arange(first, first + len(records), dtype=np.uint64)
            first += len(records)
            left, right = (
                keys_of(ids, end.entity, integers=end.id.type == "int")
                for ids, end in zip((left_ids, right_ids), ends, strict=True)
            )
            time, good = _times(stamps, columns, len(row))
            if context.edges_timed:
                decided.add(number, pack(DECIDED, row=row[~good], split=LEFT_OUT))
                stamped.add(
                    context.block(row[good]),
                    pack(STAMP, time=time[good], row=row[good], file=number),
                )
            else:
                edges.add(
                    context.block(left), pack(EDGE, left=left, right=right, row=row, file=number)
                )
            counts[f"no id/{EDGES}"] += int(((left == NONE) | (right == NONE)).sum())
            counts[f"no time/{EDGES}"] += int((~good).sum())
            counts[f"rows/{EDGES}"] += len(records)
    return dict(counts)


def _times(
    stamps: list[Values], columns: list[Column], rows: int
) -> tuple[U64, npt.NDArray[np.bool_]]:
    """The codes of times, and whether there is one; where none is asked for, all is well."""
    if not stamps:
        return np.zeros(rows, dtype=np.uint64), np.ones(rows, dtype=bool)
    return times_of(stamps[0], integers=columns[-1].type == "int")


def nodes(context: SplitContext, block: int) -> Counts:
    """Makes entities of rows: equal ids are one, as early as the earliest of its rows."""
    held = np.empty(0, dtype=NODE)
    for rows in context.rows.read(block):
        seen = pack(NODE, key=rows["key"], time=rows["time"], rows=1, type=rows["type"])
        held = _unique_nodes(np.concatenate([held, seen]))
    with context.nodes.writer(_task(block)) as writer:
        writer.add(block, held)
    return {"entities": len(held)}


def _unique_nodes(found: Packed) -> Packed:
    groups = graph.grouped(found["key"])
    if not len(groups.key):
        return found
    in_order = found[groups.order]
    return pack(
        NODE,
        key=groups.key,
        time=np.minimum.reduceat(in_order["time"], groups.start),
        rows=np.add.reduceat(in_order["rows"], groups.start),
        type=in_order["type"][groups.start],
    )


def left(context: SplitContext, block: int) -> Counts:
    """Finds the left ends of edges among the entities."""
    known = context.entities(block)["key"]
    with context.edges("right").writer(_task(block)) as writer:
        for edges in context.edges("left").read(block):
            found = edges.copy()
            found["left"][~graph.is_in(edges["left"], known)] = NONE
            writer.add(context.block(found["right"]), found)
    return {}


def right(context: SplitContext, block: int) -> Counts:
    """Finds the right ends of edges; anchors edges to an entity; makes the first graph."""
    known = context.entities(block)["key"]
    shared = [end.entity in context.request.shared for end in context.request.ends]
    connects = context.request.unit == "component" and not any(shared)
    counts: Counter[str] = Counter()
    with (
        context.anchored.writer(_task(block)) as anchored,
        context.decided.writer(f"right-{_task(block)}") as decided,
        Forest(context, context.seen(0), _task(block), both=True) as forest,
    ):
        for edges in context.edges("right").read(block):
            ends = (
                edges["left"],
                np.where(graph.is_in(edges["right"], known), edges["right"], np.uint64(NONE)),
            )
            anchor = anchors(*ends, left_is_shared=shared[0], right_is_shared=shared[1])
            some = anchor != NONE
            anchored.add(
                context.block(anchor[some]),
                pack(ANCHORED, key=anchor[some], row=edges["row"][some], file=edges["file"][some]),
            )
            lost = edges[~some]
            decided.add(lost["file"], pack(DECIDED, row=lost["row"], split=IN_TRAIN))
            both = (ends[0] != NONE) & (ends[1] != NONE)
            if connects:
                use = both & (ends[0] != ends[1])
                forest.add(ends[0][use], ends[1][use])
            counts["edges without an end"] += len(lost)
            counts["edges with one end"] += int((some & ~both).sum())
    return dict(counts)


def anchors(left: U64, right: U64, *, left_is_shared: bool, right_is_shared: bool) -> U64:
    """The entity whose split each edge shares: one that exists, one that is not shared, the left.

    >>> anchors(np.uint64([1, 0, 1]), np.uint64([2, 2, 0]), left_is_shared=True,
    ...         right_is_shared=False)
    array([2, 2, 1], dtype=uint64)
    """
    first, second = (right, left) if left_is_shared and not right_is_shared else (left, right)
    return np.where(first != NONE, first, second)


def decide(context: SplitContext, block: int, turn: int, boundary: Boundary | None) -> Counts:
    """Decides the split of the entities of a block, and of all rows that follow them.

    Args:
      turn: the round whose links are stars.
      boundary: where splits are by time.
    """
    found = context.entities(block)
    label = graph.lookup(found["key"], *roots(context, block, turn))
    split = context.by_hash(label)
    if boundary is not None:
        timed = context.timed_types[found["type"]]
        split = np.where(timed, _by_time(found["time"], boundary), split)
    counts: Counter[str] = Counter()

    def keep(rows: Packed, of: Decided) -> None:
        decided.add(rows["file"], pack(DECIDED, row=rows["row"], split=of))

    with context.decided.writer(f"decide-{_task(block)}") as decided:
        for rows in itertools.chain(context.rows.read(block), context.anchored.read(block)):
            keep(rows, split[np.searchsorted(found["key"], rows["key"])])
        if boundary is not None:
            for rows in context.stamps.read(block):
                keep(rows, _by_time(rows["time"], boundary))
    with context.sizes.writer(_task(block)) as sizes:
        labels, count = np.unique(label[~context.shared_types[found["type"]]], return_counts=True)
        sizes.add(context.block(labels), pack(SIZE, label=labels, count=count))
    return dict(counts)


def _by_time(time: U64, boundary: Boundary) -> Decided:
    return (time >= np.uint64(boundary.code)).astype(np.uint8)


def sizes(context: SplitContext, block: int) -> Counts:
    """Counts components, and finds the largest of those that have their labels in a block."""
    held = np.empty(0, dtype=SIZE)
    for found in context.sizes.read(block):
        found = np.concatenate([held, found])
        groups = graph.grouped(found["label"])
        count = np.add.reduceat(found["count"][groups.order], groups.start)
        held = pack(SIZE, label=groups.key, count=count)
    if not len(held):
        return {}
    size = held["count"]
    largest = np.flatnonzero(size == size.max())[-1]
    return {
        "components": len(held),
        "connected": int(size[size > 1].sum()),
        LARGEST: [int(size[largest]), int(held["label"][largest])],
    }
