"""What a run did, in the form that users and the pipeline read; and the checks that it adds up."""

from collections.abc import Iterable
from typing import Any

from components.relation_gen import tally
from components.relation_gen.tally import Counts, Tally, count_of, matching
from relation.names import ENTITIES, TRAIN

Stats = dict[str, Any]


def build(rows: Iterable[tuple[str, str, int]], splits: Iterable[str]) -> Stats:
    """The content of `relation_stats.json`.

    Args:
      rows: (split, what was counted, count).

    Raises:
      RuntimeError: counts do not add up, so something was lost: a fault of this program.
    """
    counts: Counts = {(split, name): Tally(count) for split, name, count in rows}
    named = [
        *splits,
        *([tally.UNASSIGNED] if any(s == tally.UNASSIGNED for s, _ in counts) else []),
    ]
    stats: Stats = {"splits": {split: _split(counts, split) for split in named}}
    stats["entities"] = {TRAIN: count_of(counts, ENTITIES, tally.WRITTEN)}
    for split in splits:
        _equal(
            split,
            "written and made",
            count_of(counts, split, tally.WRITTEN),
            count_of(counts, split, tally.MADE),
        )
    _equal(
        TRAIN,
        "entities written and rows used",
        stats["entities"][TRAIN],
        count_of(counts, TRAIN, tally.USED),
    )
    return stats


def _split(counts: Counts, split: str) -> Stats:
    skipped = {name: found.count for name, found in matching(counts, split, tally.SKIPPED).items()}
    lacking = {
        name: found.count for name, found in matching(counts, split, tally.SHORTFALL).items()
    }
    read, used = count_of(counts, split, tally.READ), count_of(counts, split, tally.USED)
    asked, made = count_of(counts, split, tally.REQUESTED), count_of(counts, split, tally.MADE)
    _equal(split, "rows read and rows used or skipped", read, used + sum(skipped.values()))
    _equal(split, "tuples asked for and made or lacking", asked, made + sum(lacking.values()))
    kinds = {
        kind: count
        for kind in ("positives", "negatives")
        if (count := count_of(counts, split, f"{kind}_made"))
    }
    return {
        "rows_read": read,
        "rows_used": used,
        "rows_skipped": sum(skipped.values()),
        "skipped": skipped,
        "labels": count_of(counts, split, tally.LABELS),
        "tuples_requested": asked,
        "tuples": made,
        **kinds,
        "shortfall": lacking,
    }


def _equal(split: str, what: str, left: int, right: int) -> None:
    if left != right:
        raise RuntimeError(f"split {split!r}: {what} differ: {left} and {right}")


def properties(stats: Stats) -> dict[str, int]:
    """The counts as flat properties of the artifact: `tuples_train`, `rows_read_train`, …"""
    flat = {f"entities_{split}": count for split, count in stats["entities"].items()}
    for split, found in stats["splits"].items():
        flat |= {
            f"{name}_{split}": count for name, count in found.items() if isinstance(count, int)
        }
    return flat


def summary(stats: Stats) -> list[str]:
    """A line a split, for people."""
    lines = []
    for split, found in stats["splits"].items():
        lines.append(
            f"{split}: {found['rows_read']:,} rows read, {found['rows_used']:,} used"
            f"{_reasons(found['skipped'], 'skipped')}; {found['tuples']:,} tuples"
            f"{_reasons(found['shortfall'], 'could not be made')}"
        )
    for split, count in stats["entities"].items():
        lines.append(f"{ENTITIES}: {count:,} entities of {split}, each once")
    return lines


def _reasons(counts: dict[str, int], verb: str) -> str:
    if not counts:
        return ""
    shown = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    return f", {sum(counts.values()):,} {verb} ({shown})"
