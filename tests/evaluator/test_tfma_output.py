"""Bounds, reasons and slices of TFMA's configuration and output, by hand."""

import json
import math

import pytest
import tensorflow_model_analysis as tfma
from google.protobuf import text_format
from tensorflow_model_analysis.proto import metrics_for_slice_pb2

from components.common.evaluation.evaluation_results import GateResult, Verdict
from components.evaluator.tested import config_of_test, of_split
from components.evaluator.tfma_output import (
    _bounds,
    _gates,
    _intervals,
    _order,
    _slice_key,
    _undefined,
)


def config(*metrics):
    """`metrics`: name, its thresholds in protobuf's text form, and more settings."""
    specs = "\n".join(
        f"metrics {{ class_name: 'X' config: '{json.dumps({'name': name, **more})}' {bounds} }}"
        for name, bounds, more in metrics
    )
    return text_format.Parse(
        f"slicing_specs {{}} slicing_specs {{ feature_keys: 'site' }} metrics_specs {{ {specs} }}",
        tfma.EvalConfig(),
    )


def threshold(text):
    return f"per_slice_thresholds {{ slicing_specs {{}} threshold {{ {text} }} }}"


BOTH = threshold(
    "value_threshold { lower_bound { value: 0.5 } upper_bound { value: 0.75 } } "
    "change_threshold { absolute { value: -0.125 } direction: HIGHER_IS_BETTER }"
)
CHANGE = threshold("change_threshold { absolute { value: -0.25 } direction: HIGHER_IS_BETTER }")


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [(0.5, True, True), (0.49, False, True), (0.75, True, True), (0.76, True, False)],
)
def test_bounds_include_their_value(value, least, most):
    gates = list(_bounds(config(("auc", BOTH, {})), {"auc": value}, {"auc": 0.6}, {"auc": -0.125}))
    assert gates == [
        GateResult("auc", "min", 0.5, value, 0.6, least),
        GateResult("auc", "max", 0.75, value, 0.6, most),
        GateResult("auc", "max_drop", 0.125, value, 0.6, True, "change"),
    ]


@pytest.mark.parametrize(("drop", "passed"), [(-0.25, True), (-0.26, False), (None, False)])
def test_a_drop_alone_needs_a_number(drop, passed):
    drops = {} if drop is None else {"auc": drop}
    gates = list(_bounds(config(("auc", CHANGE, {})), {"auc": 0.5}, {}, drops))
    assert gates == [
        GateResult("auc", "defined", None, 0.5, None, True),
        GateResult("auc", "max_drop", 0.25, 0.5, None, passed, "change"),
    ]
    [defined, _] = _bounds(config(("auc", CHANGE, {})), {}, {}, drops)
    assert not defined.passed
    assert math.isnan(defined.value)
    assert list(_bounds(config(("auc", "", {})), {"auc": 0.5}, {}, {})) == []


def test_a_gate_says_why_its_metric_is_undefined():
    settings = config(("auc", CHANGE, {}), ("f1", CHANGE, {}))
    gates = _gates(settings, {"auc": math.nan, "f1": 0.5}, {}, {}, {"auc": "one class"})
    assert [(gate.metric, gate.bound, gate.reason) for gate in gates] == [
        ("auc", "defined", "one class"),
        ("auc", "max_drop", "one class"),
        ("f1", "defined", ""),
        ("f1", "max_drop", ""),
    ]


def test_each_metric_that_is_no_number_has_its_reason():
    settings = config(("auc", "", {"undefined": "one class"}), ("f1", "", {}), ("mae", "", {}))
    values = {"auc": math.nan, "mae": 0.5, "examples": 3.0, "score_spread": 0.5}
    assert dict(_undefined(settings, values)) == {"auc": "one class", "f1": ""}
    assert dict(_undefined(settings, {"mae": 0.5})) == {
        "auc": "there is no tuple",
        "f1": "there is no tuple",
    }


def test_intervals_are_of_metrics_and_not_of_the_count():
    bounds = {
        "low": {"auc": 0.25, "examples": 1.0},
        "high": {"auc": 0.75, "examples": 9.0, "f1": 1.0},
    }
    assert _intervals(bounds) == {"auc": (0.25, 0.75)}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("bytes_value: 'gr\\303\\266\\303\\237e'", "größe"),
        ("bytes_value: '\\377'", "\ufffd"),
        ("int64_value: -3", -3),
        ("float_value: 0.5", 0.5),
    ],
)
def test_the_value_of_a_slice(text, value):
    key = text_format.Parse(f"column: 'site' {text}", metrics_for_slice_pb2.SingleSliceKey())
    assert _slice_key(key) == ("site", value)


def test_slices_are_sorted_by_feature_then_numbers_before_texts():
    keys = [("b", "a"), ("a", "x"), ("a", 10), ("a", 9), ("a", "10")]
    assert sorted(keys, key=lambda key: _order(*key)) == [
        *(("a", 9), ("a", 10), ("a", "10"), ("a", "x"), ("b", "a")),
    ]


def test_the_test_split_has_thresholds_of_the_eval_split_and_no_bounds():
    settings = config(
        ("threshold", "", {}),
        ("accuracy", BOTH, {}),
        ("f1_threshold", "", {}),
        ("f1", "", {}),
        ("auc", BOTH, {}),
    )
    before = settings.SerializeToString(deterministic=True)
    values = {"threshold": 0.25, "f1_threshold": math.nan, "auc": 0.5}
    tested = config_of_test(settings, values)
    assert settings.SerializeToString(deterministic=True) == before
    assert [list(spec.feature_keys) for spec in tested.slicing_specs] == [[]]
    [spec] = tested.metrics_specs
    assert [json.loads(metric.config) for metric in spec.metrics] == [
        {"name": "accuracy", "at": 0.25},
        {"name": "auc", "at": None},
    ]
    assert not any(metric.per_slice_thresholds for metric in spec.metrics)
    # Without the metric of its threshold, accuracy is at none.
    [spec] = config_of_test(config(("accuracy", "", {})), values).metrics_specs
    assert [json.loads(metric.config)["at"] for metric in spec.metrics] == [None]


def test_what_a_verdict_holds_of_the_test_split():
    verdict = Verdict(
        True, (), {"auc": 0.5}, {}, None, {"auc": (0.25, 0.75)}, undefined={"f1": "none"}
    )
    assert of_split(verdict) == {
        "metrics": {"auc": 0.5},
        "intervals": {"auc": [0.25, 0.75]},
        "undefined": {"f1": "none"},
    }
