"""What a run did, in the form that users and the pipeline read; and the checks that it adds up."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.split_gen.beam_stages import Counts
from components.split_gen.by_time.timeline import Boundary
from components.split_gen.request import EDGES, SplitRequest
from components.split_gen.split_context import SPLITS, SplitContext
from relation.core.errors import DataError

FILE = "split_stats.json"

TOLERANCE = 0.1
"""By how much the largest component may exceed the share of the training split."""

Stats = dict[str, Any]


def inputs_of(context: SplitContext) -> list[str]:
    """The inputs that are there, in order."""
    return list(dict.fromkeys(file.input for file in context.files))


def check_rows(context: SplitContext, counts: Counts) -> None:
    """Checks that the rows that were read can be split.

    Raises:
      DataError: an input has no rows; or, by the request, a row has no time.
    """
    asked = context.request
    for name in inputs_of(context):
        total, missing = counts.get(f"rows/{name}", 0), counts.get(f"no time/{name}", 0)
        if not total:
            raise DataError(f"{name}: there are no rows to split")
        if not missing:
            continue
        assert asked.feature is not None
        what = (
            f"{name}: {missing:,} of {total:,} rows have no time: feature {asked.feature.name!r} "
            f"of type {asked.feature.type} must hold one finite value"
        )
        if asked.bad_rows == "fail":
            raise DataError(f"{what}; mend them, or let `bad_rows: skip` leave them out")
        if missing == total:
            raise DataError(what)


def largest_share(asked: SplitRequest) -> float:
    """How much of the entities that have edges one component may hold."""
    return asked.train / (asked.train + asked.eval) + TOLERANCE


def has_giant(asked: SplitRequest, sizes: Counts) -> bool:
    """Whether one component holds more than that; `sizes`: of the step."""
    connected = sizes.get("connected", 0)
    return bool(connected) and sizes["largest"][0] > largest_share(asked) * connected


def giant_error(asked: SplitRequest, sizes: Counts, shown: Sequence[str]) -> DataError:
    """What to say of a giant component; `shown`: a few of its entities."""
    size, connected = sizes["largest"][0], sizes["connected"]
    return DataError(
        f"edges connect {size:,} of the {connected:,} entities that have edges "
        f"({size / connected:.0%}) into one component, among them {', '.join(shown)}; with shares "
        f"of {asked.train}:{asked.eval} one may hold at most {largest_share(asked):.0%}. "
        "Components cannot split such data: split by unit `entity` and name the types that may be "
        "in both splits in `shared`, or split by unit `time`"
    )


def build(
    context: SplitContext, found: Mapping[str, Counts], rounds: int, boundary: Boundary | None
) -> Stats:
    """The content of `split_stats.json`.

    Args:
      found: the counts of every stage.
      rounds: how many rounds changed anything.
      boundary: where splits are by time.

    Raises:
      DataError: a split is empty.
      RuntimeError: rows in are not rows out, so something was lost: a fault of this program.
    """
    read, sizes, written = found["scan"], found["sizes"], found["write"]
    stats: Stats = {"unit": context.request.unit, "rows": {}}
    for name in inputs_of(context):
        rows = {
            "read": read[f"rows/{name}"],
            **{split: written[f"{split}/{name}"] for split in SPLITS},
            "no_time": written[f"left out/{name}"],
        }
        if rows["read"] != sum(rows.values()) - rows["read"]:
            raise RuntimeError(f"{name}: rows were lost: {rows}")
        stats["rows"][name] = {**rows, "no_id": read[f"no id/{name}"]}
    if boundary is not None:
        stats["time"] = {"moment": boundary.moment, "rows_of_that_moment": boundary.side}
    else:
        stats["components"] = {
            "count": sizes.get("components", 0),
            "connected_entities": sizes.get("connected", 0),
            "largest": sizes["largest"][0] if "largest" in sizes else 0,
            "rounds": rounds,
        }
    if EDGES in stats["rows"] and not context.edges_timed:
        stats["edges"] = {
            "with_one_end": found["right"]["edges with one end"],
            "without_an_end": found["right"]["edges without an end"],
        }
    _check_splits(context, stats)
    return stats


def _check_splits(context: SplitContext, stats: Stats) -> None:
    for name, rows in stats["rows"].items():
        for split in SPLITS:
            if rows[split]:
                continue
            asked = context.request
            raise DataError(
                f"split {split!r} of {name} would be empty: its {rows['read']:,} rows "
                f"{_why(stats)} by {asked.train}:{asked.eval} shares; give more rows, other "
                "shares, another seed or another unit"
            )


def _why(stats: Stats) -> str:
    if "components" not in stats:
        return "were split by time and by ids"
    found = stats["components"]
    return f"are of {found['count']:,} components (the largest: {found['largest']:,} entities)"


def properties(stats: Stats, name: str) -> dict[str, int]:
    """The counts as flat properties of the artifact of an input: `rows_train`, …"""
    flat = {f"rows_{what}": rows for what, rows in stats["rows"][name].items()}
    for part in ("components", "edges"):
        flat |= {f"{part}_{what}": count for what, count in stats.get(part, {}).items()}
    return flat
