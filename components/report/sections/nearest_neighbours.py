"""What the model holds to be most alike, right and wrong marked, worst mistakes first."""

from collections.abc import Sequence

from components.report.collect.evidence import Evidence, Nearest
from components.report.render.cards import Cards
from components.report.render.page import Block, Mark, Section, Sheet, Strip
from components.report.text import number

SHOWN, WORST, OTHERS = 8, 8, 4
"""Neighbours of a query; queries with the most mistakes; queries of any kind."""


def nearest_neighbours(evidence: Evidence, cards: Cards) -> Section | None:
    """Nearest neighbours among all references, as the CorpusEvaluator found them."""
    corpus = evidence.findings.corpus if evidence.findings else None
    if not evidence.nearest or not corpus:
        return None
    worst = [found for found in evidence.nearest if found.worst and found.quality < 1]
    others = [found for found in evidence.nearest if found not in worst]
    others_title = "Others, drawn at random" if worst else "Drawn at random: none has a mistake"
    blocks: list[Block] = []
    for title, chosen in (
        ("Worst mistakes first", worst[:WORST]),
        (others_title, others[:OTHERS]),
    ):
        if chosen:
            blocks.append(_sheet(title, chosen, cards))
    question, counts = corpus["question"], corpus["counts"]
    measured = counts["measured"] - counts["without_match"]
    lead = (
        f"Each line: a held-out {question['query']}, and what the model puts nearest to it of "
        f"{counts['references']:,} rows ({question['reference']}, split {question['references']}), "
        f"with distances. The metrics are of {measured:,} queries that have a related row; "
        f"{counts['without_match']:,} have none."
    )
    return Section("neighbours", "Nearest neighbours", lead, tuple(blocks))


def _sheet(title: str, chosen: Sequence[Nearest], cards: Cards) -> Sheet:
    strips = []
    for found in chosen:
        shown = found.found[:SHOWN]
        right = sum(related for *_, related in shown)
        strips.append(
            Strip(
                cards.card(found.query, role="query"),
                tuple(
                    cards.card(
                        member,
                        role=str(place),
                        note=number(distance, 3),
                        mark=Mark.RIGHT if related else Mark.WRONG,
                    )
                    for place, (member, distance, related) in enumerate(shown, 1)
                ),
                f"{right} of {len(shown)} related; MAP@R {number(found.quality, 3)}",
            )
        )
    return Sheet(title, tuple(strips))
