"""The audit, examples, lineage and curves, cell by cell, worked out by hand."""

import dataclasses
import hashlib
import math

import numpy as np
import pytest

from components.report.build import page
from components.report.collect.tuple_sample import Member, Sample, SampledTuple
from components.report.render.cards import Cards
from components.report.render.page import (
    Card,
    Figures,
    Mark,
    Section,
    Sheet,
    Strip,
    Table,
    TableCell,
)
from components.report.sections.audit import audit
from components.report.sections.examples import examples
from components.report.sections.lineage import lineage
from components.report.sections.strips import hash_sample
from components.report.sections.training_curves import training_curves
from tests.report.helpers import evidence_of
from tests.report.sections.test_sections import build, cells, evidence_from, item, with_findings


def numbered(text, **more):
    return TableCell(text, number=True, **more)


def test_each_split_of_the_data_has_its_purpose():
    stats = {"splits": {s: {"tuples": n} for n, s in enumerate(("train", "eval", "test"), 1000)}}
    stats["splits"]["unlabelled"] = {"rows_read": 3}
    del stats["splits"]["unlabelled"]
    evidence = dataclasses.replace(with_findings(blessed=True), findings=None, stats=stats)
    banner = page(evidence).banner
    assert banner.cause == "The recipe asks for no model, only for data."
    assert banner.highlights == (
        ("tuples to train", "1,000"),
        ("tuples to evaluate", "1,001"),
        ("tuples to test", "1,002"),
    )


def test_counts_audit_and_reasons():
    stats = {
        "splits": {
            "train": {
                "rows_read": 1200,
                "rows_used": 1100,
                "tuples": 8,
                "shortfall": {"no_positive": 4, "none": 0},
            },
            "eval": {"rows_read": 10, "tuples": 2, "documents_cut": 1},
        },
        "inputs": {"item": {"skipped": {"no id": 2}, "noted": {"a\nb": 3}}},
        "audit": {"ids_in_several_splits": {"item": 2, "user": 0}, "equal_content": {}},
    }
    evidence = dataclasses.replace(with_findings(blessed=True), stats=stats)
    evidence = dataclasses.replace(evidence, sample=Sample((), whole=True))
    section = build(audit, evidence)
    assert (section.id, section.title) == ("data", "Tuples and audit")
    assert section.blocks == (
        Table(
            "Rows and tuples by split",
            ("", "train", "eval"),
            tuple(
                (TableCell(name), numbered(one), numbered(other))
                for name, one, other in (
                    ("rows read", "1,200", "10"),
                    ("rows used", "1,100", "–"),
                    ("tuples", "8", "2"),
                    ("documents cut", "–", "1"),
                )
            ),
        ),
        Table(
            "Audit for leaks between splits",
            ("check", "input", "count"),
            (
                (
                    TableCell("ids in several splits"),
                    TableCell("item"),
                    numbered("2", mark=Mark.WRONG),
                ),
                (
                    TableCell("ids in several splits"),
                    TableCell("user"),
                    numbered("0", mark=Mark.RIGHT),
                ),
                (
                    TableCell("equal content"),
                    TableCell("any input"),
                    numbered("0", mark=Mark.RIGHT),
                ),
            ),
        ),
        Table(
            "What was left out, and why",
            ("where", "what", "reason", "count"),
            tuple(
                (TableCell(where), TableCell(what), TableCell(reason), numbered(count))
                for where, what, reason, count in (
                    ("item", "skipped", "no id", "2"),
                    ("item", "noted", "a⏎b", "3"),
                    ("train", "tuples not made", "no_positive", "4"),
                )
            ),
        ),
    )
    quiet = {"splits": stats["splits"] | {"train": {"tuples": 1}}}
    blocks = build(audit, dataclasses.replace(evidence, stats=quiet)).blocks
    assert [block.caption for block in blocks] == [
        "Rows and tuples by split",
        "Audit for leaks between splits",
    ]


def labelled(recipe, labels):
    """Evidence of tuples with labels alone."""
    evidence = evidence_of(recipe, tuples=6)
    tuples = tuple(SampledTuple(b"", {}, tuple(map(float, label)), ()) for label in labels)
    return dataclasses.replace(
        evidence, sample=Sample(tuples, whole=True), stats={"splits": {}, "audit": {}}
    )


