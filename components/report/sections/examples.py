"""Example tuples, as the model learns from them."""

from components.report.collect.evidence import Evidence
from components.report.collect.tuple_sample import SampledTuple
from components.report.render.cards import Cards
from components.report.render.page import Card, Section, Sheet, Strip
from components.report.sections.strips import hash_sample
from components.report.text import Name, data_value, number, words
from relation.spec import LabelKind

SHOWN, MEMBERS, TAGS_SHOWN = 8, 12, 8


def examples(evidence: Evidence, cards: Cards) -> Section | None:
    """Show a few tuples of different anchors, drawn at random."""
    roles = [role.name for role in evidence.relation.roles]
    lead = "query" if "query" in roles else roles[0]
    by_anchor = {t.members[lead].id: t for t in evidence.sample.tuples if lead in t.members}
    chosen = hash_sample(list(by_anchor.values()), SHOWN, list(by_anchor))
    if not chosen:
        return None
    others = [role for role in roles if role != lead]
    strips = tuple(
        Strip(
            cards.card(t.members[lead], role=words(lead)),
            tuple(
                _member(cards, t, role, evidence) for role in others[:MEMBERS] if role in t.members
            ),
            _label(evidence, t),
        )
        for t in chosen
    )
    sheet = Sheet(f"{evidence.rows.capitalize()} tuples, drawn at random", strips)
    return Section("examples", "Examples", "The members of each tuple, and its label.", (sheet,))


def _member(cards: Cards, t: SampledTuple, role: str, evidence: Evidence) -> Card:
    note = ""
    if evidence.relation.label is LabelKind.GRADES:
        column = evidence.relation.roles_of(t.members[role].entity).index(role)
        note = f"grade {data_value(t.label[column])}"
    return cards.card(t.members[role], role=words(role), note=note)


def _label(evidence: Evidence, t: SampledTuple) -> str:
    kind, names = evidence.relation.label, evidence.request.compiled.label.domain
    if kind in (LabelKind.NONE, LabelKind.GRADES):
        return ""
    if kind is LabelKind.BINARY:
        return "related" if t.label[0] > 0.5 else "unrelated"
    if kind is LabelKind.CLASS:
        return Name.of(names[int(t.label[0])])
    if kind is LabelKind.TAGS:
        has = sorted(zip(t.label, names, strict=True), reverse=True)
        shown = [(v, Name.of(n)) for v, n in has if v > 0][:TAGS_SHOWN]
        return ", ".join(n if v == 1 else f"{n} {number(v, 2)}" for v, n in shown)
    return f"label {', '.join(data_value(v, 3) for v in t.label[:TAGS_SHOWN])}"
