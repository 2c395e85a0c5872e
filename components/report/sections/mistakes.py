"""The tuples with the worst mistakes of the model."""

from collections.abc import Sequence
from itertools import groupby

from components.report.collect.evidence import Evidence, Pair, pairs_of
from components.report.collect.findings import Findings
from components.report.render.cards import Cards
from components.report.render.page import Block, Mark, Section, Sheet, Strip
from components.report.sections.strips import side_by_side
from components.report.text import number
from relation.spec import LabelKind

SHOWN = 6


def mistakes(evidence: Evidence, cards: Cards) -> Section | None:
    """Show tuples with negatives scored above positives, or pairs with wrong scores."""
    pairs = pairs_of(evidence)
    if not pairs or not evidence.relation.says_related:
        return None
    if evidence.relation.label is LabelKind.NONE:
        return _of_tuples(pairs, cards)
    return _of_pairs(pairs, cards, evidence.findings or Findings(blessed=False))


def _of_tuples(pairs: Sequence[Pair], cards: Cards) -> Section | None:
    ranked = []
    for _, group in groupby(pairs, key=lambda pair: pair.tuple):
        members = list(group)
        positives = [pair.score for pair in members if pair.related]
        negatives = [pair.score for pair in members if not pair.related]
        if positives and negatives:
            ranked.append((max(negatives) - min(positives), members))
    if not ranked:
        return None
    wrong = sum(margin >= 0 for margin, _ in ranked)
    ranked.sort(key=lambda item: -item[0])
    strips, anchors = [], set()
    for margin, members in ranked:
        if members[0].left.id in anchors:  # Tuples of one anchor are similar.
            continue
        anchors.add(members[0].left.id)
        strips.append(_strip(margin, members, cards))
        if len(strips) == SHOWN:
            break
    lead = (
        f"In {wrong:,} of {len(ranked):,} tuples an unrelated member scores as high as a related "
        "one, or higher. Here are the worst"
        + (", and the closest calls." if wrong < len(strips) else ".")
    )
    sheet = Sheet("Worst tuples first", tuple(strips))
    return Section("mistakes", "Worst tuples", lead, (sheet,))


def _strip(margin: float, members: list[Pair], cards: Cards) -> Strip:
    highest = max(pair.score for pair in members if not pair.related)
    lowest = min(pair.score for pair in members if pair.related)
    shown = tuple(
        cards.card(
            pair.right,
            role="related" if pair.related else "unrelated",
            note=number(pair.score, 3),
            mark=Mark.RIGHT
            if (pair.score > highest if pair.related else pair.score < lowest)
            else Mark.WRONG,
        )
        for pair in sorted(members, key=lambda pair: -pair.score)
    )
    by = number(abs(margin), 3)
    note = f"unrelated above by {by}" if margin >= 0 else f"related above by {by}"
    return Strip(cards.card(members[0].left, role="anchor"), shown, note)


def _of_pairs(pairs: Sequence[Pair], cards: Cards, findings: Findings) -> Section:
    threshold = findings.threshold
    blocks: list[Block] = []
    for related, title in (
        (False, "Unrelated pairs with the highest scores"),
        (True, "Related pairs with the lowest scores"),
    ):
        worst = [pair for pair in pairs if pair.related is related]
        worst.sort(key=lambda pair: pair.score if related else -pair.score)
        blocks.append(
            Sheet(
                title,
                tuple(
                    side_by_side(
                        cards,
                        pair.left,
                        pair.right,
                        _note(pair, threshold),
                        _mark(pair, threshold),
                    )
                    for pair in worst[:SHOWN]
                ),
            )
        )
    lead = "The pairs with the worst errors, or the least certain scores."
    if threshold is not None:
        lead += f" A score of {number(threshold)} or above means related."
    elif findings.undefined_threshold:
        lead += f" The decision threshold is undefined: {findings.undefined_threshold}."
    return Section("mistakes", "Worst pairs", lead, tuple(blocks))


def _note(pair: Pair, threshold: float | None) -> str:
    truth = "related" if pair.related else "unrelated"
    if threshold is None:
        return f"{truth}; score {number(pair.score, 3)}"
    predicted = "related" if pair.score >= threshold else "unrelated"
    return f"{truth}; predicted {predicted}, score {number(pair.score, 3)}"


def _mark(pair: Pair, threshold: float | None) -> Mark | None:
    if threshold is None:
        return None
    return Mark.RIGHT if (pair.score >= threshold) is pair.related else Mark.WRONG
