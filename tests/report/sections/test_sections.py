"""The content of sections, worked out by hand."""

import dataclasses
import math

import numpy as np
import pytest

from components.common.evaluation.evaluation_results import CORPUS, GateResult, Verdict
from components.report.build import page
from components.report.collect.evidence import Embeddings, Evidence
from components.report.collect.findings import Findings, Gate, Metric, Rule, Slice, findings_of
from components.report.collect.tuple_sample import Member, Sample, SampledTuple
from components.report.render.cards import Cards
from components.report.render.html import html
from components.report.render.page import Mark, Note, Sheet, Table
from components.report.sections.class_confusion import class_confusion
from components.report.sections.embedding_maps import embedding_maps
from components.report.sections.gate_table import gate_table
from components.report.sections.metrics import metrics
from components.report.sections.mistakes import mistakes
from components.report.sections.ranked_queries import ranked_queries
from components.report.sections.regression import regression
from components.report.sections.relatedness import relatedness
from components.report.sections.slices import slices
from components.report.sections.tag_quality import tag_quality
from components.report.sections.training_curves import training_curves
from components.report.text import printable
from tests.report.helpers import evidence_of, request_of


def evidence_from(recipe, rows, scores, **more):
    """Make evidence from tuples, each as (members by role, label)."""
    request = request_of(recipe)[1]
    tuples = tuple(
        SampledTuple(str(n).encode(), members, tuple(label), ())
        for n, (members, label) in enumerate(rows)
    )
    return Evidence(
        request=request,
        stats={"splits": {}},
        sample=Sample(tuples, whole=True),
        scores=np.array(scores, dtype=float),
        **more,
    )


def build(section, evidence):
    return section(evidence, Cards(evidence.request))


def cells(table, column=None):
    rows = [[cell.text for cell in row] for row in table.rows]
    return rows if column is None else [row[column] for row in rows]


def item(name, entity="item", **features):
    return Member(entity, name.encode(), {"id": (name.encode(),), **features})


def with_findings(**fields):
    return dataclasses.replace(
        evidence_of("digits_triplets", tuples=6), findings=Findings(**fields)
    )


def test_gates_that_failed_come_first_and_the_banner_names_them():
    passed = Gate("auc", 0.875, "≥ 0.75", True)
    failed = Gate("map_at_r", 0.25, "> 0.5", False, "baseline", CORPUS)
    evidence = with_findings(blessed=False, gates=(passed, failed))
    [table] = build(gate_table, evidence).blocks
    assert cells(table) == [
        ["MAP@R", "0.2500", "> 0.5", "failed", "trivial baseline", "corpus"],
        ["AUC", "0.8750", "≥ 0.75", "passed", "recipe", "tuples"],
    ]
    banner = page(evidence).banner
    assert (banner.verdict, banner.cause) == (
        "refused",
        "MAP@R 0.2500, not > 0.5. The model is not served.",
    )
    assert banner.highlights == (("MAP@R", "0.2500"), ("AUC", "0.8750"))


