"""Build the page from the evidence."""

import math
from collections.abc import Sequence

from components.common.evaluation.evaluation_results import EXAMPLES, SPREAD
from components.report.collect.evidence import Evidence
from components.report.collect.findings import Findings
from components.report.render.cards import Cards
from components.report.render.page import Banner, Page
from components.report.sections import SECTIONS
from components.report.text import measured, metric_name, number
from relation.names import EVAL, TEST, TRAIN
from relation.spec import LabelKind

RARE = 0.2
"""Below this share of related pairs, the banner leads with F1 and average precision."""


_PURPOSES = {TRAIN: "train", EVAL: "evaluate", TEST: "test"}


def page(evidence: Evidence) -> Page:
    """Build the page: the verdict, then every section with content."""
    cards = Cards(evidence.request)
    sections = (section(evidence, cards) for section in SECTIONS)
    return Page(
        title=evidence.request.recipe,
        description=evidence.request.description,
        banner=_banner(evidence),
        sections=tuple(section for section in sections if section is not None),
    )


def _banner(evidence: Evidence) -> Banner:
    if evidence.findings is None:
        return _data_banner(evidence)
    if evidence.rows == "given":
        return _metrics_banner(evidence, evidence.findings)
    return _model_banner(evidence.findings, _headline(evidence), evidence.tags)


def _metrics_banner(evidence: Evidence, findings: Findings) -> Banner:
    """Without a verdict: what was measured, and the first metrics."""
    named = findings.of_tuples([*_headline(evidence), *(m.name for m in findings.metrics)])
    counted = next((m.value for m in named if m.name == EXAMPLES), 0.0)
    shown = [m for m in named if m.name not in (EXAMPLES, SPREAD) and not math.isnan(m.value)]
    first = dict.fromkeys((metric_name(m.name, evidence.tags), measured(m.value)) for m in shown)
    cause = f"{number(counted)} tuples of the given rows. Nothing was gated."
    return Banner("measured", cause, tuple(first)[:6])


def _headline(evidence: Evidence) -> tuple[str, ...]:
    """Name the metrics that come first: where few pairs are related, AUC and accuracy flatter."""
    labels = evidence.sample.labels
    if evidence.relation.label is not LabelKind.BINARY or not labels.size:
        return ()
    return ("f1", "average_precision") if (labels[:, 0] > 0.5).mean() < RARE else ()


def _model_banner(findings: Findings, headline: Sequence[str], tags: Sequence[str]) -> Banner:
    failed = [gate for gate in findings.gates if not gate.passed]
    broken = "; ".join(f"{g.name(tags)} {measured(g.value)}, not {g.bound}" for g in failed)
    if findings.blessed:
        cause = f"All {len(findings.gates)} gates passed."
    else:
        cause = f"{broken or 'The Evaluator did not bless the model'}. The model is not served."
    main = [gate for gate in findings.gates if gate.kind in ("threshold", "change", "baseline")]
    first = [(metric_name(m.name), measured(m.value)) for m in findings.of_tuples(headline)]
    gates = [(gate.name(tags), measured(gate.value)) for gate in [*failed, *main]]
    highlights = dict.fromkeys([*first, *gates])
    return Banner("blessed" if findings.blessed else "refused", cause, tuple(highlights)[:6])


def _data_banner(evidence: Evidence) -> Banner:
    highlights = tuple(
        (f"tuples to {_PURPOSES[split]}", number(counts["tuples"]))
        for split, counts in evidence.stats["splits"].items()
        if "tuples" in counts
    )
    return Banner("data", "The recipe asks for no model, only for data.", highlights)
