"""What is known once all rows were counted: offsets of the dense index, and output shards.

It is a small pure function of counts; and the place where data is refused that has no tuples.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from components.relation_gen import tally
from components.relation_gen.plan import asked_of
from relation.errors import DataError
from relation.names import ENTITIES, TRAIN
from relation.recipe import Materialization

SHARD_BYTES = 64 * 2**20
"""About how much an output shard holds before compression."""
MAX_SHARDS = 99_999


@dataclass(frozen=True)
class CellTotal:
    """Counts of one cell: a range of label hashes of one split.

    `related`: rows that share their label with another. `label`: one of the labels, to be shown.
    """

    split: str
    cell: int
    rows: int
    labels: int
    related: int
    label: str


@dataclass(frozen=True)
class Layout:
    """`offsets[split]`: where each cell begins in the dense index, and last the number of entities.

    `shards[output]`: number of files of each split written.
    """

    offsets: dict[str, tuple[int, ...]]
    shards: dict[str, int]

    def total(self, split: str) -> int:
        """Entities of a split."""
        return self.offsets[split][-1]


def make_layout(
    request: Materialization,
    splits: tuple[str, ...],
    cells: int,
    totals: Iterable[CellTotal],
    counts: tally.Counts,
) -> Layout:
    """Lays out index and output.

    Raises:
      DataError: rows that cannot be used, where the recipe says that they stop the run; a split of
        which no tuple can be made.
    """
    if request.bad_rows == "fail":
        _refuse_bad_rows(counts)
    by_split: dict[str, list[CellTotal]] = {split: [] for split in splits}
    for total in totals:
        by_split[total.split].append(total)
    offsets, shards = {}, {}
    for split, found in by_split.items():
        _check_split(request, split, found, counts)
        rows = {total.cell: total.rows for total in found}
        ends = [0]
        for cell in range(cells):
            ends.append(ends[-1] + rows.get(cell, 0))
        offsets[split] = tuple(ends)
        size = tally.count_of(counts, split, tally.BYTES)
        copies = asked_of(request.relation).tuples * len(request.tuples.roles)
        shards[split] = _shards(size * copies)
        if split == TRAIN:
            shards[ENTITIES] = _shards(size)
    return Layout(offsets, shards)


def _shards(size: int) -> int:
    return min(max(-(-size // SHARD_BYTES), 1), MAX_SHARDS)


# Not faults of a row: another row with its id is used in its place.
DUPLICATES = ("duplicate_id", "conflicting_id")


def _refuse_bad_rows(counts: tally.Counts) -> None:
    faults = []
    for split in sorted({split for split, _ in counts}):
        for reason, found in tally.matching(counts, split, tally.SKIPPED).items():
            if reason not in DUPLICATES:
                faults.append(f"split {split!r}: {reason} {found.count}{_shown(found)}")
    if faults:
        raise DataError(
            f"rows that cannot be used: {'; '.join(faults)}; mend them, or let the recipe say "
            "data.bad_rows: skip"
        )


def _shown(found: tally.Tally) -> str:
    if not found.examples:
        return ""
    ids = ", ".join(show(example) for example in found.examples)
    return f" (ids {ids}{', …' if found.count > len(found.examples) else ''})"


def show(value: bytes) -> str:
    """An id or label for messages, on one line."""
    try:
        return repr(value.decode())
    except UnicodeDecodeError:
        return repr(value)


def _check_split(
    request: Materialization, split: str, found: list[CellTotal], counts: tally.Counts
) -> None:
    feature, asked = request.relation.source.feature, asked_of(request.relation)
    labels = sum(total.labels for total in found)
    related = sum(total.related for total in found)
    if not labels:
        read = tally.count_of(counts, split, tally.READ)
        raise DataError(f"split {split!r}: no row can be used ({read} read); tuples need some")
    if asked.negatives and labels == 1:
        raise DataError(
            f"split {split!r}: feature {feature!r} has one value ({found[0].label}); negatives "
            "need at least two"
        )
    if not related and (asked.joint or not asked.negatives):
        raise DataError(
            f"split {split!r}: no two of the {labels} rows have the same value of feature "
            f"{feature!r}, so no tuple can be made; positives need two rows with one value"
        )