def test_a_verdict_of_both_evaluators():
    space = {"value": 0.5, "low": 0.25, "high": 0.75}
    findings = findings_of(
        Verdict(
            blessed=False,
            gates=(
                GateResult("auc", "max_drop", 0.125, 0.5, 0.75, False, "change"),
                GateResult("recall_at_5", "defined", None, math.nan, None, False, part=CORPUS),
                GateResult("auc", "min", 0.5, 0.25, None, False, "slice", place="label=3"),
            ),
            metrics={"auc": 0.5, "f1": 0.75},
            slices={("label", 3): {"auc": 0.25}},
            baseline={"auc": 0.75},
            intervals={"auc": (0.375, 0.625)},
            corpus={
                "tuples": {
                    "metric": "f1",
                    "value": 0.125,
                    "by": "majority",
                    "candidates": [
                        {"by": "majority", "train": 0.25, "value": 0.125},
                        {"by": "x\x00 of left", "train": None, "value": 0.5},
                    ],
                },
                "spaces": {"model": {"map_at_r": space}, "trivial": {"map_at_r": {"value": 0.25}}},
                "slices": [
                    {"feature": "label", "value": "3", "queries": 7, "metrics": {"mrr": space}}
                ],
            },
        )
    )
    assert [(gate.name(()), gate.bound) for gate in findings.gates] == [
        ("AUC", "drop ≤ 0.125 from 0.7500"),
        ("recall@5", "a number"),
        ("AUC [label=3]", "≥ 0.5"),
    ]
    assert findings.metrics == (
        Metric("auc", 0.5, 0.375, 0.625, None, 0.75),
        Metric("f1", 0.75, None, None, 0.125, None),
        Metric("map_at_r", 0.5, 0.25, 0.75, 0.25, None, part=CORPUS),
    )
    assert findings.slices == (
        Slice("label", "3", {"auc": 0.25}),
        Slice("label", "3", {"examples": 7.0, "mrr": 0.5}, part=CORPUS),
    )
    assert findings.baseline == "majority"
    assert findings.baseline_metric == "f1"
    first, second = findings.rules
    assert first == Rule("majority", 0.125, 0.25)
    assert (second.value, math.isnan(second.train)) == (0.5, True)
    assert second.by == printable("x\x00 of left")


def test_rules_of_a_corpus_have_no_value_on_training_tuples():
    candidates = [{"by": "popularity", "value": 0.25}, {"by": "raw features", "value": None}]
    corpus = {"trivial_by": "popularity", "trivial_candidates": candidates}
    findings = findings_of(Verdict(True, (), {}, {}, None, corpus=corpus))
    assert findings.baseline_metric == "map_at_r"
    assert [(rule.by, rule.train) for rule in findings.rules] == [
        ("popularity", None),
        ("raw features", None),
    ]
    assert math.isnan(findings.rules[1].value)


def test_metrics_stand_beside_their_reference_values():
    evidence = with_findings(
        blessed=True,
        gates=(Gate("auc", 0.5, "≥ 0.25", True), Gate("auc", 0.5, "≥ 0.1", True, subset="x=1")),
        metrics=(Metric("f1", 0.75), Metric("auc", 0.5, 0.25, 0.625, baseline=0.125)),
    )
    [table] = build(metrics, evidence).blocks
    assert table.head == ("metric", "model", "asked", "trivial baseline")
    assert cells(table) == [
        ["AUC", "0.5000 [0.2500, 0.6250]", "≥ 0.25", "0.1250"],
        ["F1", "0.7500", "–", "–"],
    ]


def test_the_rules_that_the_baseline_was_chosen_from_have_a_table():
    rules = (Rule("majority", 0.125, 0.25), Rule("neighbours", 0.5, 0.125))
    of_tuples = with_findings(
        blessed=True,
        metrics=(Metric("f1", 0.75, baseline=0.125),),
        baseline="majority",
        rules=rules,
        baseline_metric="f1",
    )
    _, note, table = build(metrics, of_tuples).blocks
    assert note.text == "The trivial baseline: majority."
    assert table.caption == "F1 of what needs no training, the best first"
    assert table.head == ("rule", "training tuples", "eval split")
    assert cells(table) == [["majority", "0.2500", "0.1250"], ["neighbours", "0.1250", "0.5000"]]
    of_corpus = with_findings(
        blessed=True,
        metrics=(Metric("map_at_r", 0.75, part=CORPUS),),
        rules=(Rule("popularity", 0.5), Rule("raw features", 0.25)),
        baseline_metric="map_at_r",
    )
    _, table = build(metrics, of_corpus).blocks
    assert table.head == ("rule", "eval split")
    assert cells(table) == [["popularity", "0.5000"], ["raw features", "0.2500"]]


