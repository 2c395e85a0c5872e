"""Statistics of a run, as users and the pipeline read them, and checks that they add up."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.split_gen.beam_stages import Counts
from components.split_gen.by_time.timeline import Boundary
from components.split_gen.request import EDGES, SplitRequest
from components.split_gen.split_context import SplitContext
from relation.core.errors import DataError
from relation.names import TRAIN

FILE = "split_stats.json"

TOLERANCE = 0.1
"""The largest component may exceed the share of the training split by this much."""

Stats = dict[str, Any]


def inputs_of(context: SplitContext) -> list[str]:
    """The names of the inputs of a run, in order."""
    return list(dict.fromkeys(file.input for file in context.files))


def check_rows(context: SplitContext, counts: Counts) -> None:
    """Checks that the rows of all inputs can be split.

    Args:
      counts: of the step `scan`.

    Raises:
      DataError: an input has no rows; or a row has no time, and `bad_rows` is "fail".
    """
    request = context.request
    for name in inputs_of(context):
        total, missing = counts.get(f"rows/{name}", 0), counts.get(f"no time/{name}", 0)
        if not total:
            raise DataError(f"{name}: there are no rows to split")
        if not missing:
            continue
        assert request.feature is not None
        what = (
            f"{name}: {missing:,} of {total:,} rows have no time: feature {request.feature.name!r} "
            f"of type {request.feature.type} must hold one finite value"
        )
        if request.bad_rows == "fail":
            raise DataError(f"{what}; fix them, or set `bad_rows: skip` to leave them out")
        if missing == total:
            raise DataError(what)


def largest_share(request: SplitRequest) -> float:
    """The greatest share of the connected entities that one component may hold, in [0, 1.1]."""
    return request.shares[TRAIN] / sum(request.shares.values()) + TOLERANCE


def has_giant(request: SplitRequest, sizes: Counts) -> bool:
    """Whether one component holds more than its share; `sizes`: counts of the step `sizes`."""
    connected = sizes.get("connected", 0)
    return bool(connected) and sizes["largest"][0] > largest_share(request) * connected


def giant_error(request: SplitRequest, sizes: Counts, shown: Sequence[str]) -> DataError:
    """The error for a giant component; `shown` are a few of its entities."""
    size, connected = sizes["largest"][0], sizes["connected"]
    return DataError(
        f"edges connect {size:,} of the {connected:,} entities that have edges "
        f"({size / connected:.0%}) into one component, among them {', '.join(shown)}; with shares "
        f"of {request.shown_shares} a component may hold at most "
        f"{largest_share(request):.0%}. Components cannot split such data: split by unit `entity` "
        "and name the types that may be in both splits in `shared`, or split by unit `time`"
    )


def build(
    context: SplitContext, counts: Mapping[str, Counts], rounds: int, boundaries: Sequence[Boundary]
) -> Stats:
    """The content of `split_stats.json`.

    Args:
      counts: the counts of every stage, by its name.
      rounds: number of rounds that changed anything.
      boundaries: between one split and the next, where splits are by time.

    Raises:
      DataError: a split is empty.
      RuntimeError: the numbers of rows read and written differ; a bug in Relata.
    """
    read, sizes, written = counts["scan"], counts["sizes"], counts["write"]
    stats: Stats = {"unit": context.request.unit, "rows": {}}
    for name in inputs_of(context):
        rows = {
            "read": read[f"rows/{name}"],
            **{split: written[f"{split}/{name}"] for split in context.request.splits},
            "no_time": written[f"left out/{name}"],
        }
        if rows["read"] != sum(rows.values()) - rows["read"]:
            raise RuntimeError(f"{name}: the counts of rows do not add up: {rows}")
        stats["rows"][name] = {**rows, "no_id": read[f"no id/{name}"]}
    if boundaries:
        first, *others = (
            {"moment": boundary.moment, "rows_of_that_moment": boundary.side}
            for boundary in boundaries
        )
        stats["time"] = {**first, **dict(zip(context.request.splits[2:], others, strict=True))}
    else:
        stats["components"] = {
            "count": sizes.get("components", 0),
            "connected_entities": sizes.get("connected", 0),
            "largest": sizes["largest"][0] if "largest" in sizes else 0,
            "rounds": rounds,
        }
    if EDGES in stats["rows"] and not context.edges_timed:
        stats["edges"] = {
            "with_one_end": counts["right"]["edges with one end"],
            "without_an_end": counts["right"]["edges without an end"],
        }
    _check_splits(context, stats)
    return stats


def _check_splits(context: SplitContext, stats: Stats) -> None:
    for name, rows in stats["rows"].items():
        for split in context.request.splits:
            if rows[split]:
                continue
            request = context.request
            raise DataError(
                f"split {split!r} of {name} would be empty: its {rows['read']:,} rows "
                f"{_why(stats)} with shares of {request.shown_shares}; add rows, or change "
                "the shares, the seed or the unit"
            )


def _why(stats: Stats) -> str:
    if "components" not in stats:
        return "were split by time and by ids"
    components = stats["components"]
    return (
        f"form {components['count']:,} components (the largest has {components['largest']:,} "
        "entities)"
    )


def properties(stats: Stats, name: str) -> dict[str, int]:
    """The counts as flat properties of the artifact of an input: `rows_train`, …"""
    flat = {f"rows_{what}": rows for what, rows in stats["rows"][name].items()}
    for part in ("components", "edges"):
        flat |= {f"{part}_{what}": count for what, count in stats.get(part, {}).items()}
    return flat
