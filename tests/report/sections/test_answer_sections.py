"""What the model answers: mistakes, classes, tags, numbers and images, worked out by hand."""

import dataclasses
import math

import numpy as np
import pytest

from components.report.collect.evidence import pairs_of
from components.report.collect.findings import Findings, Metric
from components.report.render.cards import Cards
from components.report.render.page import (
    Card,
    Mark,
    Strip,
    Table,
    TableCell,
)
from components.report.sections.class_confusion import class_confusion
from components.report.sections.label_images import label_images
from components.report.sections.mistakes import mistakes
from components.report.sections.regression import regression
from components.report.sections.strips import side_by_side
from components.report.sections.tag_quality import tag_quality
from tests.report.helpers import evidence_of
from tests.report.sections.test_sections import build, evidence_from, item


def numbered(text, **more):
    return TableCell(text, number=True, **more)


def triplets(scores):
    rows = [
        ({role: item(f"{n}-{role}") for role in ("anchor", "positive", "negative")}, ())
        for n in range(len(scores))
    ]
    return evidence_from("digits_triplets", rows, scores)


def test_six_tuples_of_the_worst_are_shown_and_ties_are_mistakes():
    section = build(mistakes, triplets([[1, n] for n in range(1, 9)]))
    assert section.lead == (
        "In 8 of 8 tuples an unrelated member scores as high as a related one, or higher. Here are "
        "the worst."
    )
    [sheet] = section.blocks
    assert (section.id, section.title, sheet.title) == (
        *("mistakes", "Worst tuples", "Worst tuples first"),
    )
    assert [strip.note for strip in sheet.strips] == [
        f"unrelated above by {n}" for n in (7, 6, 5, 4, 3, 2)
    ]
    assert sheet.strips[0].lead.role == "anchor"
    assert [card.note for card in sheet.strips[0].cards] == ["8", "1"]
    tied = build(mistakes, triplets([[1, 1], [2, 1]]))
    assert tied.lead == (
        "In 1 of 2 tuples an unrelated member scores as high as a related one, or higher. Here are "
        "the worst, and the closest calls."
    )
    first, second = tied.blocks[0].strips
    assert (first.note, second.note) == ("unrelated above by 0", "related above by 1")
    assert [card.mark for card in first.cards] == [Mark.WRONG] * 2
    assert [card.mark for card in second.cards] == [Mark.RIGHT] * 2


def offers(count):
    left, right = item("l", "offer", title=(b"mug",)), item("r", "offer", title=(b"mug",))
    return [({"left": left, "right": right}, [float(n % 2)]) for n in range(count)]


@pytest.mark.parametrize(
    ("threshold", "reason", "lead", "notes"),
    [
        (None, "", "", ["unrelated; score 0.500", "related; score 0.500"]),
        (
            Metric("threshold", 0.5),
            "",
            " A score of 0.5000 or above means related.",
            [
                "unrelated; predicted related, score 0.500",
                "related; predicted related, score 0.500",
            ],
        ),
        (
            Metric("threshold", math.nan, reason="no pair is related"),
            "",
            " The decision threshold is undefined: no pair is related.",
            ["unrelated; score 0.500", "related; score 0.500"],
        ),
        (
            Metric("threshold", math.inf),
            "",
            " The decision threshold is undefined: no score is finite.",
            ["unrelated; score 0.500", "related; score 0.500"],
        ),
    ],
)
def test_pairs_with_and_without_a_threshold(threshold, reason, lead, notes):
    findings = Findings(blessed=True, metrics=(threshold,) if threshold else ())
    evidence = evidence_from("entity_matching", offers(2), [[0.5], [0.5]], findings=findings)
    section = build(mistakes, evidence)
    assert section.lead == f"The pairs with the worst errors, or the least certain scores.{lead}"
    assert [sheet.title for sheet in section.blocks] == [
        "Unrelated pairs with the highest scores",
        "Related pairs with the lowest scores",
    ]
    assert [sheet.strips[0].note for sheet in section.blocks] == notes
    marks = [sheet.strips[0].lead.mark for sheet in section.blocks]
    chosen = threshold is not None and threshold.value == 0.5
    assert marks == ([Mark.WRONG, Mark.RIGHT] if chosen else [None, None])