def test_the_worst_slice_comes_first_and_an_undefined_one_last():
    values = {"a": 0.75, "b": math.nan, "c": 0.25}
    evidence = with_findings(
        blessed=True,
        gates=(Gate("auc", 0.5, "≥ 0.25", True),),
        slices=tuple(Slice("label", name, {"f1": 1.0, "auc": v}) for name, v in values.items()),
    )
    [table] = build(slices, evidence).blocks
    assert table.head == ("label", "AUC", "F1")
    assert cells(table) == [
        ["c", "0.2500", "1.0000"],
        ["a", "0.7500", "1.0000"],
        ["b", "undefined", "1.0000"],
    ]


def triplet(anchor):
    return {role: item(f"{anchor}-{role}") for role in ("anchor", "positive", "negative")}, ()


def test_the_worst_triplets_come_first_one_an_anchor():
    same = triplet("a")
    rows = [triplet("b"), same, same, triplet("c")]
    evidence = evidence_from("digits_triplets", rows, [[3, 1], [1, 4], [1, 2], [2, 1.5]])
    section = build(mistakes, evidence)
    assert section.lead.startswith("In 2 of 4 tuples")
    [sheet] = section.blocks
    assert [(strip.lead.name, strip.note) for strip in sheet.strips] == [
        ("a-anchor", "unrelated above by 3"),
        ("c-anchor", "related above by 0.500"),
        ("b-anchor", "related above by 2"),
    ]
    assert [(card.role, card.mark) for card in sheet.strips[0].cards] == [
        ("unrelated", Mark.WRONG),
        ("related", Mark.WRONG),
    ]
    assert {card.mark for card in sheet.strips[1].cards} == {Mark.RIGHT}


def test_scores_that_are_no_numbers_are_counted_and_left_out():
    rows = [triplet(name) for name in "abc"]
    evidence = evidence_from("digits_triplets", rows, [[3, 1], [np.nan, 4], [1, np.inf]])
    warning, figures = build(relatedness, evidence).blocks
    assert warning == Note("2 of 6 scores are not finite numbers.", warning=True)
    assert len(figures.figures) == 3
    nothing = evidence_from("digits_triplets", rows, np.full((3, 2), np.nan))
    assert all(isinstance(block, Note) for block in build(relatedness, nothing).blocks)
    assert build(mistakes, nothing) is None


def test_pairs_are_marked_by_the_threshold():
    offers = [
        item(name, "offer", title=(title,), price=(price,))
        for name, title, price in (("l", b"red mug", 2.0), ("r", b"red cup", 2.0))
    ]
    members = dict(zip(("left", "right"), offers, strict=True))
    evidence = evidence_from(
        "entity_matching",
        [(members, [0.0]), (members, [1.0]), (members, [0.0])],
        [[0.9], [0.8], [0.1]],
        findings=Findings(blessed=True, metrics=(Metric("threshold", 0.5),)),
    )
    high, low = build(mistakes, evidence).blocks
    assert [strip.note for strip in high.strips] == [
        "unrelated; predicted related, score 0.900",
        "unrelated; predicted unrelated, score 0.100",
    ]
    assert [strip.note for strip in low.strips] == ["related; predicted related, score 0.800"]
    assert cells(high.strips[0].table) == [
        ["title", "red mug", "red cup", "≠"],
        ["price", "2", "2", "="],
    ]


def test_documents_stand_in_the_models_order():
    query = item("q", "query")
    documents = {
        f"document_{n}": item(name, "document", query_id=(b"q",), topic=(b"art",))
        for n, name in enumerate("abc")
    }
    label = [0.0, 1.0, 2.0] + [-1.0] * 13
    scores = [[0.5, 0.25, 0.125] + [9.0] * 13]  # The worst order.
    evidence = evidence_from(
        "search_ranking_lists", [({**documents, "query": query}, label)], scores
    )
    _, sheet = build(ranked_queries, evidence).blocks
    [strip] = sheet.strips
    # DCG (1 / log₂ 3) + (3 / 2), ideal 3 + (1 / log₂ 3).
    assert strip.note == "NDCG@10 0.587"
    assert [row[:3] for row in cells(strip.table)] == [
        ["1", "a", "0"],
        ["2", "b", "1"],
        ["3", "c", "2"],
    ]
    assert [row[2].mark for row in strip.table.rows] == [Mark.WRONG, Mark.RIGHT, Mark.WRONG]


