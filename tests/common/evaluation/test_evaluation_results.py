"""Verdicts as plain values: what is written is read, and what people read of it."""

import json
import math

import pytest

from components.common.evaluation import corpus_results
from components.common.evaluation.evaluation_results import (
    CORPUS,
    GateResult,
    Verdict,
    in_slice,
    jsonable,
    number,
    on_test,
    read_verdict,
    why_undefined,
    write_verdict,
)
from relation.core.errors import UserError

NAN = math.nan
CORPUS_RESULTS = {
    "spaces": {"model": {"mrr": {"value": 0.5}}, "trivial": {"mrr": {"value": None}}},
    "test": {"spaces": {"model": {"mrr": {"value": 0.25}, "map_at_r": {"value": None}}}},
}
VERDICT = Verdict(
    blessed=False,
    gates=(
        GateResult("auc", "min", 0.5, 0.25, 0.75, False),
        GateResult("mrr", "defined", None, NAN, None, False, "change", CORPUS, reason="no query"),
        GateResult("f1", "max", 0.5, 0.25, None, True, "slice", place="site=x"),
    ),
    metrics={"auc": 0.25, "f1": NAN, "examples": 40.0},
    slices={("site", "x"): {"auc": NAN}, ("size", 3): {"auc": 1.0}},
    baseline={"auc": 0.75, "f1": NAN},
    intervals={"auc": (0.125, NAN)},
    corpus=CORPUS_RESULTS,
    undefined={"f1": "no pair is related", "auc [site=x]": "one class", "auc [slices]": "none"},
    test={"metrics": {"auc": 0.5, "f1": None}, "intervals": {}, "undefined": {}},
)


def test_a_verdict_is_read_as_it_was_written(tmp_path):
    write_verdict(VERDICT, str(tmp_path))
    text = (tmp_path / "verdict.json").read_text()
    assert text.endswith("\n}\n")
    values = json.loads(text)
    assert values["metrics"] == {"auc": 0.25, "f1": None, "examples": 40.0}
    assert values["intervals"] == {"auc": [0.125, None]}
    assert values["slices"] == [
        {"feature": "site", "value": "x", "metrics": {"auc": None}},
        {"feature": "size", "value": 3, "metrics": {"auc": 1.0}},
    ]
    assert values["gates"][0] == {
        "metric": "auc",
        "bound": "min",
        "threshold": 0.5,
        "value": 0.25,
        "baseline": 0.75,
        "passed": False,
        "kind": "threshold",
        "part": "tuples",
        "place": "",
        "reason": "",
    }
    back = read_verdict(str(tmp_path))
    assert repr(back) == repr(VERDICT)
    assert back.metrics["auc"] == 0.25
    assert math.isnan(back.metrics["f1"])
    assert back.slices["size", 3] == {"auc": 1.0}
    assert back.baseline["auc"] == 0.75
    assert math.isnan(back.gates[1].value)


def test_what_is_missing_in_an_older_verdict_is_empty():
    values = {"blessed": True, "gates": [], "metrics": {}, "slices": [], "baseline": None}
    verdict = Verdict.of_json({**values, "intervals": {}, "corpus": {}})
    assert verdict == Verdict(True, (), {}, {}, None)
    assert "test" not in verdict.to_json()


def test_a_folder_without_a_verdict(tmp_path):
    with pytest.raises(UserError) as error:
        read_verdict(str(tmp_path))
    assert str(error.value) == f"{tmp_path}: no evaluation; expected a folder with verdict.json"


