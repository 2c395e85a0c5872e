"""Reads TFMA's output as plain objects."""

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
)

LOW, HIGH = "low", "high"
"""Outputs of a metric that bound its 95 % confidence interval."""


def read(evaluation_uri: str) -> Verdict:
    """Reads the metrics, and the bounds of the EvalConfig with TFMA's decision on each.

    Args:
      evaluation_uri: the output folder of TFMA.
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
    return Verdict(
        blessed=bool(tfma.load_validation_result(evaluation_uri).validation_ok),
        gates=tuple(_gates(config, overall, baseline, drops)),
        metrics=overall,
        slices=dict(sorted(slices.items(), key=lambda item: _order(*item[0]))),
        baseline=baseline if baselines else None,
        intervals=_intervals(bounds),
    )


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
) -> Iterator[GateResult]:
    """The bounds of the EvalConfig that was used, decided as TFMA does."""
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