def test_documents_of_ranked_pairs_are_put_together_by_query():
    a, b, c = (
        item(name, "document", query_id=(b"q",), grade=(grade,))
        for name, grade in (("a", 2), ("b", 1), ("c", 0))
    )
    query = item("q", "query")
    rows = [
        ({"preferred": a, "other": b, "query": query}, [1.0]),
        ({"preferred": b, "other": c, "query": query}, [1.0]),
    ]
    evidence = evidence_from("search_ranking", rows, [[0.9, 0.5], [0.5, 0.1]])
    _, sheet = build(ranked_queries, evidence).blocks
    assert sheet.strips[0].note == "NDCG@10 1"
    assert cells(sheet.strips[0].table, 1) == ["a", "b", "c"]


def test_tags_are_measured_each_and_the_worst_examples_shown():
    names = request_of("image_tags")[1].compiled.label.domain
    width = len(names)
    labels, scores = np.zeros((2, width)), np.zeros((2, width))
    labels[:, 0] = 1, 0
    scores[:, 0] = 0.75, 0.625
    scores[1, 1] = 0.5
    rows = [
        ({"example": item(name, "scene")}, label) for name, label in zip("ab", labels, strict=True)
    ]
    evidence = evidence_from("image_tags", rows, scores)
    table, sheet = build(tag_quality, evidence).blocks
    # One of two predicted examples has the tag and ranks first, so average precision is 1.
    assert cells(table)[0] == [names[0], "1", "1", "0.667", "0.500", "1", "0.438"]
    assert [strip.lead.name for strip in sheet.strips] == ["b", "a"]
    first = sheet.strips[0].table
    assert cells(first)[:2] == [[names[0], "0", "0.62"], [names[1], "0", "0.50"]]
    assert [row[2].mark for row in first.rows[:3]] == [Mark.WRONG, Mark.WRONG, Mark.RIGHT]


def products():
    left = item("l", "product", brand=(b"Ardo",))
    return {"left": left, "right": item("r", "product", brand=(b"Belmi",))}


def test_classes_are_counted_and_the_surest_mistakes_shown():
    names = request_of("relation_class")[1].compiled.label.domain
    shares = np.eye(len(names))[[0, 1, 1]] * 0.5
    shares[2] *= 1.5
    evidence = evidence_from("relation_class", [(products(), [0.0])] * 3, shares)
    table, sheet = build(class_confusion, evidence).blocks
    assert cells(table)[0][:3] == [names[0], "1", "2"]
    assert [strip.note for strip in sheet.strips] == [
        f"true: {names[0]}; predicted: {names[1]} (0.75)",
        f"true: {names[0]}; predicted: {names[1]} (0.50)",
    ]


def test_the_largest_errors_come_first():
    wines = {role: item(role, "wine", alcohol=(12.5,)) for role in ("left", "right")}
    rows = [(wines, [0.5]), (wines, [0.25]), (wines, [0.75])]
    evidence = evidence_from("similarity_regression", rows, [[0.5], [0.75], [1.0]])
    section = build(regression, evidence)
    assert "mean absolute error 0.2500" in section.lead
    assert [strip.note for strip in section.blocks[1].strips] == [
        "true 0.250, predicted 0.750",
        "true 0.750, predicted 1",
        "true 0.500, predicted 0.500",
    ]


