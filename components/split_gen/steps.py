"""The steps, each a function of the run and of the number of one file or block.

    files ─ scan ─┬ rows by entity ─▶ nodes ─┬───────────────────┬──────▶ decide ─ by file ─▶ write
                  └ edges ── by left end ──▶ left ─ by right ─▶ right ─ rounds ─┘

A step reads and writes state (`job.Job`) and returns counts (`stages.Counts`).
"""

import itertools
from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from components.common.hashing import U64
from components.common.tfrecord_reader import read_batches
from components.split_gen.by_component import graph
from components.split_gen.by_component.propagate import Forest, roots
from components.split_gen.by_component.state import Packed, pack
from components.split_gen.by_time.timeline import Boundary
from components.split_gen.job import (
    ANCHORED,
    DECIDED,
    EDGE,
    IN_TRAIN,
    LEFT_OUT,
    NODE,
    ROW,
    SIZE,
    STAMP,
    Job,
)
from components.split_gen.request import EDGES, EXAMPLES, Column
from components.split_gen.rows import NONE, Decoder, NotAnExample, Values, keys_of, times_of
from components.split_gen.stages import Counts
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


def scan(job: Job, number: int) -> Counts:
    """Takes the keys and times of the rows of one file.

    Raises:
      DataError: the file cannot be read.
    """
    return (_scan_edges if job.files[number].input == EDGES else _scan_entities)(job, number)


def _scan_entities(job: Job, number: int) -> Counts:
    file, task = job.files[number], _task(number)
    type_ = 0 if file.input == EXAMPLES else 1
    entity, column = list(job.request.entities.items())[type_]
    columns = [column]
    if file.input in job.request.timed and job.request.feature is not None:
        columns.append(job.request.feature)
    counts: Counter[str] = Counter()
    first = 0
    with job.rows.writer(task) as rows, job.decided.writer(f"scan-{task}") as decided:
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
            rows.add(job.block(found["key"]), found)
            counts[f"no id/{file.input}"] += int((~named).sum())
            counts[f"no time/{file.input}"] += int((~good).sum())
            counts[f"rows/{file.input}"] += len(records)
    return dict(counts)


def _scan_edges(job: Job, number: int) -> Counts:
    file, task = job.files[number], _task(number)
    ends = job.request.ends
    columns = [end.id for end in ends]
    if job.edges_timed and job.request.feature is not None:
        columns.append(job.request.feature)
    counts: Counter[str] = Counter()
    first = 0
    with (
        job.edges("left").writer(task) as edges,
        job.stamps.writer(task) as stamped,
        job.decided.writer(f"scan-{task}") as decided,
    ):
        for records, (left_ids, right_ids, *stamps) in decoded(file.path, columns):
            row = np.arange(first, first + len(records), dtype=np.uint64)
            first += len(records)
            left, right = (
                keys_of(ids, end.entity, integers=end.id.type == "int")
                for ids, end in zip((left_ids, right_ids), ends, strict=True)
            )
            time, good = _times(stamps, columns, len(row))
            if job.edges_timed:
                decided.add(number, pack(DECIDED, row=row[~good], split=LEFT_OUT))
                stamped.add(
                    job.block(row[good]), pack(STAMP, time=time[good], row=row[good], file=number)
                )
            else:
                edges.add(job.block(left), pack(EDGE, left=left, right=right, row=row, file=number))
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


def nodes(job: Job, block: int) -> Counts:
    """Makes entities of rows: equal ids are one, as early as the earliest of its rows."""
    held = np.empty(0, dtype=NODE)
    for rows in job.rows.read(block):
        seen = pack(NODE, key=rows["key"], time=rows["time"], rows=1, type=rows["type"])
        held = _unique_nodes(np.concatenate([held, seen]))
    with job.nodes.writer(_task(block)) as writer:
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


def nodes_of(job: Job, block: int) -> Packed:
    """The entities of a block, in order of their keys."""
    found = list(job.nodes.read(block))
    return np.concatenate(found) if found else np.empty(0, dtype=NODE)


def left(job: Job, block: int) -> Counts:
    """Finds the left ends of edges among the entities."""
    known = nodes_of(job, block)["key"]
    with job.edges("right").writer(_task(block)) as writer:
        for edges in job.edges("left").read(block):
            found = edges.copy()
            found["left"][~graph.is_in(edges["left"], known)] = NONE
            writer.add(job.block(found["right"]), found)
    return {}


def right(job: Job, block: int) -> Counts:
    """Finds the right ends of edges; anchors edges to an entity; makes the first graph."""
    known = nodes_of(job, block)["key"]
    shared = [end.entity in job.request.shared for end in job.request.ends]
    connects = job.request.unit == "component" and not any(shared)
    counts: Counter[str] = Counter()
    with (
        job.anchored.writer(_task(block)) as anchored,
        job.decided.writer(f"right-{_task(block)}") as decided,
        Forest(job, job.seen(0), _task(block), both=True) as forest,
    ):
        for edges in job.edges("right").read(block):
            ends = (
                edges["left"],
                np.where(graph.is_in(edges["right"], known), edges["right"], np.uint64(NONE)),
            )
            anchor = anchors(*ends, left_is_shared=shared[0], right_is_shared=shared[1])
            some = anchor != NONE
            anchored.add(
                job.block(anchor[some]),
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


def decide(job: Job, block: int, turn: int, boundary: Boundary | None) -> Counts:
    """Decides the split of the entities of a block, and of all rows that follow them.

    Args:
      turn: the round whose links are stars.
      boundary: where splits are by time.
    """
    found = nodes_of(job, block)
    label = graph.lookup(found["key"], *roots(job, block, turn))
    split = job.by_hash(label)
    if boundary is not None:
        timed = job.timed_types[found["type"]]
        split = np.where(timed, _by_time(found["time"], boundary), split)
    counts: Counter[str] = Counter()

    def keep(rows: Packed, of: Decided) -> None:
        decided.add(rows["file"], pack(DECIDED, row=rows["row"], split=of))

    with job.decided.writer(f"decide-{_task(block)}") as decided:
        for rows in itertools.chain(job.rows.read(block), job.anchored.read(block)):
            keep(rows, split[np.searchsorted(found["key"], rows["key"])])
        if boundary is not None:
            for rows in job.stamps.read(block):
                keep(rows, _by_time(rows["time"], boundary))
    with job.sizes.writer(_task(block)) as sizes:
        labels, count = np.unique(label[~job.shared_types[found["type"]]], return_counts=True)
        sizes.add(job.block(labels), pack(SIZE, label=labels, count=count))
    return dict(counts)


def _by_time(time: U64, boundary: Boundary) -> Decided:
    return (time >= np.uint64(boundary.code)).astype(np.uint8)


def sizes(job: Job, block: int) -> Counts:
    """Counts components, and finds the largest of those that have their labels in a block."""
    held = np.empty(0, dtype=SIZE)
    for found in job.sizes.read(block):
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
