"""Metrics beside their reference values."""

from collections.abc import Sequence

from components.report.collect.evidence import Evidence
from components.report.collect.findings import Findings, Metric
from components.report.render.cards import Cards
from components.report.render.page import Block, Note, Section, Table, TableCell
from components.report.sections.training_curves import chosen_by
from components.report.text import listed, measured, measured_or_why, metric_name

_INTERVALS = "In brackets: the 95 % confidence interval."


def metrics(evidence: Evidence, _: Cards) -> Section | None:
    """Build one table for the tuples and one for the corpus."""
    findings = evidence.findings
    if findings is None or not findings.metrics:
        return None
    bounds: dict[tuple[str, str], list[str]] = {}
    for gate in findings.gates:
        if not gate.subset:
            bounds.setdefault((gate.part, gate.metric), []).append(gate.bound)
    blocks: list[Block] = []
    for part in dict.fromkeys(metric.part for metric in findings.metrics):
        rows = [metric for metric in findings.metrics if metric.part == part]
        rows.sort(key=lambda metric: (part, metric.name) not in bounds)
        of_part = {metric: bound for (of, metric), bound in bounds.items() if of == part}
        blocks.append(_table(part, rows, of_part, evidence.tags))
    if findings.baseline:
        blocks.append(Note(f"The trivial baseline: {findings.baseline}."))
    if len(findings.rules) > 1:
        blocks.append(_rules(findings, evidence.tags))
    return Section(
        "metrics",
        "Metrics",
        _lead(evidence),
        tuple(blocks),
    )


def _lead(evidence: Evidence) -> str:
    """Say which rows were measured, and what else they decided."""
    if evidence.rows == "given":
        at = " Decision thresholds are the model's own." if evidence.relation.says_related else ""
        return f"Of the given rows, which chose nothing.{at} {_INTERVALS}"
    chosen = ["the epoch"] if evidence.history.get("keep", "last") != "last" else []
    if (metric := chosen_by(evidence.history)) is not None:
        chosen = [f"the epoch (by {metric})"]
    if evidence.findings and evidence.findings.threshold is not None:
        chosen.append("the decision threshold")
    also = f" It also chose {listed(chosen)}." if chosen else ""
    tested = evidence.findings and any(m.test is not None for m in evidence.findings.metrics)
    test = " The test split was neither trained on nor chose anything." if tested else ""
    return f"Of the eval split, which the model was not trained on.{also}{test} {_INTERVALS}"


def _table(
    part: str, metrics: list[Metric], bounds: dict[str, list[str]], tags: Sequence[str]
) -> Table:
    columns = {
        "asked": [", ".join(bounds.get(m.name, ())) for m in metrics],
        "test split": [_measured(m.test) for m in metrics],
        "trivial baseline": [_measured(m.baseline) for m in metrics],
        "last blessed": [_measured(m.last_blessed) for m in metrics],
    }
    kept = {name: cells for name, cells in columns.items() if any(cells)}
    rows = tuple(
        (
            TableCell(metric_name(metric.name, tags)),
            TableCell(_value(metric), number=True),
            *(TableCell(cells[row] or "–", number=name != "asked") for name, cells in kept.items()),
        )
        for row, metric in enumerate(metrics)
    )
    return Table(f"Metrics of {part}", ("metric", "model", *kept), rows)


def _rules(findings: Findings, tags: Sequence[str]) -> Table:
    """The rules that the trivial baseline is the best of."""
    trained = any(rule.train is not None for rule in findings.rules)
    rows = tuple(
        (
            TableCell(rule.by),
            *((TableCell(_measured(rule.train), number=True),) if trained else ()),
            TableCell(measured(rule.value), number=True),
        )
        for rule in findings.rules
    )
    head = ("rule", *(("training tuples",) if trained else ()), "eval split")
    name = metric_name(findings.baseline_metric, tags)
    return Table(f"{name} of what needs no training, the best first", head, rows)


def _value(metric: Metric) -> str:
    if metric.low is None or metric.high is None:
        return measured_or_why(metric.value, metric.reason)
    return f"{measured(metric.value)} [{measured(metric.low)}, {measured(metric.high)}]"


def _measured(value: float | None) -> str:
    return "" if value is None else measured(value)
