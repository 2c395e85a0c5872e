"""The page says what is undefined, which rows decided what, and which rows are not split."""

import dataclasses
import math

import numpy as np
import pytest

from components.report.build import page
from components.report.collect.evidence import Embeddings
from components.report.collect.findings import Findings, Gate, Metric
from components.report.render.cards import Cards
from components.report.render.html import html
from components.report.sections.embedding_maps import embedding_maps
from components.report.sections.metrics import metrics
from components.report.sections.mistakes import mistakes
from components.report.sections.nearest_neighbours import nearest_neighbours
from components.report.sections.relatedness import relatedness
from components.report.text import Name
from tests.report.helpers import evidence_of
from tests.report.sections.test_sections import item


def build(section, evidence):
    return section(evidence, Cards(evidence.request))


def of_model(recipe, *measured, **changes):
    return evidence_of(recipe, findings=Findings(True, metrics=measured), **changes)


@pytest.mark.parametrize("reason", ["no tuple is related", ""])
def test_an_undefined_threshold_predicts_nothing(reason):
    evidence = of_model("entity_matching", Metric("threshold", math.nan, reason=reason))
    section = build(mistakes, evidence)
    why = reason or "no score is finite"
    assert section.lead.endswith(f" The decision threshold is undefined: {why}.")
    notes = [strip.note for sheet in section.blocks for strip in sheet.strips]
    assert notes
    assert not any("predicted" in note for note in notes)
    assert all(strip.lead.mark is None for sheet in section.blocks for strip in sheet.strips)
    assert build(relatedness, evidence) is not None


def test_a_threshold_is_named_and_none_is_no_fault():
    chosen = build(mistakes, of_model("entity_matching", Metric("threshold", 0.25)))
    assert chosen.lead.endswith(" A score of 0.2500 or above means related.")
    none = build(mistakes, of_model("entity_matching", Metric("auc", 0.25)))
    assert none.lead == "The pairs with the worst errors, or the least certain scores."


def related(evidence, share):
    """Relabel the tuples of a sample so that a share of them is related."""
    drawn = evidence.sample
    count = round(share * len(drawn.tuples))
    tuples = tuple(
        dataclasses.replace(t, label=(float(n < count),)) for n, t in enumerate(drawn.tuples)
    )
    return dataclasses.replace(evidence, sample=dataclasses.replace(drawn, tuples=tuples))


@pytest.mark.parametrize(("share", "leads"), [(0.1, True), (0.2, False), (0.5, False)])
def test_the_banner_leads_with_f1_where_few_pairs_are_related(share, leads):
    measured = Metric("auc", 0.99), Metric("f1", 0.5), Metric("average_precision", 0.625)
    evidence = related(of_model("entity_matching", *measured), share)
    expected = (("F1", "0.5000"), ("average precision", "0.6250")) if leads else ()
    assert page(evidence).banner.highlights == expected


@pytest.mark.parametrize(
    ("keep", "threshold", "also"),
    [
        ("best", 0.5, " It also chose the epoch and the decision threshold."),
        ("best", None, " It also chose the epoch."),
        ("last", math.nan, ""),
        (
            {"best": "recall_at_10"},
            0.5,
            " It also chose the epoch (by recall@10) and the decision threshold.",
        ),
    ],
)
def test_the_metrics_say_which_rows_they_are_of(keep, threshold, also):
    chosen = () if threshold is None else (Metric("threshold", threshold),)
    evidence = of_model("entity_matching", Metric("auc", 0.5), *chosen, history={"keep": keep})
    assert build(metrics, evidence).lead == (
        f"Of the eval split, which the model was not trained on.{also} In brackets: the 95 % "
        "confidence interval."
    )


def test_metrics_of_a_tag_name_it():
    evidence = of_model("image_tags", Metric("auc_tag_1", 0.5), Metric("auc_tag_99", 0.25))
    tags = evidence.tags
    assert len(tags) < 99
    [table] = build(metrics, evidence).blocks
    names = [row[0].text for row in table.rows]
    assert names == [f"AUC of {Name.of(tags[1])}", "AUC tag 99"]
    gate = Gate("auc_tag_0", 0.5, "≥ 0.6", False)
    assert gate.name(tags) == f"AUC of {Name.of(tags[0])}"


def corpus(query, reference):
    return {
        "question": {"query": query, "reference": reference, "references": "eval"},
        "counts": {"references": 10, "measured": 5, "without_match": 1},
    }


def test_a_type_that_is_not_split_is_not_called_held_out():
    held_out = evidence_of("two_tower_retrieval")
    entities = held_out.request.relation.entities
    [shared] = held_out.request.compiled.shared
    [split] = [entity for entity in entities if entity != shared]
    for query, reference, lead in (
        (split, shared, f"a held-out {split}, and its nearest neighbours among 10 rows ({shared}, "
         "which is not split)"),
        (shared, split, f"a {shared}, and its nearest neighbours among 10 rows ({split}, split eval)"),
    ):  # fmt: skip
        findings = Findings(True, corpus=corpus(query, reference))
        section = build(nearest_neighbours, dataclasses.replace(held_out, findings=findings))
        assert lead in section.lead
    rows = tuple(item(str(n), shared) for n in range(20))
    vectors = np.random.default_rng(0).normal(size=(20, 2))
    maps = {name: Embeddings(rows, vectors) for name in (shared, split)}
    blocks = build(embedding_maps, dataclasses.replace(held_out, embeddings=maps)).blocks
    titles = {block.figures[0].title for block in blocks}
    assert titles == {
        f"20 entities of type {shared}",
        f"20 held-out entities of type {split}",
    }


def test_a_long_name_has_a_tooltip():
    name = "offers/2024/shop-a/" + "0" * 20 + "/123.png"
    evidence = of_model("digits_triplets", Metric("auc", 0.5))
    [first, *_] = evidence.neighbourhoods
    query = dataclasses.replace(first, query=item(name))
    shown = dataclasses.replace(
        evidence,
        neighbourhoods=(query,),
        findings=dataclasses.replace(evidence.findings, corpus=corpus("item", "item")),
    )
    assert f'<span title="{name}">offers/2024/…000/123.png</span>' in html(page(shown))
