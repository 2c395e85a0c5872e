"""Counts of rows and tuples, reasons for dropped ones, and the audit for leaks."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from components.report.collect.evidence import Evidence
from components.report.render import figures
from components.report.render.cards import Cards
from components.report.render.page import Block, Figures, Mark, Section, Table, TableCell
from components.report.text import Name, data_value, number, printable, words
from relation.names import DOCUMENTS_CUT
from relation.spec import LabelKind

_COUNTERS = (
    "rows_read",
    "rows_used",
    "rows_skipped",
    "labels",
    "tuples_requested",
    "tuples",
    "positives",
    "negatives",
    DOCUMENTS_CUT,
)
MOST = 24


def audit(evidence: Evidence, _: Cards) -> Section:
    """Build the counts by split, the audit, the reasons and the label distribution."""
    stats = evidence.stats
    blocks: list[Block] = [_splits(stats["splits"]), _audit(stats)]
    if reasons := _reasons(stats):
        blocks.append(reasons)
    blocks += _label_distribution(evidence)
    return Section(
        "data",
        "Tuples and audit",
        "Rows read and used, and tuples made from them; every row and tuple is accounted for.",
        tuple(blocks),
    )


def _splits(splits: Mapping[str, Any]) -> Table:
    names = [name for name in _COUNTERS if any(name in split for split in splits.values())]
    rows = [
        (
            TableCell(words(name)),
            *(TableCell(number(split.get(name)), number=True) for split in splits.values()),
        )
        for name in names
    ]
    return Table("Rows and tuples by split", ("", *map(words, splits)), tuple(rows))


def _audit(stats: Mapping[str, Any]) -> Table:
    rows = []
    for check, counts in stats.get("audit", {}).items():
        names = [*counts] or [""]
        for name in names:
            count = counts.get(name, 0)
            mark = Mark.WRONG if count else Mark.RIGHT
            rows.append(
                (
                    TableCell(words(check)),
                    TableCell(Name.of(name) or "any input"),
                    TableCell(number(count), number=True, mark=mark),
                )
            )
    return Table("Audit for leaks between splits", ("check", "input", "count"), tuple(rows))


def _reasons(stats: Mapping[str, Any]) -> Table | None:
    rows = [
        (
            TableCell(printable(where)),
            TableCell(verb),
            TableCell(printable(reason)),
            TableCell(number(n), number=True),
        )
        for verb, key, part in (
            ("skipped", "skipped", "inputs"),
            ("noted", "noted", "inputs"),
            ("tuples not made", "shortfall", "splits"),
        )
        for where, counts in stats.get(part, {}).items()
        for reason, n in counts.get(key, {}).items()
        if n
    ]
    head = ("where", "what", "reason", "count")
    return Table("What was left out, and why", head, tuple(rows)) if rows else None


def _label_distribution(evidence: Evidence) -> list[Block]:
    kind, labels = evidence.relation.label, evidence.sample.labels
    if not labels.size:
        return []
    names = [Name.of(tag) for tag in evidence.request.compiled.label.domain]
    title = f"Labels of {evidence.rows} tuples"
    if kind in (LabelKind.SCALAR, LabelKind.VECTOR):
        figure = figures.histogram(labels.ravel(), title, "label", "labels")
    elif kind is LabelKind.TAGS:
        counts = (labels >= 0.5).sum(axis=0)
        figure = figures.bars(
            _most(dict(zip(names, counts.tolist(), strict=True))), title, "labels"
        )
    else:
        values, counts = np.unique(labels[labels >= 0], return_counts=True)
        shown = {
            names[int(v)] if kind is LabelKind.CLASS else data_value(v): int(n)
            for v, n in zip(values, counts, strict=True)
        }
        figure = figures.bars(_most(shown), title, "labels")
    return [Figures((figure,))]


def _most(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: -item[1])[:MOST])
