"""Pairs with a class as label: the confusion matrix and the most confident mistakes."""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import confusion_matrix

from components.report.collect.evidence import Evidence
from components.report.render.cards import Cards
from components.report.render.page import Mark, Section, Sheet, Table, TableCell
from components.report.sections.strips import side_by_side
from components.report.text import Name, number
from relation.spec import LabelKind

WORST, MOST = 6, 30
"""Limits: pairs; classes of the table."""


def class_confusion(evidence: Evidence, cards: Cards) -> Section | None:
    """Build the confusion matrix, and the mistakes with the highest scores."""
    if evidence.scores is None or evidence.relation.label is not LabelKind.CLASS:
        return None
    kept = np.isfinite(evidence.scores).all(axis=1)
    true = evidence.sample.labels[kept][:, 0].astype(int)
    scores = evidence.scores[kept]
    tuples = [t for t, keep in zip(evidence.sample.tuples, kept.tolist(), strict=True) if keep]
    if not tuples:
        return None
    predicted = scores.argmax(axis=1)
    names = [Name.of(tag) for tag in evidence.request.compiled.label.domain]
    confidence = scores[np.arange(len(predicted)), predicted]
    wrong = [n for n in np.argsort(-confidence, kind="stable").tolist() if predicted[n] != true[n]]
    comparison = evidence.relation.scored
    strips = tuple(
        side_by_side(
            cards,
            tuples[n].members[comparison.left],
            tuples[n].members[comparison.right],
            f"true: {names[true[n]]}; predicted: {names[predicted[n]]} "
            f"({number(float(confidence[n]), 2)})",
            Mark.WRONG,
        )
        for n in wrong[:WORST]
    )
    lead = (
        f"{len(tuples):,} {evidence.rows} pairs, {len(wrong):,} of them predicted wrong. Rows are "
        "true classes, columns predicted classes; shades are shares of a row."
    )
    blocks = (
        _confusion(names, true.tolist(), predicted.tolist()),
        Sheet("Most confident mistakes", strips),
    )
    return Section("classes", "Classes", lead, blocks[: 1 + bool(strips)])


def _confusion(names: Sequence[str], true: list[int], predicted: list[int]) -> Table:
    counts = confusion_matrix(true, predicted, labels=range(len(names)))
    order = np.argsort(-counts.sum(axis=1), kind="stable")[:MOST].tolist()
    rows = tuple(
        (
            TableCell(names[n]),
            *(
                TableCell(
                    f"{counts[n, m]:,}",
                    number=True,
                    share=float(counts[n, m] / max(counts[n].sum(), 1)),
                    mark=Mark.RIGHT if n == m else None,
                )
                for m in order
            ),
        )
        for n in order
    )
    return Table("Confusion matrix", ("", *(names[n] for n in order)), rows, heat=True)
