"""The gates that decided the verdict."""

from components.report.collect.evidence import Evidence
from components.report.render.cards import Cards
from components.report.render.page import Mark, Section, Table, TableCell
from components.report.text import measured_or_why

_ORIGINS = {
    "threshold": "recipe",
    "change": "last blessed model",
    "collapse": "no collapse",
    "baseline": "trivial baseline",
    "sanity": "sanity",
    "slice": "worst slice",
}


def gate_table(evidence: Evidence, _: Cards) -> Section | None:
    """List each gate, failed ones first."""
    findings = evidence.findings
    if findings is None or not findings.gates:
        return None
    several_parts = len({gate.part for gate in findings.gates}) > 1
    rows = tuple(
        (
            TableCell(gate.name(evidence.tags)),
            TableCell(measured_or_why(gate.value, gate.reason), number=True),
            TableCell(gate.bound),
            TableCell(
                "passed" if gate.passed else "failed",
                mark=Mark.RIGHT if gate.passed else Mark.WRONG,
            ),
            TableCell(_ORIGINS.get(gate.kind, gate.kind)),
            *((TableCell(gate.part),) if several_parts else ()),
        )
        for gate in sorted(findings.gates, key=lambda gate: gate.passed)
    )
    head = ("metric", "value", "asked", "gate", "why", *(("of",) if several_parts else ()))
    return Section(
        "gates",
        "Gates",
        "A model is blessed, and served, only if it passes every one.",
        (Table("Gates", head, rows),),
    )
