"""The banner, gates, metrics and slices, cell by cell, worked out by hand."""

import dataclasses
import math

import pytest

from components.common.evaluation.evaluation_results import CORPUS
from components.report.build import page
from components.report.collect.findings import Findings, Gate, Metric, Slice
from components.report.collect.tuple_sample import Sample
from components.report.render.page import (
    Mark,
    Note,
    Section,
    Table,
    TableCell,
)
from components.report.sections.gate_table import gate_table
from components.report.sections.metrics import metrics
from components.report.sections.slices import slices
from tests.report.helpers import evidence_of
from tests.report.sections.test_sections import build, cells, with_findings


def numbered(text, **more):
    return TableCell(text, number=True, **more)


LEAD_OF_GATES = "A model is blessed, and served, only if it passes every one."


def test_the_gates_of_one_part():
    gates = (
        Gate("auc", 0.5, "≥ 0.25", True, "sanity"),
        Gate("f1", math.nan, "≥ 0.5", False, "unheard", reason="no pair is related"),
    )
    head = ("metric", "value", "asked", "gate", "why")
    first = (
        TableCell("F1"),
        numbered("undefined: no pair is related"),
        TableCell("≥ 0.5"),
        TableCell("failed", mark=Mark.WRONG),
        TableCell("unheard"),
    )
    second = (
        TableCell("AUC"),
        numbered("0.5000"),
        TableCell("≥ 0.25"),
        TableCell("passed", mark=Mark.RIGHT),
        TableCell("sanity"),
    )
    evidence = with_findings(blessed=False, gates=gates)
    assert build(gate_table, evidence) == Section(
        "gates", "Gates", LEAD_OF_GATES, (Table("Gates", head, (first, second)),)
    )
    assert build(gate_table, with_findings(blessed=True)) is None
    assert build(gate_table, dataclasses.replace(evidence, findings=None)) is None


@pytest.mark.parametrize(
    ("kind", "origin"),
    [
        ("threshold", "recipe"),
        ("change", "last blessed model"),
        ("collapse", "no collapse"),
        ("baseline", "trivial baseline"),
        ("slice", "worst slice"),
    ],
)
def test_the_origin_of_a_gate(kind, origin):
    evidence = with_findings(blessed=True, gates=(Gate("auc", 0.5, "≥ 0.25", True, kind),))
    assert cells(build(gate_table, evidence).blocks[0], 4) == [origin]


def test_the_banner_has_six_highlights_failed_gates_first():
    gates = tuple(Gate(f"recall_at_{n}", n / 10, "≥ 0.25", n != 5) for n in range(1, 9))
    gates += (Gate("auc", 0.75, "≥ 0.5", True, "sanity"),)
    banner = page(with_findings(blessed=True, gates=gates)).banner
    assert (banner.verdict, banner.cause) == ("blessed", "All 9 gates passed.")
    assert [name for name, _ in banner.highlights] == [
        *("recall@5", "recall@1", "recall@2", "recall@3", "recall@4", "recall@6"),
    ]
    assert page(with_findings(blessed=False, gates=gates[:1])).banner.cause == (
        "The Evaluator did not bless the model. The model is not served."
    )


@pytest.mark.parametrize(("related", "first"), [(1, "F1"), (2, "AUC")])
def test_the_banner_leads_with_f1_where_under_a_fifth_of_the_pairs_is_related(related, first):
    evidence = evidence_of("digits_pairs", tuples=6)
    tuples = tuple(
        dataclasses.replace(evidence.sample.tuples[0], label=(float(n < related),))
        for n in range(10)
    )
    measured = tuple(Metric(name, 0.5) for name in ("f1", "average_precision", "auc"))
    findings = Findings(blessed=True, metrics=measured, gates=(Gate("auc", 0.5, "≥ 0.25", True),))
    changes = {"sample": Sample(tuples, whole=True), "scores": None, "findings": findings}
    evidence = dataclasses.replace(evidence, **changes)
    assert page(evidence).banner.highlights[0] == (first, "0.5000")
    assert len(page(evidence).banner.highlights) == (3 if first == "F1" else 1)


def test_rows_that_were_given_have_a_banner_without_a_verdict():
    measured = (
        Metric("examples", 1200.0),
        Metric("score_spread", 0.5),
        Metric("mae", math.nan),
        *(Metric(f"recall_at_{n}", n / 8) for n in range(1, 8)),
        Metric("mrr", 0.25, part=CORPUS),
    )
    evidence = dataclasses.replace(with_findings(blessed=True, metrics=measured), rows="given")
    banner = page(evidence).banner
    assert banner.verdict == "measured"
    assert banner.cause == "1,200 tuples of the given rows. Nothing was gated."
    assert banner.highlights == tuple(
        (f"recall@{n}", text)
        for n, text in enumerate(("0.1250", "0.2500", "0.3750", "0.5000", "0.6250", "0.7500"), 1)
    )
    lead = build(metrics, evidence).lead
    assert lead == (
        "Of the given rows, which chose nothing. Decision thresholds are the model's own. In "
        "brackets: the 95 % confidence interval."
    )


