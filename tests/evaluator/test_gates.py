"""The gates that hold by default, on what was found."""

import dataclasses
import math

import pytest

from components.common.evaluation.evaluation_results import GateResult, Verdict, why_undefined
from components.evaluator.tuple_gates import apply_gates
from relation.recipe import Evaluation

KEPT = GateResult("auc", "min", 0.5, 0.9, None, True)
SHAPE = {"rows": 9, "dimensions": 8, "finite": 1.0, "effective_rank": 4.0, "spread": 0.5}
NOTHING = {"question": None, "embeddings": {}}


def found(metrics=None, slices=None, blessed=True, gates=(KEPT,)):
    values = {"auc": 0.9, "score_spread": 0.3, "examples": 100.0, **(metrics or {})}
    return Verdict(blessed, gates, values, slices or {}, None)


def broken(verdict, corpus=NOTHING, /, **evaluation):
    """The gates that are not passed."""
    result = apply_gates(verdict, corpus, Evaluation(gates={"auc": {"min": 0.5}}, **evaluation))
    refused = [gate for gate in result.gates if not gate.passed]
    assert result.blessed is (verdict.blessed and not refused)
    return refused


def space(**values):
    return {name: {"value": value, "low": value, "high": value} for name, value in values.items()}


def asked(model, labels=None, slices=(), **spaces):
    return {
        "question": {"labels": labels},
        "embeddings": {"item": SHAPE},
        "spaces": {"model": space(**model), **{k: space(**v) for k, v in spaces.items()}},
        "slices": list(slices),
    }


def test_a_good_model_passes():
    assert broken(found()) == []
    assert broken(found(), asked({"map_at_r": 0.6}, trivial={"map_at_r": 0.5})) == []


def test_what_tfma_refuses_stays_refused():
    refused = GateResult("auc", "min", 0.95, 0.9, None, False)
    assert broken(found(blessed=False, gates=(refused,))) == [refused]


def test_a_refusal_by_tfma_alone_stays_a_refusal():
    """TFMA may refuse for what no gate here says; every gate passes, and the model is unblessed."""
    verdict = apply_gates(found(blessed=False), NOTHING, Evaluation(gates={"auc": {"min": 0.5}}))
    assert all(gate.passed for gate in verdict.gates)
    assert not verdict.blessed


@pytest.mark.parametrize("spread", [0.0, 1e-9, math.nan])
def test_scores_that_are_constant_or_no_numbers(spread):
    [gate] = broken(found({"score_spread": spread}))
    assert (gate.kind, gate.metric, gate.bound, gate.threshold) == (
        "sanity",
        "score_spread",
        "above",
        1e-6,
    )
    assert gate.value == pytest.approx(spread, nan_ok=True)
    assert broken(found({"score_spread": spread}), sanity=False) == []


def test_the_worst_slice():
    slices = {
        ("site", "north"): {"auc": 0.9, "examples": 60.0},
        ("site", "south"): {"auc": 0.45, "examples": 30.0},
        ("site", "few"): {"auc": 0.1, "examples": 29.0},
        ("site", "one class"): {"auc": math.nan, "examples": 99.0},
    }
    [gate] = broken(found(slices=slices))
    assert (gate.kind, gate.name, gate.value, gate.threshold) == (
        "slice",
        "auc [site=south]",
        0.45,
        0.5,
    )
    assert broken(found(slices=slices), slice_floor={"auc": 0.4}) == []
    assert broken(found(slices=slices), slice_floor=False) == []


@pytest.mark.parametrize(
    ("slices", "reason"),
    [
        ({("site", "few"): {"auc": 0.9, "examples": 29.0}}, "no slice is of 30 tuples or more"),
        (
            {("site", "one class"): {"auc": math.nan, "examples": 30.0}},
            "it is undefined in every slice of 30 tuples or more",
        ),
    ],
)
def test_a_floor_that_no_slice_can_be_held_to(slices, reason):
    """A floor that the recipe states refuses, with the reason; that of the default says so."""
    [gate] = broken(found(slices=slices), slice_floor={"auc": 0.5})
    assert (gate.kind, gate.name, gate.reason) == ("slice", "auc [slices]", reason)
    assert gate.value_text() == f"undefined ({reason})"
    verdict = apply_gates(found(slices=slices), NOTHING, Evaluation(gates={"auc": {"min": 0.5}}))
    assert verdict.blessed
    assert verdict.undefined == {"auc [slices]": reason}
    assert Verdict.of_json(verdict.to_json()) == verdict
    assert f"undefined: auc [slices]: {reason}" in verdict.to_text()


