"""Quality of each tag, and the worst examples."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

from components.report.collect.evidence import Evidence
from components.report.render.cards import Cards
from components.report.render.page import Mark, Section, Sheet, Strip, Table, TableCell
from components.report.text import Name, number
from relation.spec import LabelKind

Floats = npt.NDArray[np.float64]
WORST, TAGS_SHOWN, HALF = 12, 6, 0.5


def tag_quality(evidence: Evidence, cards: Cards) -> Section | None:
    """Build a table of the tags, worst first, and show the worst examples."""
    if evidence.scores is None or evidence.relation.label is not LabelKind.TAGS:
        return None
    names = [Name.of(tag) for tag in evidence.request.compiled.label.domain]
    kept = np.isfinite(evidence.scores).all(axis=1)
    labels, scores = evidence.sample.labels[kept], evidence.scores[kept]
    examples = [t for t, keep in zip(evidence.sample.tuples, kept.tolist(), strict=True) if keep]
    if not examples:
        return None
    role = evidence.relation.roles[0].name
    errors = np.abs(labels - scores).mean(axis=1)
    strips = tuple(
        Strip(
            cards.card(examples[n].members[role]),
            note=f"mean error {number(errors[n], 3)}",
            table=_tag_table(names, labels[n], scores[n]),
        )
        for n in np.argsort(-errors, kind="stable")[:WORST].tolist()
    )
    lead = (
        f"{len(examples):,} {evidence.rows} examples. A tag counts as present from {HALF} on, both "
        "in labels and in predictions."
    )
    blocks = (_by_tag(names, labels, scores), Sheet("Worst examples first", strips))
    return Section("tags", "Tags", lead, blocks)


def _by_tag(names: Sequence[str], labels: Floats, scores: Floats) -> Table:
    rows = []
    for n, name in enumerate(names):
        true, predicted = labels[:, n] >= HALF, scores[:, n] >= HALF
        hits = np.count_nonzero(true & predicted)
        precision = _ratio(hits, np.count_nonzero(predicted))
        recall = _ratio(hits, np.count_nonzero(true))
        f1 = _ratio(2 * hits, np.count_nonzero(true) + np.count_nonzero(predicted))
        average = float(average_precision_score(true, scores[:, n])) if true.any() else None
        error = float(np.abs(labels[:, n] - scores[:, n]).mean())
        rows.append((average, name, np.count_nonzero(true), f1, precision, recall, error))
    rows.sort(key=lambda row: (row[0] is None, row[0], row[1]))
    return Table(
        "By tag, the worst first",
        ("tag", "examples", "average precision", "F1", "precision", "recall", "mean error"),
        tuple(
            (
                TableCell(name),
                TableCell(f"{count:,}", number=True),
                *(TableCell(number(value, 3), number=True, share=value) for value in shares),
                TableCell(number(error, 3), number=True),
            )
            for average, name, count, *values, error in rows
            for shares in [(average, *values)]
        ),
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _tag_table(names: Sequence[str], labels: Floats, scores: Floats) -> Table:
    """Tabulate the tags of an example with the highest label or score.

    Args:
      labels, scores: of each tag, float64 [tags].
    """
    chosen = np.argsort(-np.maximum(labels, scores), kind="stable")[:TAGS_SHOWN].tolist()
    rows = tuple(
        (
            TableCell(names[n]),
            TableCell(number(labels[n], 2), number=True),
            TableCell(
                number(scores[n], 2),
                number=True,
                share=float(np.clip(scores[n], 0, 1)),
                mark=Mark.RIGHT if (labels[n] >= HALF) == (scores[n] >= HALF) else Mark.WRONG,
            ),
        )
        for n in chosen
    )
    return Table("Tags", ("tag", "true", "model"), rows)
