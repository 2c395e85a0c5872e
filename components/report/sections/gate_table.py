"""The conditions that decided."""

from components.report.collect.evidence import Evidence
from components.report.render.cards import Cards
from components.report.render.page import Cell, Mark, Section, Table
from components.report.text import measured

_WHY = {
    "threshold": "recipe",
    "change": "last blessed model",
    "collapse": "no collapse",
    "baseline": "trivial baseline",
    "sanity": "sanity",
    "slice": "worst slice",
}


def gate_table(evidence: Evidence, _: Cards) -> Section | None:
    """Each gate, those that the model failed first."""
    found = evidence.findings
    if found is None or not found.gates:
        return None
    several = len({gate.of for gate in found.gates}) > 1
    rows = tuple(
        (
            Cell(gate.name),
            Cell(measured(gate.value), number=True),
            Cell(gate.bound),
            Cell(
                "passed" if gate.passed else "failed",
                mark=Mark.RIGHT if gate.passed else Mark.WRONG,
            ),
            Cell(_WHY.get(gate.kind, gate.kind)),
            *((Cell(gate.of),) if several else ()),
        )
        for gate in sorted(found.gates, key=lambda gate: gate.passed)
    )
    head = ("metric", "value", "asked", "gate", "why", *(("of",) if several else ()))
    return Section(
        "gates",
        "Gates",
        "A model is blessed, and served, only if it passes every one.",
        (Table("Gates", head, rows),),
    )
