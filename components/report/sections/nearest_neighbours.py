"""Nearest neighbours of held-out entities, worst mistakes first."""

from collections.abc import Sequence

from components.report.collect.evidence import Evidence, Neighbourhood
from components.report.render.cards import Cards
from components.report.render.page import Block, Mark, Section, Sheet, Strip
from components.report.text import number

SHOWN, WORST, OTHERS = 8, 8, 4
"""Limits: neighbours of a query; queries with most mistakes; other queries."""


def nearest_neighbours(evidence: Evidence, cards: Cards) -> Section | None:
    """Show nearest neighbours among all references, from the CorpusEvaluator."""
    corpus = evidence.findings.corpus if evidence.findings else None
    if not evidence.neighbourhoods or not corpus:
        return None
    worst = [n for n in evidence.neighbourhoods if n.worst and n.map_at_r < 1]
    others = [n for n in evidence.neighbourhoods if n not in worst]
    others_title = "Others, drawn at random" if worst else "Drawn at random: none has a mistake"
    blocks: list[Block] = []
    for title, chosen in (
        ("Worst mistakes first", worst[:WORST]),
        (others_title, others[:OTHERS]),
    ):
        if chosen:
            blocks.append(_sheet(title, chosen, cards))
    question, counts = corpus["question"], corpus["counts"]
    query, reference = question["query"], question["reference"]
    split = evidence.held_out(reference)
    rows = f"split {question['references']}" if split else "which is not split"
    queries = counts["measured"] - counts["without_match"]
    lead = (
        f"Each line: a {evidence.held_out(query)}{query}, and its nearest neighbours among "
        f"{counts['references']:,} rows ({reference}, {rows}), with distances. The metrics cover "
        f"{queries:,} queries that have a related row; {counts['without_match']:,} have none."
    )
    return Section("neighbours", "Nearest neighbours", lead, tuple(blocks))


def _sheet(title: str, chosen: Sequence[Neighbourhood], cards: Cards) -> Sheet:
    strips = []
    for neighbourhood in chosen:
        shown = neighbourhood.neighbours[:SHOWN]
        right = sum(related for *_, related in shown)
        strips.append(
            Strip(
                cards.card(neighbourhood.query, role="query"),
                tuple(
                    cards.card(
                        member,
                        role=str(rank),
                        note=number(distance, 3),
                        mark=Mark.RIGHT if related else Mark.WRONG,
                    )
                    for rank, (member, distance, related) in enumerate(shown, 1)
                ),
                f"{right} of {len(shown)} related; MAP@R {number(neighbourhood.map_at_r, 3)}",
            )
        )
    return Sheet(title, tuple(strips))
