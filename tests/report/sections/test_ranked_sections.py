"""Neighbours and queries with their documents, worked out by hand."""

import dataclasses

from components.report.collect.evidence import Neighbourhood
from components.report.render.page import (
    Mark,
    TableCell,
)
from components.report.sections.nearest_neighbours import nearest_neighbours
from components.report.sections.ranked_queries import ranked_queries
from tests.report.sections.test_sections import build, evidence_from, item, with_findings


def numbered(text, **more):
    return TableCell(text, number=True, **more)


def test_neighbours_have_their_rank_and_mark():
    near = tuple((item(f"n{n}"), n / 4, n % 2 == 0) for n in range(10))
    hoods = tuple(
        Neighbourhood(item(f"w{n}"), near, 0.5 if n else 1.0, worst=True) for n in range(10)
    ) + tuple(Neighbourhood(item(f"o{n}"), near, 1.0, worst=False) for n in range(5))
    corpus = {
        "question": {"query": "item", "reference": "item", "references": "eval"},
        "counts": {"references": 1000, "measured": 2000, "without_match": 1},
    }
    evidence = dataclasses.replace(with_findings(blessed=True, corpus=corpus), neighbourhoods=hoods)
    section = build(nearest_neighbours, evidence)
    assert section.lead == (
        "Each line: a held-out item, and its nearest neighbours among 1,000 rows (item, split eval), "
        "with distances. The metrics cover 1,999 queries that have a related row; 1 have none."
    )
    worst, others = section.blocks
    assert (worst.title, others.title) == ("Worst mistakes first", "Others, drawn at random")
    assert [strip.lead.name for strip in worst.strips] == [f"w{n}" for n in range(1, 9)]
    # The first has no mistake, so it is one of the others.
    assert [strip.lead.name for strip in others.strips] == ["w0", "o0", "o1", "o2"]
    strip = worst.strips[0]
    assert strip.note == "4 of 8 related; MAP@R 0.500"
    assert [(card.role, card.note, card.mark) for card in strip.cards] == [
        (str(n + 1), text, Mark.WRONG if n % 2 else Mark.RIGHT)
        for n, text in enumerate(("0", "0.250", "0.500", "0.750", "1", "1.250", "1.500", "1.750"))
    ]
    assert strip.lead.role == "query"
    faultless = dataclasses.replace(evidence, neighbourhoods=hoods[:1])
    [sheet] = build(nearest_neighbours, faultless).blocks
    assert sheet.title == "Drawn at random: none has a mistake"
    assert build(nearest_neighbours, dataclasses.replace(evidence, neighbourhoods=())) is None


def test_a_query_has_at_most_ten_documents_and_six_queries_are_shown():
    def listing(n):
        documents = {
            f"document_{i}": item(f"{n}-{i}", "document", query_id=(b"q%d" % n,), topic=(b"art",))
            for i in range(12)
        }
        return {"query": item(f"q{n}", "query"), **documents}

    label = [2.0, 1.0] + [0.0] * 10 + [-1.0] * 4
    scores = [list(range(16, 0, -1)) for _ in range(7)]
    rows = [(listing(n), label) for n in range(7)]
    unranked = [
        ({"query": item("q9", "query"), "document_0": item("x", "document")}, [1.0] + [-1.0] * 15)
    ]
    nothing = [(listing(8), [0.0] * 12 + [-1.0] * 4)]
    evidence = evidence_from(
        "search_ranking_lists", rows + unranked + nothing, [*scores, scores[0], scores[0]]
    )
    section = build(ranked_queries, evidence)
    assert section.lead == (
        "7 held-out queries; NDCG@10: mean 1, median 1. Below, documents in the model's order, with "
        "their grades."
    )
    figures, sheet = section.blocks
    assert figures.figures[0].title == "NDCG@10 by query"
    assert len(sheet.strips) == 6
    strip = sheet.strips[0]
    assert (strip.lead.name, strip.note) == ("q0", "NDCG@10 1")
    assert strip.table.head == ("", "document", "grade", "score", "")
    assert len(strip.table.rows) == 10
    assert strip.table.rows[1][:4] == (
        numbered("2"),
        TableCell("0-1"),
        numbered("1", share=0.5, mark=Mark.RIGHT),
        numbered("15"),
    )
