"""Metrics of slices of the data."""

from collections.abc import Sequence

from components.common.evaluation.evaluation_results import TUPLES
from components.report.collect.evidence import Evidence
from components.report.collect.findings import Slice
from components.report.render.cards import Cards
from components.report.render.page import Note, Section, Table, TableCell
from components.report.text import Name, measured, metric_name, words

MAX_ROWS, MAX_COLUMNS = 60, 6


def slices(evidence: Evidence, _: Cards) -> Section | None:
    """Build a table for each feature; the slice worst in the first gated metric comes first."""
    findings = evidence.findings
    if findings is None or not findings.slices:
        return None
    gated = list(dict.fromkeys(gate.metric for gate in findings.gates))
    tables = tuple(
        _table(
            *key, [s for s in findings.slices if (s.part, s.feature) == key], gated, evidence.tags
        )
        for key in dict.fromkeys((s.part, s.feature) for s in findings.slices)
    )
    lead = "A model that is good on average may fail on a part. The worst come first."
    reasons = sorted({(name, why) for s in findings.slices for name, why in s.undefined.items()})
    notes = tuple(
        Note(f"{metric_name(name, evidence.tags)} is undefined in some slices: {why}.")
        for name, why in reasons
    )
    return Section("slices", "Slices", lead, (*tables, *notes))


def _table(
    part: str, feature: str, rows: Sequence[Slice], gated: Sequence[str], tags: Sequence[str]
) -> Table:
    names = list(dict.fromkeys(name for s in rows for name in s.metrics))
    names.sort(key=lambda name: (name not in gated, name == "examples"))
    names = [n for n in names if n != "examples" and not n.endswith("threshold")][:MAX_COLUMNS]
    sized = any("examples" in s.metrics for s in rows)
    unit = "tuples" if part == TUPLES else "queries"
    rows = sorted(rows, key=lambda s: _worst_first(s, names))[:MAX_ROWS]
    return Table(
        f"By {words(feature)}: {part}",
        (words(feature), *((unit,) if sized else ()), *(metric_name(name, tags) for name in names)),
        tuple(
            (
                TableCell(Name.of(s.value)),
                *((TableCell(measured(s.metrics.get("examples")), number=True),) if sized else ()),
                *(
                    TableCell(measured(value), number=True, share=_share(value))
                    for value in (s.metrics.get(name) for name in names)
                ),
            )
            for s in rows
        ),
    )


def _worst_first(part: Slice, names: Sequence[str]) -> tuple[float, str]:
    value = part.metrics.get(names[0]) if names else None
    undefined = value is None or value != value
    return (float("inf") if undefined or value is None else value), part.value


def _share(value: float | None) -> float | None:
    return value if value is not None and 0 <= value <= 1 else None