def test_a_default_floor_says_nothing_of_a_metric_that_the_relation_has_not():
    slices = {("site", "north"): {"lrap": 0.9, "examples": 60.0}}
    verdict = Verdict(True, (), {"lrap": 0.9, "examples": 60.0}, slices, None)
    assert broken(verdict) == []
    assert apply_gates(verdict, NOTHING, Evaluation(gates={"lrap": {"min": 0}})).undefined == {}


def test_floors_of_corpus_slices_that_are_too_small():
    small = {"feature": "site", "value": "x", "queries": 29, "metrics": space(map_at_r=0.9)}
    corpus = asked({"map_at_r": 0.9}, slices=[small])
    assert broken(found(), corpus) == []
    [gate] = broken(found(), corpus, slice_floor={"map_at_r": 0.5})
    assert gate.name == "corpus map_at_r [slices]"
    assert gate.reason == "no slice is of 30 queries or more"
    enough = asked({"map_at_r": 0.9}, slices=[{**small, "queries": 30}])
    assert broken(found(), enough, slice_floor={"map_at_r": 0.5}) == []


def test_corpus_metrics_without_a_match_and_without_finite_embeddings():
    gates = {"corpus": {"gates": {"map_at_r": {"min": 0.5}}}}
    [gate] = broken(found(), asked({"map_at_r": None}), baseline=False, **gates)
    assert (gate.name, gate.reason) == ("corpus map_at_r", "no query has a relevant reference")
    broken_model = {**NOTHING, "embeddings": {"item": {**SHAPE, "finite": 0.5}}}
    [gate] = broken(found(), broken_model, sanity=False, **gates)
    assert (gate.name, gate.reason) == ("corpus map_at_r", "an embedding is not a finite number")
    verdict = apply_gates(found(), asked({"map_at_r": None}), Evaluation(gates={"auc": {"min": 0}}))
    assert verdict.undefined == {"corpus map_at_r": "no query has a relevant reference"}


def test_what_needs_no_training_must_be_beaten():
    least = {"metric": "auc", "value": 0.9, "by": "popularity", "bound": "above"}
    corpus = {**NOTHING, "tuples": least}
    [gate] = broken(found(), corpus)
    assert (gate.kind, gate.metric, gate.value, gate.threshold) == ("baseline", "auc", 0.9, 0.9)
    assert broken(found({"auc": 0.91}), corpus) == []
    assert len(broken(found({"auc": 0.91}), corpus, baseline={"margin": 0.02})) == 1
    assert broken(found(), corpus, baseline=False) == []


def test_errors_must_be_below_those_that_need_no_training():
    least = {"metric": "mse", "value": 0.1, "by": "the mean label image", "bound": "below"}
    corpus = {**NOTHING, "tuples": least}
    [gate] = broken(found({"mse": 0.1}), corpus)
    assert (gate.kind, gate.metric, gate.bound, gate.threshold) == ("baseline", "mse", "below", 0.1)
    assert gate.bound_text() == "< 0.1"
    assert len(broken(found({"mse": math.nan}), corpus)) == 1
    assert broken(found({"mse": 0.09}), corpus) == []
    assert len(broken(found({"mse": 0.09}), corpus, baseline={"margin": 0.02})) == 1


def test_raw_features_must_be_beaten():
    corpus = asked({"map_at_r": 0.5}, trivial={"map_at_r": 0.5})
    [gate] = broken(found(), corpus)
    assert (gate.kind, gate.name, gate.bound) == ("baseline", "corpus map_at_r", "above")


