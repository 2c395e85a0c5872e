"""Reads TFMA's output as plain objects."""

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from components.common.evaluation.evaluation_results import (
    EXAMPLES,
    GateResult,
    Interval,
    Value,
    Verdict,
    in_slice,
    why_undefined,
)

LOW, HIGH = "low", "high"
"""Outputs of a metric that bound its 95 % confidence interval."""


def read(evaluation_uri: str, *, bounded: bool = True) -> Verdict:
    """Reads the metrics, and the bounds of the EvalConfig with TFMA's decision on each.

    Args:
      evaluation_uri: the output folder of TFMA.
      bounded: whether the EvalConfig has bounds.
    """
    import tensorflow_model_analysis as tfma  # Here: it takes seconds, and TensorFlow with it.
    from tensorflow_model_analysis.writers import eval_config_writer

    config = eval_config_writer.load_eval_run(evaluation_uri)[0]
    baselines = {spec.name for spec in config.model_specs if spec.is_baseline}
    candidate: dict[Any, dict[str, float]] = {}
    baseline: dict[str, float] = {}
    drops: dict[str, float] = {}
    bounds: dict[str, dict[str, float]] = {LOW: {}, HIGH: {}}
    for record in tfma.load_metrics(evaluation_uri):
        slice_ = tuple(_slice_key(key) for key in record.slice_key.single_slice_keys)
        for item in record.metric_keys_and_values:
            value, name = item.value.double_value.value, item.key.name
            own = item.key.model_name not in baselines and not item.key.is_diff
            if item.key.output_name:
                if own and not slice_:
                    bounds[item.key.output_name][name] = value
            elif own:
                candidate.setdefault(slice_, {})[name] = value
            elif not slice_:
                (drops if item.key.is_diff else baseline)[name] = value
    overall = candidate.pop((), {})
    slices = {slice_[0]: metrics for slice_, metrics in candidate.items()}
    undefined = dict(_undefined(config, overall))
    for (feature, shown), metrics in slices.items():
        of_slice = _undefined(config, metrics)
        undefined |= {in_slice(name, feature, shown): why for name, why in of_slice}
    return Verdict(
        blessed=bounded and bool(tfma.load_validation_result(evaluation_uri).validation_ok),
        gates=tuple(_gates(config, overall, baseline, drops, undefined)),
        metrics=overall,
        slices=dict(sorted(slices.items(), key=lambda item: _order(*item[0]))),
        baseline=baseline if baselines else None,
        intervals=_intervals(bounds),
        undefined=undefined,
    )


def _undefined(config: Any, overall: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Why each metric that is not a number is none, by name."""
    for spec in config.metrics_specs:
        for metric in spec.metrics:
            settings = json.loads(metric.config)
            if math.isnan(overall.get(settings["name"], math.nan)):
                yield settings["name"], why_undefined(overall, settings.get("undefined", ""))


def _intervals(bounds: Mapping[str, Mapping[str, float]]) -> dict[str, Interval]:
    return {
        name: (low, bounds[HIGH][name]) for name, low in bounds[LOW].items() if name != EXAMPLES
    }


def _slice_key(key: Any) -> tuple[str, Value]:
    value = getattr(key, key.WhichOneof("kind"))
    return key.column, value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _order(feature: str, value: Value) -> tuple[str, bool, Value]:
    """Sort key of a slice: by feature, then numbers before texts."""
    return feature, isinstance(value, str), value


def _gates(
    config: Any,
    overall: Mapping[str, float],
    baseline: Mapping[str, float],
    drops: Mapping[str, float],
    undefined: Mapping[str, str],
) -> Iterator[GateResult]:
    """The bounds of the EvalConfig that was used, decided as TFMA does."""
    for gate in _bounds(config, overall, baseline, drops):
        yield dataclasses.replace(gate, reason=undefined.get(gate.metric, ""))


def _bounds(
    config: Any,
    overall: Mapping[str, float],
    baseline: Mapping[str, float],
    drops: Mapping[str, float],
) -> Iterator[GateResult]:
    for spec in config.metrics_specs:
        for metric in spec.metrics:
            name = json.loads(metric.config)["name"]
            value, before = overall.get(name, math.nan), baseline.get(name)
            for item in metric.per_slice_thresholds:
                bounds, change = item.threshold.value_threshold, item.threshold.change_threshold
                if bounds.HasField("lower_bound"):
                    low = bounds.lower_bound.value
                    yield GateResult(name, "min", low, value, before, value >= low)
                if bounds.HasField("upper_bound"):
                    high = bounds.upper_bound.value
                    yield GateResult(name, "max", high, value, before, value <= high)
                if not bounds.ByteSize():
                    passed = not math.isnan(value)
                    yield GateResult(name, "defined", None, value, before, passed)
                if item.threshold.HasField("change_threshold"):
                    least = change.absolute.value
                    passed = drops.get(name, math.nan) >= least
                    yield GateResult(name, "max_drop", -least, value, before, passed, "change")