def test_a_verdict_as_text():
    assert VERDICT.to_text().splitlines() == [
        "refused",
        "FAILED  threshold: auc min 0.5: 0.2500 (baseline 0.7500)",
        "FAILED  change: corpus mrr defined: undefined (no query)",
        "passed  slice: f1 [site=x] max 0.5: 0.2500",
        "overall: auc 0.25, f1 undefined (no pair is related), examples 40",
        "site=x: auc undefined (one class)",
        "size=3: auc 1",
        "overall, baseline: auc 0.75, f1 nan",
        "undefined: f1: no pair is related",
        "undefined: auc [slices]: none",
        "test: auc 0.5",
        "test: f1 nan",
        "corpus, model: mrr 0.5",
        "corpus, trivial: mrr nan",
    ]
    assert VERDICT.undefined_overall == {"f1": "no pair is related", "auc [slices]": "none"}
    assert Verdict(True, (), {"auc": NAN}, {}, None).to_text() == "blessed\noverall: auc nan"


@pytest.mark.parametrize(
    ("bound", "threshold", "text"),
    [
        ("min", 0.12345, "≥ 0.1235"),
        ("max", 0.5, "≤ 0.5"),
        ("above", 0.5, "> 0.5"),
        ("below", 0.5, "< 0.5"),
        ("max_drop", 0.125, "drop ≤ 0.125 from 0.7500"),
        ("defined", None, "a number"),
    ],
)
def test_a_bound_as_text(bound, threshold, text):
    gate = GateResult("auc", bound, threshold, 0.5, 0.75, True)
    assert gate.bound_text() == text
    assert gate.value_text() == "0.5000"
    shown = gate.bound_text(lambda value: f"<{value}>")
    assert shown == (text.replace("0.7500", "<0.75>"))


def test_a_value_that_is_none_says_why():
    gate = GateResult("auc", "min", 0.5, NAN, None, False)
    assert (gate.value_text(), gate.name) == ("undefined", "auc")
    named = GateResult("auc", "min", 0.5, NAN, None, False, place="x=1", part=CORPUS, reason="why")
    assert (named.value_text(), named.name) == ("undefined (why)", "corpus auc [x=1]")
    assert GateResult("auc", "min", 0.5, 0.5, None, True).value_text(str) == "0.5"


@pytest.mark.parametrize(
    ("metrics", "reason"),
    [
        ({}, "there is no tuple"),
        ({"examples": 0.0, "score_spread": NAN}, "there is no tuple"),
        ({"examples": 1.0, "score_spread": NAN}, "a score is not a finite number"),
        ({"examples": 1.0, "score_spread": 0.0}, "otherwise"),
        ({"examples": 1.0}, "otherwise"),
    ],
)
def test_why_a_metric_is_undefined(metrics, reason):
    assert why_undefined(metrics, "otherwise") == reason


def test_values_of_the_test_split():
    values = on_test(VERDICT.to_json())
    assert list(values) == ["auc", "f1", "corpus mrr", "corpus map_at_r"]
    assert (values["auc"], values["corpus mrr"]) == (0.5, 0.25)
    assert math.isnan(values["f1"])
    assert math.isnan(values["corpus map_at_r"])
    assert on_test({}) == {}


def test_numbers_and_names():
    assert number(2) == 2.0
    assert isinstance(number(2), float)
    assert math.isnan(number(None))
    assert in_slice("auc", "site", 3) == "auc [site=3]"
    values = {"a": (math.inf, 1), "b": [{"c": -math.inf, "d": NAN}], "e": "text", "f": True}
    assert jsonable(values) == {
        "a": [None, 1],
        "b": [{"c": None, "d": None}],
        "e": "text",
        "f": True,
    }


def test_the_corpus_is_read_as_it_was_written(tmp_path):
    folder = str(tmp_path / "new")
    corpus_results.write(folder, {"value": NAN, "other": 0.5}, {})
    assert corpus_results.read(folder) == {"value": None, "other": 0.5}
    assert corpus_results.read_arrays(folder) == {}
    assert (tmp_path / "new" / "corpus.json").read_text().endswith("\n}\n")
    corpus_results.write(folder, {}, {"ids": ["a", "b"], "distances": [0.5, 1.0]})
    arrays = corpus_results.read_arrays(folder)
    assert {name: array.tolist() for name, array in arrays.items()} == {
        "ids": ["a", "b"],
        "distances": [0.5, 1.0],
    }