def test_labels_are_counted_the_most_frequent_first():
    [*_, figures] = build(audit, labelled("digits_pairs", [[0], [1], [1]])).blocks
    [figure] = figures.figures
    assert figure.title == "Labels of held-out tuples"
    assert figure.description == "Labels of held-out tuples: 1 2, 0 1"
    [*_, figures] = build(audit, labelled("similarity_regression", [[0.5], [0.25]])).blocks
    assert figures.figures[0].description == (
        "Labels of held-out tuples: from 0.2500 to 0.5000, median 0.3750."
    )
    evidence = labelled("relation_class", [[1], [1], [0]])
    names = evidence.request.compiled.label.domain
    description = build(audit, evidence).blocks[-1].figures[0].description
    assert description.startswith("Labels of held-out tuples: ")
    assert description.endswith(" 1")
    assert [part.split(" ")[0] for part in description.split(": ", 1)[1].split(", ")][:2] == [
        name[0] for name in (names[1], names[0])
    ]


def test_a_grade_below_zero_is_no_document():
    evidence = labelled("search_ranking_lists", [[0, 2, -1], [2, -1, -1]])
    figure = build(audit, evidence).blocks[-1].figures[0]
    assert figure.description == "Labels of held-out tuples: 2 2, 0 1"


def test_a_tag_counts_from_one_half():
    evidence = labelled("image_tags", [[0.5, 0.49, 1.0, 0, 0, 0], [0, 0, 1.0, 0, 0, 0]])
    width = len(evidence.request.compiled.label.domain)
    rows = np.zeros((2, width))
    rows[0, :3] = 0.5, 0.49, 1
    rows[1, 2] = 1
    evidence = labelled("image_tags", rows)
    counts = [
        part.rsplit(" ", 1)[1]
        for part in build(audit, evidence).blocks[-1].figures[0].description.split(", ")
    ]
    assert counts[:2] == ["2", "1"]
    assert set(counts[2:]) == {"0"}


def test_the_sources_of_a_page():
    evidence = evidence_of("digits_pairs", tuples=6, lineage=(("model", "artifact 7"),))
    request = evidence.request.model_copy(
        update={
            "split": "by id",
            "seeds": {"relation_gen": 3, "training": 12},
            "fingerprints": {"Trainer": "ab\n12"},
        }
    )
    section = build(lineage, dataclasses.replace(evidence, request=request))
    rows = (
        ("model", "artifact 7"),
        ("split", "by id"),
        ("seed of the relation gen", "3"),
        ("seed of the training", "12"),
        ("code of Trainer", "ab⏎12"),
    )
    assert section == Section(
        "lineage",
        "Lineage",
        "The same rows, recipe, seeds and code give the same tuples, and on one machine this model.",
        (
            Table(
                "Made from",
                ("what", "which"),
                tuple((TableCell(name), TableCell(value)) for name, value in rows),
            ),
        ),
    )
    bare = request.model_copy(update={"split": "", "seeds": {}, "fingerprints": {}})
    [table] = build(lineage, dataclasses.replace(evidence, request=bare)).blocks
    assert cells(table) == [["model", "artifact 7"]]


def test_a_sample_follows_the_ids_and_not_the_order():
    ids = [str(n).encode() for n in range(50)]
    sampled = hash_sample(list(range(50)), 5, ids)
    assert len(sampled) == 5
    assert hash_sample(list(range(50))[::-1], 5, ids[::-1]) == sampled
    order = sorted(range(50), key=lambda n: hashlib.blake2b(ids[n]).hexdigest())
    assert sampled == order[:5]


def test_eight_examples_with_their_members_and_labels():
    evidence = evidence_of("digits_pairs", tuples=60)
    section = build(examples, evidence)
    [sheet] = section.blocks
    assert (section.id, section.title, sheet.title) == (
        *("examples", "Examples", "Held-out tuples, drawn at random"),
    )
    assert len(sheet.strips) == 8
    assert {strip.note for strip in sheet.strips} <= {"related", "unrelated"}
    assert {(s.lead.role, *(card.role for card in s.cards)) for s in sheet.strips} == {
        ("left", "right")
    }
    none = dataclasses.replace(evidence, sample=Sample((), whole=True))
    assert build(examples, none) is None