def test_six_pairs_of_each_kind_are_shown():
    scores = [[n / 100] for n in range(20)]
    section = build(mistakes, evidence_from("entity_matching", offers(20), scores))
    high, low = section.blocks
    assert [s.note[-5:] for s in high.strips] == [
        "0.180",
        "0.160",
        "0.140",
        "0.120",
        "0.100",
        "0.080",
    ]
    assert [s.note[-5:] for s in low.strips] == [
        "0.010",
        "0.030",
        "0.050",
        "0.070",
        "0.090",
        "0.110",
    ]


def test_a_pair_is_related_above_one_half():
    rows = [
        (members, [label]) for (members, _), label in zip(offers(3), (0.5, 0.75, 0.0), strict=True)
    ]
    evidence = evidence_from("entity_matching", rows, [[0.5], [np.nan], [0.25]])
    assert [(pair.tuple, pair.related, pair.score) for pair in pairs_of(evidence)] == [
        (0, False, 0.5),
        (2, False, 0.25),
    ]
    assert pairs_of(dataclasses.replace(evidence, scores=None)) == ()


def test_records_stand_in_a_table_with_what_one_of_them_lacks():
    evidence = evidence_of("entity_matching", tuples=6)
    cards = Cards(evidence.request)
    left = item("l", "offer", title=(b"mug",), price=(2.0,))
    right = item("r", "offer", title=(b"cup",))
    rows = (("title", "mug", "cup", "≠"), ("price", "2", "–", "≠"))
    assert side_by_side(cards, left, right, "a note", Mark.WRONG) == Strip(
        Card(name="l and r", mark=Mark.WRONG),
        note="a note",
        table=Table(
            "l and r", ("", "l", "r", ""), tuple(tuple(map(TableCell, row)) for row in rows)
        ),
    )


def test_confident_mistakes_and_shares_of_a_row():
    evidence = evidence_of("relation_class", tuples=6)
    names = evidence.request.compiled.label.domain
    left, right = item("l", "product"), item("r", "product")
    members = {"left": left, "right": right}
    shares = np.zeros((9, len(names)))
    shares[:8, 1] = np.arange(8) / 8
    shares[8, 0] = 1
    evidence = evidence_from("relation_class", [(members, [0.0])] * 9, shares)
    section = build(class_confusion, evidence)
    # With no share above another the first class is predicted.
    assert section.lead == (
        "9 held-out pairs, 7 of them predicted wrong. Rows are true classes, columns predicted "
        "classes; shades are shares of a row."
    )
    table, sheet = section.blocks
    assert table.heat
    assert table.rows[0][1:3] == (
        numbered("2", share=2 / 9, mark=Mark.RIGHT),
        numbered("7", share=7 / 9),
    )
    assert table.rows[1][1:3] == (
        numbered("0", share=0.0),
        numbered("0", share=0.0, mark=Mark.RIGHT),
    )
    assert [strip.note.rsplit(" ", 1)[1] for strip in sheet.strips] == [
        *("(0.88)", "(0.75)", "(0.62)", "(0.50)", "(0.38)", "(0.25)"),
    ]
    right_only = evidence_from("relation_class", [(members, [0.0])], shares[8:])
    assert len(build(class_confusion, right_only).blocks) == 1
    broken = evidence_from("relation_class", [(members, [0.0])], shares[:1] * np.nan)
    assert build(class_confusion, broken) is None