def test_raw_features_must_be_beaten_by_the_margin():
    margin = {"margin": 0.05}
    [gate] = broken(found(), asked({"map_at_r": 0.53}, trivial={"map_at_r": 0.5}), baseline=margin)
    assert (gate.kind, gate.value) == ("baseline", 0.53)
    assert gate.threshold == pytest.approx(0.55)
    assert (
        broken(found(), asked({"map_at_r": 0.56}, trivial={"map_at_r": 0.5}), baseline=margin) == []
    )


def between(verdict, **intervals):
    return dataclasses.replace(verdict, intervals=intervals)


def test_what_needs_no_training_must_be_beaten_by_the_interval():
    """The worse end of the model's interval must lie beyond the baseline, and beyond its margin."""
    least = {"metric": "auc", "value": 0.8, "by": "popularity", "bound": "above"}
    corpus, wide = {**NOTHING, "tuples": least}, between(found(), auc=(0.79, 0.93))
    assert broken(wide, corpus) == []
    [gate] = broken(wide, corpus, baseline={"interval": True})
    assert (gate.kind, gate.value, gate.bound) == ("baseline", 0.9, "above")
    assert gate.threshold == pytest.approx(0.8 + 0.9 - 0.79)
    narrow = between(found(), auc=(0.85, 0.99))
    assert broken(narrow, corpus, baseline={"interval": True}) == []
    assert broken(narrow, corpus, baseline={"interval": True, "margin": 0.04}) == []
    assert len(broken(narrow, corpus, baseline={"interval": True, "margin": 0.06})) == 1


def test_errors_must_be_below_the_baseline_by_the_interval():
    least = {"metric": "mse", "value": 0.1, "by": "the mean label image", "bound": "below"}
    corpus = {**NOTHING, "tuples": least}
    wide = between(found({"mse": 0.08}), mse=(0.01, 0.11))
    assert broken(wide, corpus) == []
    [gate] = broken(wide, corpus, baseline={"interval": True})
    assert gate.threshold == pytest.approx(0.1 - 0.03)
    assert broken(between(found({"mse": 0.08}), mse=(0, 0.09)), corpus, baseline=BEYOND) == []


BEYOND = {"interval": True}


def test_raw_features_must_be_beaten_by_the_interval_of_the_difference():
    corpus = asked({"map_at_r": 0.56}, trivial={"map_at_r": 0.5})
    near = {**corpus, "gain": {"value": 0.06, "low": -0.01, "high": 0.13}}
    assert broken(found(), near) == []
    [gate] = broken(found(), near, baseline=BEYOND)
    assert (gate.kind, gate.name, gate.value) == ("baseline", "corpus map_at_r", 0.56)
    assert gate.threshold == pytest.approx(0.57)
    far = {**corpus, "gain": {"value": 0.06, "low": 0.01, "high": 0.11}}
    assert broken(found(), far, baseline=BEYOND) == []
    assert len(broken(found(), far, baseline={**BEYOND, "margin": 0.02})) == 1


def test_an_interval_that_is_undefined_is_beaten_by_no_model():
    why = "its 95 % confidence interval is undefined"
    least = {"metric": "auc", "value": 0.1, "by": "popularity", "bound": "above"}
    for intervals in ({}, {"auc": (math.nan, math.nan)}):
        verdict = between(found(), **intervals)
        [gate] = broken(verdict, {**NOTHING, "tuples": least}, baseline=BEYOND)
        assert (gate.reason, gate.value_text()) == (why, f"undefined ({why})")
    corpus = asked({"map_at_r": 0.56}, trivial={"map_at_r": 0.1})
    for gain in ({}, {"gain": None}, {"gain": {"value": 0.4, "low": None, "high": None}}):
        [gate] = broken(found(), {**corpus, **gain}, baseline=BEYOND)
        assert (gate.name, gate.reason) == ("corpus map_at_r", why)
        assert broken(found(), {**corpus, **gain}) == []
    [gate] = broken(found({"auc": math.nan}), {**NOTHING, "tuples": least}, baseline=BEYOND)
    assert gate.reason == "it was not measured"


