"""`relation_stats.json`: the counters of a run, checked to add up, and as lines of text."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from components.relation_gen.stats import counters
from components.relation_gen.stats.counters import ANY, Counter, Counts, count_of, matching
from relation.core.errors import DataError
from relation.names import DOCUMENTS_CUT, ENTITIES, TRAIN

Stats = dict[str, Any]
LEFT_OUT = "negatives_leave_out_positives_of"


def build(
    rows: Iterable[tuple[str, str, str, int]],
    splits: Sequence[str],
    edges: Collection[str] = (),
    *,
    filtered: bool = False,
    weighted: bool = False,
) -> Stats:
    """The content of `relation_stats.json`.

    Args:
      rows: (split, input, counter's name, count).
      edges: the names of the edge lists; their rows get their split from their ends.
      filtered: whether an anchor may have positives in several splits.
      weighted: whether tuples carry a weight.

    Raises:
      RuntimeError: counts do not add up, so rows or tuples were lost; a bug in Relata.
      DataError: a split has no tuple, or none of a weight above 0.
    """
    counts: Counts = {(split, name, what): Counter(count) for split, name, what, count in rows}
    inputs = sorted({name for _, name, _ in counts if name})
    read = [name for name in inputs if _total(counts, name, counters.READ)]
    # Edges have no split before their ends are joined; rows that hold tuples have one.
    own = [name for name in read if name not in edges] or read
    # Entities within rows are read with the rows; only their warnings are counted.
    warnings = {name for _, name, what in counts if what.startswith(counters.WARNINGS)}
    stats: Stats = {
        "splits": {
            split: _split(counts, split, own) | _left_out(split, splits, filtered)
            for split in splits
        },
        "inputs": {name: _input(counts, name) for name in sorted(warnings.union(read))},
        "audit": {
            what: {name: count for name in inputs if (count := count_of(counts, ANY, name, what))}
            for what in (counters.OVERLAP, counters.EQUAL)
        },
    }
    unassigned = _rows(counts, counters.UNASSIGNED, own)
    if unassigned["rows_read"]:
        stats["splits"][counters.UNASSIGNED] = unassigned
    used = sum(
        count_of(counts, home, name, counters.ENTITIES) for name in inputs for home in (TRAIN, ANY)
    )
    stats["entities"] = {TRAIN: count_of(counts, ENTITIES, "", counters.WRITTEN)}
    for split in splits:
        written, sampled = (
            count_of(counts, split, "", w) for w in (counters.WRITTEN, counters.MADE)
        )
        _equal(split, "written and made", written, sampled)
        _check_some(split, stats["splits"][split])
        if weighted and not count_of(counts, split, "", counters.WEIGHING):
            raise DataError(
                f"split {split!r}: the weights of all {sampled:,} tuples are 0, so nothing could "
                "be learnt; expected some above 0, or a recipe that names no weight"
            )
    if stats["entities"][TRAIN] not in (used, 0):
        _equal(TRAIN, "entities written and entities used", stats["entities"][TRAIN], used)
    return stats


def _left_out(split: str, splits: Sequence[str], filtered: bool) -> Stats:
    """The splits whose known positives are not negatives, where an anchor may have some in several.

    Training leaves out its own alone: what it never draws would tell it the answers of evaluation.
    """
    return {LEFT_OUT: [TRAIN] if split == TRAIN else list(splits)} if filtered else {}


def _check_some(split: str, stats: Stats) -> None:
    """Refuses a split without tuples."""
    if not stats["tuples"]:
        reasons = ", ".join(f"{name} {count:,}" for name, count in stats["shortfall"].items())
        raise DataError(
            f"split {split!r}: none of the {stats['tuples_requested']:,} requested tuples could be "
            f"made: {reasons or 'for no counted reason'}; request fewer members, or add rows"
        )


def _input(counts: Counts, name: str) -> Stats:
    """Totals of the rows of an input."""
    splits = sorted({split for split, source, _ in counts if source == name})
    skipped: dict[str, int] = {}
    warnings: dict[str, int] = {}
    for split in splits:
        for reasons, prefix in ((skipped, counters.SKIPPED), (warnings, counters.WARNINGS)):
            for reason, count in matching(counts, split, name, prefix).items():
                reasons[reason] = reasons.get(reason, 0) + count.count
    read, used, reversed_edges = (
        _total(counts, name, what)
        for what in (counters.READ, counters.USED, counters.REVERSED_EDGES)
    )
    _equal(
        name,
        "rows read and rows used or skipped",
        read + reversed_edges,
        used + sum(skipped.values()),
    )
    reversed_rows = {"rows_mirrored": reversed_edges} if reversed_edges else {}
    return {
        "rows_read": read,
        **reversed_rows,
        "rows_used": used,
        "rows_skipped": sum(skipped.values()),
        "skipped": dict(sorted(skipped.items())),
        "noted": dict(sorted(warnings.items())),
    }


def _rows(counts: Counts, split: str, inputs: list[str]) -> Stats:
    """Totals of the rows of a split; reasons name the input where there are several."""
    skipped = {
        (reason if len(inputs) == 1 else f"{name}.{reason}"): counter.count
        for name in inputs
        for reason, counter in matching(counts, split, name, counters.SKIPPED).items()
    }
    read, used = (
        sum(count_of(counts, split, name, what) for name in inputs)
        for what in (counters.READ, counters.USED)
    )
    return {
        "rows_read": read,
        "rows_used": used,
        "rows_skipped": sum(skipped.values()),
        "skipped": skipped,
    }


def _split(counts: Counts, split: str, inputs: list[str]) -> Stats:
    lacking = {
        name: counter.count
        for name, counter in matching(counts, split, "", counters.SHORTFALL).items()
    }
    requested, sampled = (
        count_of(counts, split, "", w) for w in (counters.REQUESTED, counters.MADE)
    )
    _equal(
        split, "tuples asked for and made or lacking", requested, sampled + sum(lacking.values())
    )
    named = {name: counter.count for name, counter in matching(counts, split, "", "").items()}
    kinds = {
        kind: count
        for kind in ("positives", "negatives")
        if (count := named.get(f"{kind}_made", 0))
    }
    cut = {DOCUMENTS_CUT: named[DOCUMENTS_CUT]} if named.get(DOCUMENTS_CUT) else {}
    labels = sum(count_of(counts, split, name, counters.LABELS) for name in inputs)
    return {
        **_rows(counts, split, inputs),
        **({"labels": labels} if labels else {}),
        "tuples_requested": requested,
        "tuples": sampled,
        **kinds,
        **cut,
        "shortfall": lacking,
    }


def _total(counts: Counts, name: str, what: str) -> int:
    return sum(
        counter.count
        for (_, source, kind), counter in counts.items()
        if (source, kind) == (name, what)
    )


def _equal(where: str, what: str, left: int, right: int) -> None:
    if left != right:
        raise RuntimeError(f"{where!r}: {what} differ: {left} and {right}")


def properties(stats: Stats) -> dict[str, int]:
    """The counts as flat properties of the artifact: `tuples_train`, `rows_read_train`, …"""
    flat = {f"entities_{split}": count for split, count in stats["entities"].items()}
    for split, part in stats["splits"].items():
        flat |= {f"{name}_{split}": count for name, count in part.items() if isinstance(count, int)}
    for what, part in stats["audit"].items():
        flat |= {f"{what}_{name}": count for name, count in part.items()}
    return flat


def summary(stats: Stats) -> list[str]:
    """Formats the statistics as lines of text: splits, inputs if there are several, the audit."""
    lines = []
    for name, part in stats["inputs"].items():
        if part["rows_read"] and len(stats["inputs"]) > 1:
            lines.append(
                f"{name}: {part['rows_read']:,} rows read, {part['rows_used']:,} used"
                f"{_reasons(part['skipped'], 'skipped')}"
            )
        if part["noted"]:
            lines.append(f"{name}: {_counted(part['noted'], 'noted')}")
    for split, part in stats["splits"].items():
        lines.append(
            f"{split}: {part['rows_read']:,} rows read, {part['rows_used']:,} used"
            f"{_reasons(part['skipped'], 'skipped')}; {part.get('tuples', 0):,} tuples"
            f"{_reasons(part.get('shortfall', {}), 'could not be made')}{_no_negatives(part)}"
        )
    for split, count in stats["entities"].items():
        lines.append(f"{ENTITIES}: {count:,} entities of {split}, each once")
    for what, part in stats["audit"].items():
        for name, count in part.items():
            lines.append(f"audit: {name}: {count:,} {what.replace('_', ' ')}")
    return lines


def _no_negatives(part: Stats) -> str:
    """What a split leaves out of its negatives, as text; "" where that goes without saying."""
    left_out = part.get(LEFT_OUT)
    return f"; no known positive of {' or '.join(left_out)} is a negative" if left_out else ""


def _reasons(counts: dict[str, int], verb: str) -> str:
    return f", {_counted(counts, verb)}" if counts else ""


def _counted(counts: dict[str, int], verb: str) -> str:
    shown = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    return f"{sum(counts.values()):,} {verb} ({shown})"
