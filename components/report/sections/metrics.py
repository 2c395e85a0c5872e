"""What was measured, beside what it should be held against."""

from components.report.collect.evidence import Evidence
from components.report.collect.findings import Metric
from components.report.render.cards import Cards
from components.report.render.page import Block, Cell, Note, Section, Table
from components.report.text import measured, metric_name


def metrics(evidence: Evidence, _: Cards) -> Section | None:
    """A table for each thing that metrics are of: tuples, the corpus."""
    found = evidence.findings
    if found is None or not found.metrics:
        return None
    bounds: dict[tuple[str, str], list[str]] = {}
    for gate in found.gates:
        if gate.place:
            continue
        bounds.setdefault((gate.of, gate.metric), []).append(gate.bound)
    blocks: list[Block] = []
    for of in dict.fromkeys(metric.of for metric in found.metrics):
        mine = [metric for metric in found.metrics if metric.of == of]
        mine.sort(key=lambda metric: (of, metric.name) not in bounds)
        blocks.append(_table(of, mine, {m: b for (o, m), b in bounds.items() if o == of}))
    return Section(
        "metrics",
        "Metrics",
        "On data that the model has not seen. In brackets: the 95 % confidence interval.",
        (*blocks, *((Note(f"The trivial baseline: {found.trivial}."),) if found.trivial else ())),
    )


def _table(of: str, found: list[Metric], bounds: dict[str, list[str]]) -> Table:
    columns = {
        "asked": [", ".join(bounds.get(m.name, ())) for m in found],
        "trivial baseline": [_known(m.trivial) for m in found],
        "last blessed": [_known(m.last) for m in found],
    }
    kept = {name: cells for name, cells in columns.items() if any(cells)}
    rows = tuple(
        (
            Cell(metric_name(metric.name)),
            Cell(_value(metric), number=True),
            *(Cell(cells[place] or "–", number=name != "asked") for name, cells in kept.items()),
        )
        for place, metric in enumerate(found)
    )
    return Table(f"Metrics of {of}", ("metric", "model", *kept), rows)


def _value(metric: Metric) -> str:
    if metric.low is None or metric.high is None:
        return measured(metric.value)
    return f"{measured(metric.value)} [{measured(metric.low)}, {measured(metric.high)}]"


def _known(value: float | None) -> str:
    return "" if value is None else measured(value)