def test_every_reference_value_of_a_metric_has_its_column():
    measured = (
        Metric("mae", 0.5, reason="never shown"),
        Metric("auc", 0.5, 0.25, 0.75, baseline=0.125, last_blessed=0.375, test=0.625),
        Metric("auc", 0.875, None, 0.9, part=CORPUS),
    )
    gates = (
        Gate("auc", 0.5, "≥ 0.25", True),
        Gate("auc", 0.5, "> 0.125", True, "baseline"),
        Gate("auc", 0.5, "≥ 0.75", False, "slice", subset="label=1"),
    )
    evidence = with_findings(blessed=True, metrics=measured, gates=gates, baseline="the mean")
    section = build(metrics, dataclasses.replace(evidence, history={}))
    assert (section.id, section.title) == ("metrics", "Metrics")
    assert section.lead == (
        "Of the eval split, which the model was not trained on. The test split was neither trained "
        "on nor chose anything. In brackets: the 95 % confidence interval."
    )
    head = ("metric", "model", "asked", "test split", "trivial baseline", "last blessed")
    tuples, corpus, note = section.blocks
    assert tuples == Table(
        "Metrics of tuples",
        head,
        (
            (
                TableCell("AUC"),
                numbered("0.5000 [0.2500, 0.7500]"),
                TableCell("≥ 0.25, > 0.125"),
                numbered("0.6250"),
                numbered("0.1250"),
                numbered("0.3750"),
            ),
            (TableCell("MAE"), numbered("0.5000"), TableCell("–"), *[numbered("–")] * 3),
        ),
    )
    assert corpus == Table(
        "Metrics of corpus", ("metric", "model"), ((TableCell("AUC"), numbered("0.8750")),)
    )
    assert note == Note("The trivial baseline: the mean.")


@pytest.mark.parametrize(
    ("history", "also"),
    [
        ({}, " It also chose the decision threshold."),
        ({"keep": "last"}, " It also chose the decision threshold."),
        ({"keep": "best"}, " It also chose the epoch and the decision threshold."),
        (
            {"keep": {"best": "mae"}},
            " It also chose the epoch (by MAE) and the decision threshold.",
        ),
    ],
)
def test_the_lead_says_what_the_eval_split_chose(history, also):
    evidence = with_findings(blessed=True, metrics=(Metric("threshold", 0.5),))
    lead = build(metrics, dataclasses.replace(evidence, history=history)).lead
    assert lead == (
        f"Of the eval split, which the model was not trained on.{also} In brackets: the 95 % "
        "confidence interval."
    )


def test_slices_have_the_gated_metric_first_and_six_metrics_at_most():
    values = {f"recall_at_{n}": 0.5 for n in range(1, 8)} | {"threshold": 0.5, "examples": 1200.0}
    evidence = with_findings(
        blessed=True,
        gates=(Gate("recall_at_5", 0.5, "≥ 0.25", True),),
        slices=(
            Slice("a_b", "x", values, undefined={"mae": "no pair", "auc": "one class"}),
            Slice("a_b", "y", {"recall_at_5": 1.5}, undefined={"mae": "no pair"}),
            Slice("a_b", "z", {"mrr": -0.5, "examples": 3.0}, part=CORPUS),
        ),
    )
    section = build(slices, evidence)
    assert (section.id, section.title) == ("slices", "Slices")
    first, corpus, *notes = section.blocks
    order = ("recall@5", "recall@1", "recall@2", "recall@3", "recall@4", "recall@6")
    half = numbered("0.5000", share=0.5)
    assert first == Table(
        "By a b: tuples",
        ("a b", "tuples", *order),
        (
            (TableCell("x"), numbered("1,200"), *[half] * 6),
            (TableCell("y"), numbered("–"), numbered("1.5000"), *[numbered("–")] * 5),
        ),
    )
    assert corpus == Table(
        "By a b: corpus",
        ("a b", "queries", "MRR"),
        ((TableCell("z"), numbered("3.0000"), numbered("−0.5000")),),
    )
    assert notes == [
        Note("AUC is undefined in some slices: one class."),
        Note("MAE is undefined in some slices: no pair."),
    ]


def test_sixty_slices_are_shown_at_most_with_full_and_empty_bars():
    rows = tuple(Slice("label", f"{n:02}", {"auc": float(n > 0)}) for n in range(61))
    evidence = with_findings(blessed=True, slices=rows)
    [table] = build(slices, evidence).blocks
    assert len(table.rows) == 60
    assert table.head == ("label", "AUC")
    assert [row[1].share for row in table.rows[:2]] == [0.0, 1.0]
    assert cells(table, 0)[:2] == ["00", "01"]
    assert build(slices, with_findings(blessed=True)) is None
