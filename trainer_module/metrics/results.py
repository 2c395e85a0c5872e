"""What an evaluation found, as plain objects: metrics, slices, gates, verdict.

    python -m trainer_module.metrics.results EVALUATION [--json]

prints them; EVALUATION is the folder of the Evaluator's `evaluation` output.
"""

import argparse
import dataclasses
import json
import math
import sys
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from relation.errors import UserError

Value: TypeAlias = str | int | float


@dataclasses.dataclass(frozen=True)
class GateResult:
    """One bound of one metric, and whether the model kept it.

    Attributes:
      metric: its name.
      bound: "min", "max", "max_drop" (against the baseline), or "defined" (any number will do: what
        is asked of a metric that is gated by `max_drop` alone).
      threshold: the bound; None for "defined".
      value: the model's; NaN where it is undefined, and where the metric is missing.
      baseline: the value of the last blessed model; None where there was none to compare with.
      passed: whether the bound is kept. NaN keeps none.
    """

    metric: str
    bound: str
    threshold: float | None
    value: float
    baseline: float | None
    passed: bool


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What an evaluation found, and whether the model was blessed.

    Attributes:
      blessed: TFMA's verdict, the one that the Evaluator's blessing follows.
      gates: the bounds, in the order of the metrics. `max_drop` is among them only where there was
        a baseline: TFX leaves it out otherwise.
      metrics: overall values by name.
      slices: values by name, of each (feature, value), sorted.
      baseline: overall values of the last blessed model; None where there was none.
    """

    blessed: bool
    gates: tuple[GateResult, ...]
    metrics: Mapping[str, float]
    slices: Mapping[tuple[str, Value], Mapping[str, float]]
    baseline: Mapping[str, float] | None

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values; a number that is not finite is null, as JSON has none."""
        return _jsonable(
            {
                "blessed": self.blessed,
                "gates": [dataclasses.asdict(gate) for gate in self.gates],
                "metrics": self.metrics,
                "slices": [
                    {"feature": feature, "value": value, "metrics": metrics}
                    for (feature, value), metrics in self.slices.items()
                ],
                "baseline": self.baseline,
            }
        )

    def to_text(self) -> str:
        """The same as lines to read."""
        return "\n".join(_lines(self))


def read_verdict(evaluation_uri: str) -> Verdict:
    """Reads the outputs of an Evaluator (of TFMA).

    Args:
      evaluation_uri: the folder of its `evaluation` output.

    Raises:
      UserError: there is no evaluation.
    """
    import tensorflow_model_analysis as tfma  # Here: it takes seconds, and TensorFlow with it.
    from tensorflow_model_analysis.writers import eval_config_writer

    config = eval_config_writer.load_eval_run(evaluation_uri)[0]
    if config is None:
        raise UserError(f"{evaluation_uri}: no evaluation; expected the folder of TFMA's output")
    baselines = {spec.name for spec in config.model_specs if spec.is_baseline}
    candidate: dict[Any, dict[str, float]] = {}
    baseline: dict[str, float] = {}
    drops: dict[str, float] = {}
    for record in tfma.load_metrics(evaluation_uri):
        place = tuple(_slice_key(key) for key in record.slice_key.single_slice_keys)
        for item in record.metric_keys_and_values:
            value = item.value.double_value.value
            if item.key.model_name not in baselines and not item.key.is_diff:
                candidate.setdefault(place, {})[item.key.name] = value
            elif not place:
                (drops if item.key.is_diff else baseline)[item.key.name] = value
    overall = candidate.pop((), {})
    slices = {place[0]: metrics for place, metrics in candidate.items()}
    return Verdict(
        blessed=bool(tfma.load_validation_result(evaluation_uri).validation_ok),
        gates=tuple(_gates(config, overall, baseline, drops)),
        metrics=overall,
        slices=dict(sorted(slices.items(), key=lambda item: _order(*item[0]))),
        baseline=baseline if baselines else None,
    )


def _slice_key(key: Any) -> tuple[str, Value]:
    value = getattr(key, key.WhichOneof("kind"))
    return key.column, value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _order(feature: str, value: Value) -> tuple[str, bool, Value]:
    """Sorts numbers before texts, and neither by the other's order."""
    return feature, isinstance(value, str), value


def _gates(
    config: Any,
    overall: Mapping[str, float],
    baseline: Mapping[str, float],
    drops: Mapping[str, float],
) -> Iterator[GateResult]:
    """The bounds of the EvalConfig that was used, judged as TFMA does."""
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
                    yield GateResult(name, "max_drop", -least, value, before, passed)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _jsonable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_jsonable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _lines(verdict: Verdict) -> Iterator[str]:
    yield "blessed" if verdict.blessed else "refused"
    for gate in verdict.gates:
        bound = gate.bound if gate.threshold is None else f"{gate.bound} {gate.threshold:g}"
        before = "" if gate.baseline is None else f" (baseline {gate.baseline:.4f})"
        mark = "passed" if gate.passed else "FAILED"
        yield f"{mark}  {gate.metric} {bound}: {gate.value:.4f}{before}"
    rows = {"overall": verdict.metrics}
    rows |= {f"{feature}={value}": found for (feature, value), found in verdict.slices.items()}
    if verdict.baseline is not None:
        rows["overall, baseline"] = verdict.baseline
    for place, metrics in rows.items():
        yield f"{place}: " + ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())


def main(arguments: list[str] | None = None) -> int:
    """Prints the verdict of an evaluation; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m trainer_module.metrics.results",
        description="Prints what an evaluation found, and the verdict.",
    )
    parser.add_argument("evaluation", help="folder of the Evaluator's `evaluation` output")
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(arguments)
    try:
        verdict = read_verdict(options.evaluation)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(verdict.to_json(), indent=2) if options.json else verdict.to_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