@pytest.mark.parametrize(
    ("recipe", "label", "note"),
    [
        ("digits_pairs", (0.5,), "unrelated"),
        ("digits_pairs", (0.75,), "related"),
        ("similarity_regression", (0.25,), "label 0.250"),
        ("relation_vector", (0.25,) * 12, "label " + ", ".join(["0.250"] * 8)),
    ],
)
def test_the_label_of_an_example(recipe, label, note):
    evidence = evidence_of(recipe, tuples=6)
    tuples = (dataclasses.replace(evidence.sample.tuples[0], label=label),)
    evidence = dataclasses.replace(evidence, sample=Sample(tuples, whole=True))
    assert build(examples, evidence).blocks[0].strips[0].note == note


def test_tags_of_an_example_are_eight_with_their_shares():
    evidence = evidence_of("image_tags", tuples=6)
    names = [f"t{n}" for n in range(10)]
    label = evidence.request.compiled.label.model_copy(update={"domain": tuple(names)})
    compiled = evidence.request.compiled.model_copy(update={"label": label})
    tuples = (dataclasses.replace(evidence.sample.tuples[0], label=(0.0, *[0.5] * 8, 1.0)),)
    evidence = dataclasses.replace(
        evidence,
        request=evidence.request.model_copy(update={"compiled": compiled}),
        sample=Sample(tuples, whole=True),
    )
    assert build(examples, evidence).blocks[0].strips[0].note == (
        "t9, t8 0.50, t7 0.50, t6 0.50, t5 0.50, t4 0.50, t3 0.50, t2 0.50"
    )


def test_a_document_of_an_example_has_its_grade():
    query = item("q", "query")
    documents = {
        f"document_{n}": item(name, "document", query_id=(b"q",)) for n, name in enumerate("ab")
    }
    label = [0.0, 2.0] + [-1.0] * 14
    evidence = evidence_from(
        "search_ranking_lists", [({"query": query, **documents}, label)], [[0.0] * 16]
    )
    [strip] = build(examples, evidence).blocks[0].strips
    assert (strip.lead.name, strip.lead.role, strip.note) == ("q", "query", "")
    assert [(card.name, card.role, card.note) for card in strip.cards] == [
        ("a", "document 0", "grade 0"),
        ("b", "document 1", "grade 2"),
    ]


def test_an_example_shows_twelve_members_at_most():
    documents = {f"document_{n}": item(str(n), "document", query_id=(b"q",)) for n in range(16)}
    rows = [({"query": item("q", "query"), **documents}, [1.0] * 16)]
    evidence = evidence_from("search_ranking_lists", rows, [[0.0] * 16])
    assert len(build(examples, evidence).blocks[0].strips[0].cards) == 12


def test_training_without_a_series_has_no_section():
    for history in ({}, {"loss": []}, {"loss": [math.nan]}, {"name": "abc"}):
        evidence = dataclasses.replace(with_findings(blessed=True), history=history)
        assert build(training_curves, evidence) is None
    history = {"loss": [1.0, 2.0, 3.0], "kept_epoch": 2}
    section = build(
        training_curves, dataclasses.replace(with_findings(blessed=True), history=history)
    )
    assert section.lead == "3 epochs."
    assert isinstance(section.blocks[0], Figures)
    assert section.blocks[0].figures[0].note == "Dashed: epoch 2, which was kept."


def test_the_card_of_an_entity_has_seven_facts_those_of_the_relation_first():
    evidence = evidence_of("search_ranking", tuples=6)
    compiled = evidence.request.compiled
    features = evidence.request.features["document"]
    values = {
        f.name: (b"x",) if f.dtype == "bytes" else (2,)
        for f in features
        if f.name != compiled.entities["document"]
    }
    card = Cards(evidence.request).card(
        Member("document", b"d", values), role="a role", note="a note", mark=Mark.WRONG
    )
    assert (card.name, card.image, card.role, card.note, card.mark) == (
        *("d", None, "a role", "a note", Mark.WRONG),
    )
    assert len(card.facts) == min(7, len(values))
    assert card.facts[0] == (compiled.grade_by.replace("_", " "), "2")


def test_a_sheet_is_narrow_up_to_three_cards_and_columns():
    card = Card("a")
    table = Table("t", ("", "", ""), ())
    assert Sheet("s", (Strip(card, (card,) * 3), Strip(card, table=table))).narrow
    assert not Sheet("s", (Strip(card), Strip(card, (card,) * 4))).narrow
    assert not Sheet("s", (Strip(card, table=Table("t", ("",) * 4, ())),)).narrow
