"""The page of what is known: evidence in, page out."""

from components.report.collect.evidence import Evidence
from components.report.collect.findings import Findings
from components.report.render.cards import Cards
from components.report.render.page import Banner, Page
from components.report.sections import SECTIONS
from components.report.text import measured, number


def page(evidence: Evidence) -> Page:
    """Every section that has something to say, under the verdict."""
    cards = Cards(evidence.request)
    found = (section(evidence, cards) for section in SECTIONS)
    return Page(
        title=evidence.request.recipe,
        description=evidence.request.description,
        banner=_data(evidence) if evidence.findings is None else _judged(evidence.findings),
        sections=tuple(section for section in found if section is not None),
    )


def _judged(found: Findings) -> Banner:
    failed = [gate for gate in found.gates if not gate.passed]
    broken = "; ".join(f"{g.name} {measured(g.value)}, not {g.bound}" for g in failed)
    if found.blessed:
        cause = f"All {len(found.gates)} gates passed."
    else:
        cause = f"{broken or 'The evaluator did not bless it'}. It is not served."
    telling = [gate for gate in found.gates if gate.kind in ("threshold", "change", "baseline")]
    gated = dict.fromkeys((gate.name, measured(gate.value)) for gate in [*failed, *telling])
    return Banner("blessed" if found.blessed else "refused", cause, tuple(gated)[:6])


def _data(evidence: Evidence) -> Banner:
    figures = tuple(
        (f"tuples to {'train' if split == 'train' else 'evaluate'}", number(found["tuples"]))
        for split, found in evidence.stats["splits"].items()
        if "tuples" in found
    )
    return Banner("data", "The recipe asks for no model, only for data.", figures)
