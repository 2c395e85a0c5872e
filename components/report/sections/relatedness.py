"""How well scores separate related from unrelated pairs."""

import numpy as np

from components.report.collect.evidence import Evidence, pairs_of
from components.report.render import figures
from components.report.render.cards import Cards
from components.report.render.page import Figures, Note, Section


def relatedness(evidence: Evidence, _: Cards) -> Section | None:
    """Draw the histograms of both, the ROC, and precision and recall."""
    if evidence.scores is None or not evidence.relation.says_related:
        return None
    pairs = pairs_of(evidence)
    scores = np.array([pair.score for pair in pairs])
    related = np.array([pair.related for pair in pairs], dtype=bool)
    total = len(evidence.scores) * len(evidence.relation.comparisons)
    missing = int(np.count_nonzero(~np.isfinite(evidence.scores)))
    notes = (
        (Note(f"{missing:,} of {total:,} scores are not finite numbers.", warning=True),)
        if missing
        else ()
    )
    section = Section(
        "scores",
        "Scores of pairs",
        "The further apart the two histograms, the better the model tells them apart. "
        f"From {'all' if evidence.sample.whole else 'a sample of'} "
        f"{len(evidence.sample.tuples):,} tuples.",
        notes,
    )
    if not related.any() or related.all():
        note = Note("Without both related and unrelated pairs there is nothing to compare.")
        return _with(section, note)
    findings = evidence.findings
    threshold = findings.threshold if findings else None
    return _with(
        section,
        Figures(
            (
                figures.two_histograms(scores[related], scores[~related], threshold),
                figures.roc(related, scores, threshold),
                figures.precision_recall(related, scores, threshold),
            )
        ),
    )


def _with(section: Section, block: Note | Figures) -> Section:
    return Section(section.id, section.title, section.lead, (*section.blocks, block))