def test_a_map_of_a_collapsed_or_broken_model_says_so():
    members = tuple(item(str(n)) for n in range(20))
    for vectors, text in (
        (np.ones((20, 3)), "All embeddings of item are (nearly) the same point."),
        (np.full((20, 3), np.nan), "20 of 20 embeddings of item are not finite numbers."),
    ):
        evidence = evidence_from("digits_triplets", [triplet("a")], [[1, 0]])
        evidence = dataclasses.replace(evidence, embeddings={"item": Embeddings(members, vectors)})
        assert build(embedding_maps, evidence).blocks == (Note(text, warning=True),)


def test_every_series_of_the_training_is_drawn():
    history = {
        "effective_rank": {"user": [1, 2], "item": [2, 3], "broken": [1, math.nan]},
        "mean_distance": {},
        "val_loss": [1, 2],
        "loss": [2, 1],
        "val_auc": [0.5, 0.75],
        "broken": [1, math.nan],
        "kept_epoch": 1,
    }
    evidence = dataclasses.replace(with_findings(blessed=True), history=history)
    section = build(training_curves, evidence)
    shown = section.blocks[0].figures
    assert [figure.title for figure in shown] == ["Loss", "AUC", "Effective rank of embeddings"]
    assert shown[2].description.endswith("at the end: user 2, item 3.")
    assert "the weights of epoch 1 were kept, with the lowest validation loss, 1." in section.lead


def test_the_lead_says_that_the_last_epoch_was_kept():
    history = {"loss": [3.0, 2.0], "val_loss": [1.0, 2.0], "keep": "last", "kept_epoch": 2}
    section = build(
        training_curves, dataclasses.replace(with_findings(blessed=True), history=history)
    )
    assert "epoch 2 were kept, the last, with a validation loss of 2." in section.lead


@pytest.mark.parametrize(
    ("name", "better", "said"),
    [
        ("recall_at_10", "higher", "the highest recall@10 of validation, 0.7500"),
        ("mae", "lower", "the lowest MAE of validation, 0.7500"),
        ("corpus.mrr", "higher", "the highest corpus MRR of validation, 0.7500"),
    ],
)
def test_the_metric_that_chose_the_epoch_is_named_and_drawn(name, better, said):
    history = {
        "loss": [3.0, 2.0],
        "val_loss": [1.0, 2.0],
        "keep": {"best": name},
        "metric": [0.5, 0.75],
        "better": better,
        "kept_epoch": 2,
    }
    evidence = dataclasses.replace(with_findings(blessed=True), history=history)
    section = build(training_curves, evidence)
    assert f"epoch 2 were kept, with {said} (its validation loss is 2)." in section.lead
    titles = [figure.title for figure in section.blocks[0].figures]
    assert titles == ["Loss", said.split(" ", 2)[2].split(",")[0]]


@pytest.mark.parametrize("name", ["digits_pairs", "search_ranking", "relation_vector"])
def test_a_model_that_predicts_nan_has_a_page(name):
    broken = evidence_of(name, tuples=20)
    assert broken.scores is not None
    nan = {
        entity: dataclasses.replace(e, vectors=e.vectors * np.nan)
        for entity, e in broken.embeddings.items()
    }
    broken = dataclasses.replace(
        broken, scores=broken.scores * np.nan, embeddings=nan, neighbourhoods=()
    )
    assert ">Refused</p>" in html(page(broken))


def test_data_have_a_page_of_their_own():
    evidence = evidence_of(
        "digits_pairs", findings=None, history={}, scores=None, embeddings={}, neighbourhoods=()
    )
    shown = page(evidence)
    assert shown.banner.verdict == "data"
    assert [section.id for section in shown.sections] == ["data", "examples", "lineage"]
    table = next(block for block in shown.sections[0].blocks if isinstance(block, Table))
    assert cells(table)[0] == ["rows read", "10", "10"]
    assert isinstance(shown.sections[1].blocks[0], Sheet)
