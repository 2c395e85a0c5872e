"""Queries with their documents in the model's order."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import ndcg_score

from components.report.collect.evidence import Evidence
from components.report.collect.tuple_sample import Member, as_id
from components.report.render import figures
from components.report.render.cards import Cards
from components.report.render.page import (
    Block,
    Card,
    Figures,
    Mark,
    Section,
    Sheet,
    Strip,
    Table,
    TableCell,
)
from components.report.text import Name, data_value, number
from relation.compiled import CompiledRelation
from relation.spec import LabelKind

WORST, RANKS = 6, 10


@dataclass(frozen=True)
class _RankedQuery:
    """A query (or a group id without one), and its graded and scored documents."""

    query: Member | bytes
    documents: tuple[Member, ...]
    grades: tuple[float, ...]
    scores: tuple[float, ...]

    @property
    def order(self) -> list[int]:
        """Documents by descending score."""
        return sorted(range(len(self.scores)), key=lambda n: -self.scores[n])

    @property
    def ndcg(self) -> float:
        """NDCG at RANKS with gain 2^grade − 1; ties share their ranks."""
        gains = np.exp2(np.array([self.grades])) - 1
        return float(ndcg_score(gains, np.array([self.scores]), k=RANKS))


def ranked_queries(evidence: Evidence, cards: Cards) -> Section | None:
    """Draw the NDCG of the queries, and show the worst."""
    compiled = evidence.request.compiled
    if evidence.scores is None or compiled.structure != "ranking":
        return None
    lists = _lists if evidence.relation.label is LabelKind.GRADES else _pairs
    queries = [
        (listing.ndcg, listing)
        for listing in lists(evidence, compiled)
        if len(listing.documents) > 1 and max(listing.grades) > 0
    ]
    if not queries:
        return None
    queries.sort(key=lambda item: item[0])
    values = np.array([value for value, _ in queries])
    blocks: list[Block] = [
        Figures((figures.histogram(values, "NDCG@10 by query", "NDCG@10", "ndcg"),)),
        Sheet(
            "Worst queries first",
            tuple(_strip(value, listing, cards) for value, listing in queries[:WORST]),
        ),
    ]
    lead = (
        f"{len(queries):,} {evidence.rows} queries; NDCG@{RANKS}: mean {number(values.mean(), 3)}, "
        f"median {number(float(np.median(values)), 3)}. Below, documents in the model's order, "
        "with their grades."
    )
    return Section("ranking", "Queries", lead, tuple(blocks))


def _lists(evidence: Evidence, compiled: CompiledRelation) -> Iterator[_RankedQuery]:
    """Yield one query for each tuple."""
    assert evidence.scores is not None
    roles = evidence.relation.roles_of(evidence.relation.roles[0].entity)
    for sampled, row in zip(evidence.sample.tuples, evidence.scores, strict=True):
        held = [
            (sampled.members[role], grade, score)
            for role, grade, score in zip(roles, sampled.label, row.tolist(), strict=False)
            if role in sampled.members and grade >= 0 and np.isfinite(score)
        ]
        if held:
            query = sampled.members.get("query", _group(held[0][0], compiled))
            documents, grades, scores = zip(*held, strict=True)
            yield _RankedQuery(query, documents, grades, scores)


def _pairs(evidence: Evidence, compiled: CompiledRelation) -> Iterator[_RankedQuery]:
    """Collect the documents of each query from several tuples; a column scores one document."""
    assert evidence.scores is not None
    groups: dict[bytes, dict[bytes, tuple[Member, float, float]]] = {}
    queries: dict[bytes, Member | bytes] = {}
    for sampled, row in zip(evidence.sample.tuples, evidence.scores, strict=True):
        for role, score in zip(("preferred", "other"), row.tolist(), strict=False):
            document = sampled.members[role]
            group = _group(document, compiled)
            queries.setdefault(group, sampled.members.get("query", group))
            grade = document.features.get(compiled.grade_by or "", (0.0,))[0]
            if np.isfinite(score) and not isinstance(grade, bytes):
                groups.setdefault(group, {})[document.id] = document, float(grade), score
    for group, documents in sorted(groups.items()):
        yield _RankedQuery(queries[group], *zip(*documents.values(), strict=True))


def _group(document: Member, compiled: CompiledRelation) -> bytes:
    return as_id(document.features.get(compiled.group_by or "", (b"",))[0])


def _strip(value: float, listing: _RankedQuery, cards: Cards) -> Strip:
    query = listing.query
    lead = Card(Name.of(query)) if isinstance(query, bytes) else cards.card(query)
    best = max(listing.grades)
    rows = []
    for rank, n in enumerate(listing.order[:RANKS], 1):
        document, grade = listing.documents[n], listing.grades[n]
        ideal = sorted(listing.grades, reverse=True)[rank - 1]
        facts = cards.card(document).facts[1:4]
        rows.append(
            (
                TableCell(str(rank), number=True),
                TableCell(cards.name(document)),
                TableCell(
                    data_value(grade),
                    number=True,
                    share=grade / best,
                    mark=Mark.RIGHT if grade == ideal else Mark.WRONG,
                ),
                TableCell(number(listing.scores[n], 3), number=True),
                TableCell("; ".join(f"{name} {text}" for name, text in facts)),
            )
        )
    head = ("", "document", "grade", "score", "")
    table = Table("The model's order; marked: the grade that belongs there", head, tuple(rows))
    return Strip(lead, note=f"NDCG@{RANKS} {number(value, 3)}", table=table)