def test_the_quality_of_tags_and_twelve_examples():
    names = evidence_of("image_tags", tuples=6).request.compiled.label.domain
    labels, scores = np.zeros((14, len(names))), np.zeros((14, len(names)))
    labels[:2, 0] = 1
    scores[:, 0] = np.linspace(0.5, 0.9, 14)
    rows = [({"example": item(str(n), "scene")}, label) for n, label in enumerate(labels)]
    section = build(tag_quality, evidence_from("image_tags", rows, scores))
    assert section.lead == (
        "14 held-out examples. A tag counts as present from 0.5 on, both in labels and in "
        "predictions."
    )
    table, sheet = section.blocks
    assert table.head == (
        *("tag", "examples", "average precision", "F1", "precision", "recall", "mean error"),
    )
    # The two that have it rank last of 14: (1/13 + 2/14) / 2.
    average = (1 / 13 + 2 / 14) / 2
    assert table.rows[0][1].text == "2"
    shares = [cell.share for cell in table.rows[0][2:6]]
    assert shares == pytest.approx([average, 4 / 16, 2 / 14, 1.0])
    error = ((0.5 + 0.5 - 0.4 / 13) + scores[2:, 0].sum()) / 14
    assert table.rows[0][6] == numbered(f"{error:.3f}")
    assert table.rows[1][1:6] == (numbered("0"), *[numbered("–")] * 4)
    assert len(sheet.strips) == 12
    assert [strip.lead.name for strip in sheet.strips[:2]] == ["13", "12"]
    assert sheet.strips[0].note == f"mean error {0.9 / len(names):.3f}"
    assert len(sheet.strips[0].table.rows) == min(6, len(names))
    assert sheet.strips[0].table.rows[0] == (
        sheet.strips[0].table.rows[0][0],
        numbered("0"),
        numbered("0.90", share=0.9, mark=Mark.WRONG),
    )


def test_each_number_of_a_label_has_a_plot():
    evidence = evidence_of("relation_vector", tuples=9)
    width = evidence.relation.width
    members = evidence.sample.tuples[0].members
    labels = np.zeros((8, width))
    scores = np.outer(np.arange(8), np.ones(width)) / 8
    scores[0] = -1
    evidence = evidence_from("relation_vector", [(members, label) for label in labels], scores)
    section = build(regression, evidence)
    figures, sheet = section.blocks
    titles = [figure.title for figure in figures.figures]
    assert titles == [*(f"Number {n} of {width}" for n in range(1, width + 1)), "Errors"]
    assert len(sheet.strips) == 6
    assert sheet.strips[0].note == (
        f"true {', '.join(['0'] * width)}, predicted {', '.join(['−1'] * width)}"
    )
    # (1 + (1 + … + 7) / 8) / 8
    assert section.lead == (
        "8 held-out pairs; mean absolute error 0.5625. On the dashed line predictions equal the "
        "truth."
    )
    assert figures.figures[-1].description == "Errors: from −1 to 0.8750, median 0.4375."


def test_images_are_ranked_by_their_mean_squared_error():
    evidence = evidence_of("image_labels_dense", tuples=16, image_shape=(8, 8, 1))
    n = len(evidence.sample.tuples)
    scores = np.zeros((n, 2, 8, 8, 1))
    scores[:, 0] = (np.arange(n) / n)[:, None, None, None]
    section = build(label_images, dataclasses.replace(evidence, scores=scores.reshape(n, -1)))
    figures, worst, others = section.blocks
    assert (figures.figures[0].title, worst.title, others.title) == (
        *("Mean squared error by image", "Worst first", "Others, from bad to good"),
    )
    assert len(worst.strips) == 9
    errors = [((n - 1 - i) / n) ** 2 for i in range(n)]
    assert [strip.note for strip in worst.strips] == [
        f"mean squared error {error:.4f}" for error in errors[:9]
    ]
    rest = errors[9:]
    step = len(rest) // 6
    assert [float(strip.note.rsplit(" ", 1)[1]) for strip in others.strips] == pytest.approx(
        rest[::step][:6], abs=1e-4
    )
    assert [card.role for card in worst.strips[0].cards] == ["label", "prediction"]
    assert worst.strips[0].lead.role == "input"
    assert section.lead == (
        f"{n} held-out images: input, label and the model's answer. Pixels are from 0 to 1; mean "
        f"squared error {np.mean(errors):.4f}."
    )
