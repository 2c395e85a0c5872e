"""The steps that decide the split of every row, by file or by partition.

    files ─ scan ─┬ rows by entity ─▶ nodes ─┬───────────────────┬──────▶ decide ─ by file ─▶ write
                  └ edges ── by left end ──▶ left ─ by right ─▶ right ─ rounds ─┘

A step is a function of the run and of the number of one file or partition. It reads and writes
state (`split_context.SplitContext`) and returns counts (`beam_stages.Counts`).
"""

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from components.common.hashing import U64
from components.common.rows.example_decoder import read_decoded
from components.split_gen.beam_stages import Counts
from components.split_gen.by_component import graph
from components.split_gen.by_component.propagate import Forest, roots
from components.split_gen.by_time.timeline import Boundary
from components.split_gen.request import EDGES, Column
from components.split_gen.row_columns import (
    NONE,
    ColumnDecoder,
    Values,
    keys_of,
    times_of,
)
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
from relation.names import EXAMPLES

LARGEST = "largest"
"""The largest component: the number of its entities, and its label."""

Splits = npt.NDArray[np.uint8]


def _task(number: int) -> str:
    return f"{number:06d}"


def scan(context: SplitContext, number: int) -> Counts:
    """Extracts keys and times from the rows of one file.

    Raises:
      DataError: the file cannot be read.
    """
    step = _scan_edges if context.files[number].input == EDGES else _scan_entities
    return step(context, number)


def _scan_entities(context: SplitContext, number: int) -> Counts:
    file, task = context.files[number], _task(number)
    type_ = 0 if file.input == EXAMPLES else 1
    entity, column = list(context.request.entities.items())[type_]
    columns = [column]
    if file.input in context.request.timed and context.request.feature is not None:
        columns.append(context.request.feature)
    counts: Counter[str] = Counter()
    first = 0
    with (
        context.rows.writer(task) as rows,
        context.decided.writer(f"scan-{task}") as decided,
    ):
        for records, (ids, *stamps) in read_decoded(file.path, ColumnDecoder(columns)):
            row = np.arange(first, first + len(records), dtype=np.uint64)
            first += len(records)
            key = keys_of(ids, entity, integers=column.type == "int")
            time, good = _times(stamps, columns, len(row))
            has_id = key != NONE
            decided.add(number, pack(DECIDED, row=row[~good], split=LEFT_OUT))
            decided.add(number, pack(DECIDED, row=row[good & ~has_id], split=IN_TRAIN))
            use = good & has_id
            batch = pack(ROW, key=key[use], time=time[use], row=row[use], file=number, type=type_)
            rows.add(context.partition_of(batch["key"]), batch)
            counts[f"no id/{file.input}"] += int((~has_id).sum())
            counts[f"no time/{file.input}"] += int((~good).sum())
            counts[f"rows/{file.input}"] += len(records)
    return dict(counts)


def _scan_edges(context: SplitContext, number: int) -> Counts:
    path, task = context.files[number].path, _task(number)
    endpoints = context.request.endpoints
    columns = [endpoint.id for endpoint in endpoints]
    if context.edges_timed and context.request.feature is not None:
        columns.append(context.request.feature)
    counts: Counter[str] = Counter()
    first = 0
    with (
        context.edges("left").writer(task) as edges,
        context.stamps.writer(task) as stamped,
        context.decided.writer(f"scan-{task}") as decided,
    ):
        for records, (left_ids, right_ids, *stamps) in read_decoded(path, ColumnDecoder(columns)):
            row = np.arange(first, first + len(records), dtype=np.uint64)
            first += len(records)
            left, right = (
                keys_of(ids, endpoint.entity, integers=endpoint.id.type == "int")
                for ids, endpoint in zip((left_ids, right_ids), endpoints, strict=True)
            )
            time, good = _times(stamps, columns, len(row))
            if context.edges_timed:
                decided.add(number, pack(DECIDED, row=row[~good], split=LEFT_OUT))
                stamp = pack(STAMP, time=time[good], row=row[good], file=number)
                stamped.add(context.partition_of(row[good]), stamp)
            else:
                edge = pack(EDGE, left=left, right=right, row=row, file=number)
                edges.add(context.partition_of(left), edge)
            counts[f"no id/{EDGES}"] += int(((left == NONE) | (right == NONE)).sum())
            counts[f"no time/{EDGES}"] += int((~good).sum())
            counts[f"rows/{EDGES}"] += len(records)
    return dict(counts)


def _times(
    stamps: list[Values], columns: list[Column], rows: int
) -> tuple[U64, npt.NDArray[np.bool_]]:
    """Codes of times, uint64 [rows], and whether a row has one, bool [rows].

    Without a column of times all codes are 0 and all rows are good.
    """
    if not stamps:
        return np.zeros(rows, dtype=np.uint64), np.ones(rows, dtype=bool)
    return times_of(stamps[0], integers=columns[-1].type == "int")


def nodes(context: SplitContext, partition: int) -> Counts:
    """Merges the rows of each id into one entity, with the time of the earliest row."""
    merged = np.empty(0, dtype=NODE)
    for rows in context.rows.read(partition):
        batch = pack(NODE, key=rows["key"], time=rows["time"], rows=1, type=rows["type"])
        merged = _unique_nodes(np.concatenate([merged, batch]))
    with context.nodes.writer(_task(partition)) as writer:
        writer.add(partition, merged)
    return {"entities": len(merged)}


