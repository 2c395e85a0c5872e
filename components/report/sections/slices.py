"""Metrics of parts of the data."""

from collections.abc import Sequence

from components.common.evaluation_results import TUPLES
from components.report.collect.evidence import Evidence
from components.report.collect.findings import Slice
from components.report.render.cards import Cards
from components.report.render.page import Cell, Section, Table
from components.report.text import SHORT, measured, metric_name, printable, words

MOST, COLUMNS = 60, 6


def slices(evidence: Evidence, _: Cards) -> Section | None:
    """A table for each feature, the worst slice first by the first metric that has a gate."""
    found = evidence.findings
    if found is None or not found.slices:
        return None
    gated = list(dict.fromkeys(gate.metric for gate in found.gates))
    tables = tuple(
        _table(of, feature, [s for s in found.slices if (s.of, s.feature) == (of, feature)], gated)
        for of, feature in dict.fromkeys((s.of, s.feature) for s in found.slices)
    )
    lead = "A model that is good on average may fail on a part. The worst come first."
    return Section("slices", "Slices", lead, tables)


def _table(of: str, feature: str, found: Sequence[Slice], gated: Sequence[str]) -> Table:
    names = list(dict.fromkeys(name for s in found for name in s.metrics))
    names.sort(key=lambda name: (name not in gated, name == "examples"))
    names = [n for n in names if n != "examples" and not n.endswith("threshold")][:COLUMNS]
    sized = any("examples" in s.metrics for s in found)
    counted = "tuples" if of == TUPLES else "queries"
    rows = sorted(found, key=lambda s: _worst_first(s, names))[:MOST]
    return Table(
        f"By {words(feature)}: {of}",
        (words(feature), *((counted,) if sized else ()), *map(metric_name, names)),
        tuple(
            (
                Cell(printable(s.value, SHORT)),
                *((Cell(measured(s.metrics.get("examples")), number=True),) if sized else ()),
                *(
                    Cell(measured(value), number=True, share=_share(value))
                    for value in (s.metrics.get(name) for name in names)
                ),
            )
            for s in rows
        ),
    )


def _worst_first(found: Slice, names: Sequence[str]) -> tuple[float, str]:
    value = found.metrics.get(names[0]) if names else None
    undefined = value is None or value != value
    return (float("inf") if undefined or value is None else value), found.value


def _share(value: float | None) -> float | None:
    return value if value is not None and 0 <= value <= 1 else None
