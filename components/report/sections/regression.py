"""Pairs with numbers as label: predicted against true values."""

import numpy as np
import numpy.typing as npt

from components.report.collect.evidence import Evidence
from components.report.render import figures
from components.report.render.cards import Cards
from components.report.render.page import Block, Figures, Section, Sheet
from components.report.sections.strips import side_by_side
from components.report.text import data_value, number
from relation.spec import LabelKind

WORST, MAX_POINTS, MAX_PLOTS = 6, 500, 9


def regression(evidence: Evidence, cards: Cards) -> Section | None:
    """Draw a scatter plot of each number and the errors, and show the largest errors."""
    kind, comparisons = evidence.relation.label, evidence.relation.comparisons
    if (
        evidence.scores is None
        or kind not in (LabelKind.SCALAR, LabelKind.VECTOR)
        or not comparisons
    ):
        return None
    if evidence.request.compiled.structure == "ranking":
        return None  # There the label is a difference of grades, which no head predicts.
    kept = np.isfinite(evidence.scores).all(axis=1)
    true, predicted = evidence.sample.labels[kept], evidence.scores[kept]
    tuples = [t for t, keep in zip(evidence.sample.tuples, kept.tolist(), strict=True) if keep]
    if not tuples:
        return None
    plots = [
        figures.scatter(
            true[:MAX_POINTS, n],
            predicted[:MAX_POINTS, n],
            _title(n, true.shape[1]),
            f"scatter-{n}",
        )
        for n in range(min(true.shape[1], MAX_PLOTS))
    ]
    errors = predicted - true
    plots.append(figures.histogram(errors.ravel(), "Errors", "predicted − true", "errors"))
    size = np.abs(errors).max(axis=1)
    strips = tuple(
        side_by_side(
            cards,
            tuples[n].members[comparisons[0].left],
            tuples[n].members[comparisons[0].right],
            f"true {_listed(true[n])}, predicted {_listed(predicted[n])}",
        )
        for n in np.argsort(-size, kind="stable")[:WORST].tolist()
    )
    lead = (
        f"{len(tuples):,} {evidence.rows} pairs; mean absolute error "
        f"{number(float(np.abs(errors).mean()))}. "
        "On the dashed line predictions equal the truth."
    )
    blocks: tuple[Block, ...] = (Figures(tuple(plots)), Sheet("Largest errors first", strips))
    return Section("numbers", "Predicted and true", lead, blocks)


def _title(n: int, width: int) -> str:
    return "Predicted against true" if width == 1 else f"Number {n + 1} of {width}"


def _listed(values: npt.NDArray[np.float64]) -> str:
    return ", ".join(data_value(value, 3) for value in values.tolist())
