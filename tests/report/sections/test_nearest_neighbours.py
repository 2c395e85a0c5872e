"""Which queries are shown, under which title, and what is said of each."""

import dataclasses

import pytest

from components.report.collect.evidence import Neighbourhood
from components.report.render.cards import Cards
from components.report.render.page import Mark
from components.report.sections.nearest_neighbours import nearest_neighbours
from tests.report.helpers import evidence_of

WORST, OTHERS = "Worst mistakes first", "Others, drawn at random"
NONE_WRONG = "Drawn at random: none has a mistake"


def sheets(*queries):
    """Titles and captions of the strips, of queries as (worst, MAP@R)."""
    evidence = evidence_of("digits_triplets", tuples=6)
    member, *_ = [n.query for n in evidence.neighbourhoods]
    neighbours = tuple((member, 0.25 + 0.5 * n, n < 3) for n in range(10))
    found = tuple(Neighbourhood(member, neighbours, share, worst) for worst, share in queries)
    section = nearest_neighbours(
        dataclasses.replace(evidence, neighbourhoods=found), Cards(evidence.request)
    )
    return {sheet.title: sheet.strips for sheet in section.blocks}


@pytest.mark.parametrize(
    ("queries", "expected"),
    [
        ([(True, 0.5)] * 9 + [(False, 0.25)] * 5, {WORST: 8, OTHERS: 4}),
        ([(True, 0.5)], {WORST: 1}),
        # One that was taken for its mistakes and has none stands with the others.
        ([(True, 1.0), (False, 1.0)], {NONE_WRONG: 2}),
        ([(True, 1.0), (True, 0.75), (False, 0.5)], {WORST: 1, OTHERS: 2}),
    ],
)
def test_worst_queries_stand_apart(queries, expected):
    assert {title: len(strips) for title, strips in sheets(*queries).items()} == expected


def test_a_query_has_eight_neighbours_by_rank():
    [strip] = sheets((True, 0.25))[WORST]
    assert strip.lead.role == "query"
    assert [card.role for card in strip.cards] == [str(rank) for rank in range(1, 9)]
    assert [card.mark for card in strip.cards] == [Mark.RIGHT] * 3 + [Mark.WRONG] * 5
    assert [card.note for card in strip.cards][:3] == ["0.250", "0.750", "1.250"]
    assert strip.note == "3 of 8 related; MAP@R 0.250"