def _unique_nodes(nodes: Packed) -> Packed:
    """NODEs with equal keys merged: [n] → [m], in ascending order of keys."""
    groups = graph.grouped(nodes["key"])
    if not len(groups.key):
        return nodes
    in_order = nodes[groups.order]
    return pack(
        NODE,
        key=groups.key,
        time=np.minimum.reduceat(in_order["time"], groups.start),
        rows=np.add.reduceat(in_order["rows"], groups.start),
        type=in_order["type"][groups.start],
    )


def left(context: SplitContext, partition: int) -> Counts:
    """Looks up the left endpoints of edges among the entities; an unknown one becomes NONE."""
    keys = context.entities(partition)["key"]
    with context.edges("right").writer(_task(partition)) as writer:
        for batch in context.edges("left").read(partition):
            edges = batch.copy()
            edges["left"][~graph.is_in(batch["left"], keys)] = NONE
            writer.add(context.partition_of(edges["right"]), edges)
    return {}


def right(context: SplitContext, partition: int) -> Counts:
    """Looks up the right endpoints, anchors each edge to an entity, and starts the graph."""
    keys = context.entities(partition)["key"]
    shared = [endpoint.entity in context.request.shared for endpoint in context.request.endpoints]
    connects = context.request.unit == "component" and not any(shared)
    task = _task(partition)
    counts: Counter[str] = Counter()
    with (
        context.anchored.writer(task) as anchored,
        context.decided.writer(f"right-{task}") as decided,
        Forest(context, context.seen(0), task, both=True) as forest,
    ):
        for edges in context.edges("right").read(partition):
            left = edges["left"]
            right = np.where(graph.is_in(edges["right"], keys), edges["right"], np.uint64(NONE))
            anchor = anchors(left, right, left_is_shared=shared[0], right_is_shared=shared[1])
            some = anchor != NONE
            anchored.add(
                context.partition_of(anchor[some]),
                pack(ANCHORED, key=anchor[some], row=edges["row"][some], file=edges["file"][some]),
            )
            lost = edges[~some]
            decided.add(lost["file"], pack(DECIDED, row=lost["row"], split=IN_TRAIN))
            both = (left != NONE) & (right != NONE)
            if connects:
                use = both & (left != right)
                forest.add(left[use], right[use])
            counts["edges without an end"] += len(lost)
            counts["edges with one end"] += int((some & ~both).sum())
    return dict(counts)


def anchors(left: U64, right: U64, *, left_is_shared: bool, right_is_shared: bool) -> U64:
    """The entity whose split each edge shares: one that exists, one that is not shared, the left.

    >>> anchors(np.uint64([1, 0, 1]), np.uint64([2, 2, 0]), left_is_shared=True,
    ...         right_is_shared=False)
    array([2, 2, 1], dtype=uint64)

    Args:
      left, right: keys of the endpoints, uint64 [n]; NONE where there is no such entity.

    Returns:
      uint64 [n]; NONE where both endpoints are.
    """
    first, second = (right, left) if left_is_shared and not right_is_shared else (left, right)
    return np.where(first != NONE, first, second)


def decide(
    context: SplitContext, partition: int, round_number: int, boundaries: Sequence[Boundary]
) -> Counts:
    """Decides the split of the entities of a partition, and of all rows that follow them.

    Args:
      round_number: the round whose links are stars.
      boundaries: between one split and the next, where splits are by time.
    """
    entities = context.entities(partition)
    label = graph.lookup(entities["key"], *roots(context, partition, round_number))
    split = context.by_hash(label)
    if boundaries:
        timed = context.timed_types[entities["type"]]
        split = np.where(timed, _by_time(entities["time"], boundaries), split)

    def keep(rows: Packed, splits: Splits) -> None:
        decided.add(rows["file"], pack(DECIDED, row=rows["row"], split=splits))

    with context.decided.writer(f"decide-{_task(partition)}") as decided:
        batches = itertools.chain(context.rows.read(partition), context.anchored.read(partition))
        for rows in batches:
            keep(rows, split[np.searchsorted(entities["key"], rows["key"])])
        if boundaries:
            for rows in context.stamps.read(partition):
                keep(rows, _by_time(rows["time"], boundaries))
    with context.sizes.writer(_task(partition)) as sizes:
        unshared = label[~context.shared_types[entities["type"]]]
        labels, count = np.unique(unshared, return_counts=True)
        sizes.add(context.partition_of(labels), pack(SIZE, label=labels, count=count))
    return {}


def _by_time(time: U64, boundaries: Sequence[Boundary]) -> Splits:
    """The split of each code of a time: uint64 [n] → uint8 [n]."""
    codes = np.array([boundary.code for boundary in boundaries], dtype=np.uint64)
    return np.searchsorted(np.maximum.accumulate(codes), time, side="right").astype(np.uint8)


def sizes(context: SplitContext, partition: int) -> Counts:
    """Counts the components whose labels are in a partition, and finds the largest."""
    merged = np.empty(0, dtype=SIZE)
    for batch in context.sizes.read(partition):
        sizes = np.concatenate([merged, batch])
        groups = graph.grouped(sizes["label"])
        count = np.add.reduceat(sizes["count"][groups.order], groups.start)
        merged = pack(SIZE, label=groups.key, count=count)
    if not len(merged):
        return {}
    size = merged["count"]
    largest = np.flatnonzero(size == size.max())[-1]
    return {
        "components": len(merged),
        "connected": int(size[size > 1].sum()),
        LARGEST: [int(size[largest]), int(merged["label"][largest])],
    }