def test_a_small_corpus_slice_beside_one_that_is_large_enough():
    floor = {"slice_floor": {"map_at_r": 0.5}}

    def slices(large):
        """29 queries with .1, beside 30 queries."""
        each = ((29, "few", 0.1), (30, "enough", large), (31, "good", 0.9))
        return [
            {"feature": "site", "value": name, "queries": n, "metrics": space(map_at_r=value)}
            for n, name, value in each
        ]

    assert broken(found(), asked({"map_at_r": 0.9}, slices=slices(0.6)), **floor) == []
    [gate] = broken(found(), asked({"map_at_r": 0.9}, slices=slices(0.45)), **floor)
    assert (gate.kind, gate.value) == ("slice", 0.45)
    assert gate.name == "corpus map_at_r [site=enough]"


@pytest.mark.parametrize(
    ("change", "metric", "value"),
    [
        ({"effective_rank": 1.2}, "effective_rank", 1.2),
        ({"effective_rank": None}, "effective_rank", math.nan),
        ({"spread": 0.001}, "spread", 0.001),
    ],
)
def test_collapsed_embeddings(change, metric, value):
    corpus = {**NOTHING, "embeddings": {"item": {**SHAPE, **change}}}
    [gate] = broken(found(), corpus)
    assert (gate.kind, gate.metric, gate.place) == ("collapse", metric, "item")
    assert gate.value == pytest.approx(value, nan_ok=True)
    assert broken(found(), corpus, collapse=False) == []
    assert len(broken(found(), corpus, collapse={"effective_rank": 4.5})) >= 1


def test_two_labels_may_lie_on_a_line():
    corpus = asked({"map_at_r": 1.0}, labels=2)
    corpus["embeddings"] = {"item": {**SHAPE, "effective_rank": 1.0}}
    assert broken(found(), corpus) == []
    corpus["question"]["labels"] = 3
    assert [gate.kind for gate in broken(found(), corpus)] == ["collapse"]


def test_bounds_and_changes_of_the_corpus():
    corpus = asked({"map_at_r": 0.6, "mrr": 0.7}, blessed={"map_at_r": 0.65, "mrr": 0.7})
    gates = {"map_at_r": {"min": 0.61, "max_drop": 0.04}, "mrr": {"max": 0.5, "max_drop": 0.0}}
    refused = broken(found(), corpus, corpus={"gates": gates})
    assert [(gate.kind, gate.metric, gate.bound) for gate in refused] == [
        ("threshold", "map_at_r", "min"),
        ("change", "map_at_r", "max_drop"),
        ("threshold", "mrr", "max"),
    ]
    assert refused[1].baseline == 0.65
    del corpus["spaces"]["blessed"]
    only = {"map_at_r": {"max_drop": 0.0}}
    assert broken(found(), corpus, corpus={"gates": only}) == []


def test_a_metric_that_could_not_be_measured_passes_no_gate():
    corpus = asked({}, trivial={"map_at_r": 0.5})
    refused = broken(found(), corpus, corpus={"gates": {"mrr": {"max": 1.0}}})
    assert [(gate.kind, math.isnan(gate.value)) for gate in refused] == [
        ("threshold", True),
        ("baseline", True),
    ]


def test_a_verdict_survives_its_file(tmp_path):
    from components.common.evaluation.evaluation_results import read_verdict, write_verdict

    verdict = apply_gates(
        found(slices={("site", "north"): {"auc": 0.9}}),
        asked({"map_at_r": 0.6}),
        Evaluation(gates={"auc": {"min": 0.5}}),
    )
    write_verdict(verdict, str(tmp_path))
    assert read_verdict(str(tmp_path)) == verdict


@pytest.mark.parametrize(
    ("metrics", "reason"),
    [
        ({}, "there is no tuple"),
        ({"examples": 0.0, "score_spread": math.nan}, "there is no tuple"),
        ({"examples": 9.0, "score_spread": math.nan}, "a score is not a finite number"),
        ({"examples": 9.0, "score_spread": 0.1}, "all tuples weigh 0"),
        ({"examples": 9.0}, "all tuples weigh 0"),
    ],
)
def test_why_a_metric_is_undefined(metrics, reason):
    assert why_undefined(metrics, "all tuples weigh 0") == reason
