"""The results of an evaluation as plain objects: metrics, slices, gates, verdict.

The Evaluator writes them to `verdict.json` in its `evaluation` (docs/evaluation.md).
"""

import dataclasses
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import tensorflow as tf

from relation.core.errors import UserError
from relation.names import TEST

FILE = "verdict.json"
TUPLES, CORPUS = "tuples", "corpus"
"""Parts of an evaluation: the model's answers about tuples, and its embeddings of entities."""
EXAMPLES = "examples"
"""The metric that counts tuples; it has no confidence interval."""
SPREAD = "score_spread"
"""The metric that is 0 if all scores of a column are equal, and NaN if one is not finite."""
OVERALL = "overall"
LEAST_IN_SLICE = 30
"""A slice with fewer tuples, or queries, has no gate."""

Value: TypeAlias = str | int | float
Interval: TypeAlias = tuple[float, float]


_SIGNS = {"min": "≥", "max": "≤", "above": ">", "below": "<"}


@dataclasses.dataclass(frozen=True)
class GateResult:
    """One bound of one metric, and whether the model passed it.

    Attributes:
      metric: its name.
      bound: "min", "max", "above" (more than), "below" (less than), "max_drop" (against the last
        blessed model), or "defined" (any number passes, for a metric gated by `max_drop` alone).
      threshold: the bound; None for "defined".
      value: the model's value; NaN if it is undefined or the metric is missing.
      baseline: the value of the last blessed model; None if there is no such model.
      passed: whether the value is within the bound; NaN never is.
      kind: the reason for the gate. "threshold" and "change" come from the recipe; "collapse",
        "baseline" (against an answer without training), "sanity" and "slice" are defaults.
      part: `TUPLES` or `CORPUS`.
      place: the slice, `feature=value`, or the entity type; "" for all.
      reason: why the value is undefined, as a clause; "" if it is a number.
    """

    metric: str
    bound: str
    threshold: float | None
    value: float
    baseline: float | None
    passed: bool
    kind: str = "threshold"
    part: str = TUPLES
    place: str = ""
    reason: str = ""

    def value_text(self, shown: Callable[[float], str] = "{:.4f}".format) -> str:
        """The value as text, or why there is none."""
        if not math.isnan(self.value):
            return shown(self.value)
        return f"undefined ({self.reason})" if self.reason else "undefined"

    def bound_text(self, shown: Callable[[float | None], str] = "{:.4f}".format) -> str:
        """The bound as text; `shown` formats the baseline that a drop is measured from."""
        if self.threshold is None:
            return "a number"
        if self.bound == "max_drop":
            return f"drop ≤ {self.threshold:g} from {shown(self.baseline)}"
        return f"{_SIGNS[self.bound]} {self.threshold:.4g}"

    @property
    def name(self) -> str:
        """The metric, with its part and slice unless it is of all tuples."""
        part = "" if self.part == TUPLES else f"{self.part} "
        return part + (_in(self.metric, self.place) if self.place else self.metric)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The results of an evaluation, and whether the model was blessed.

    Attributes:
      blessed: whether every gate was passed; the Evaluator's blessing says the same.
      gates: all gates, tuples before corpus; `max_drop` only if there was a last blessed model.
      metrics: overall values on tuples, by name.
      slices: values by name, for each (feature, value), sorted.
      baseline: overall values of the last blessed model; None if there was none.
      intervals: 95 % confidence interval of overall values, by name.
      corpus: the content of `corpus.json`.
      undefined: why a metric has no value, as a clause, by name, in a slice by `in_slice`;
        `<metric> [slices]` is a floor that no slice could be held to.
      test: `metrics`, `intervals` and `undefined` of the test split, which no gate sees; empty
        without one.
    """

    blessed: bool
    gates: tuple[GateResult, ...]
    metrics: Mapping[str, float]
    slices: Mapping[tuple[str, Value], Mapping[str, float]]
    baseline: Mapping[str, float] | None
    intervals: Mapping[str, Interval] = dataclasses.field(default_factory=dict)
    corpus: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    undefined: Mapping[str, str] = dataclasses.field(default_factory=dict)
    test: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The verdict as JSON values; a number that is not finite becomes null."""
        return jsonable(
            {
                "blessed": self.blessed,
                "gates": [dataclasses.asdict(gate) for gate in self.gates],
                "metrics": self.metrics,
                "intervals": {name: list(pair) for name, pair in self.intervals.items()},
                "slices": [
                    {"feature": feature, "value": value, "metrics": metrics}
                    for (feature, value), metrics in self.slices.items()
                ],
                "baseline": self.baseline,
                "corpus": self.corpus,
                "undefined": dict(self.undefined),
                **({"test": self.test} if self.test else {}),
            }
        )

    @property
    def undefined_overall(self) -> dict[str, str]:
        """Those of `undefined` that are of no single slice."""
        return {name: why for name, why in self.undefined.items() if "=" not in name}

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> "Verdict":
        """The verdict from the values of `to_json`; null becomes NaN."""
        before = values["baseline"]
        return cls(
            blessed=values["blessed"],
            gates=tuple(
                GateResult(**{**gate, "value": number(gate["value"])}) for gate in values["gates"]
            ),
            metrics=_numbers(values["metrics"]),
            slices={
                (each["feature"], each["value"]): _numbers(each["metrics"])
                for each in values["slices"]
            },
            baseline=None if before is None else _numbers(before),
            intervals={
                name: (number(low), number(high))
                for name, (low, high) in values["intervals"].items()
            },
            corpus=values["corpus"],
            undefined=values.get("undefined", {}),
            test=values.get("test", {}),
        )

    def to_text(self) -> str:
        """The verdict as lines of text."""
        return "\n".join(_lines(self))


def read_verdict(evaluation_uri: str) -> Verdict:
    """Reads `verdict.json`.

    Args:
      evaluation_uri: the folder of the Evaluator's `evaluation` output.

    Raises:
      UserError: the folder has no evaluation.
    """
    path = os.path.join(evaluation_uri, FILE)
    if not tf.io.gfile.exists(path):
        raise UserError(f"{evaluation_uri}: no evaluation; expected a folder with {FILE}")
    with tf.io.gfile.GFile(path) as file:
        return Verdict.of_json(json.loads(file.read()))


def write_verdict(verdict: Verdict, evaluation_uri: str) -> None:
    """Writes `verdict.json`."""
    with tf.io.gfile.GFile(os.path.join(evaluation_uri, FILE), "w") as file:
        file.write(json.dumps(verdict.to_json(), indent=2, allow_nan=False) + "\n")


def why_undefined(metrics: Mapping[str, float], otherwise: str) -> str:
    """Say why a metric of tuples is not a number, as a clause.

    Args:
      metrics: all values of the same tuples.
      otherwise: the reason where there are tuples and their scores are finite.
    """
    if not metrics.get(EXAMPLES):
        return "there is no tuple"
    if math.isnan(metrics.get(SPREAD, 0.0)):
        return "a score is not a finite number"
    return otherwise


def in_slice(metric: str, feature: str, value: Value) -> str:
    """The name of a metric in one slice."""
    return _in(metric, f"{feature}={value}")


def _in(metric: str, place: str) -> str:
    return f"{metric} [{place}]"


def _shown(value: float, reason: str) -> str:
    return f"undefined ({reason})" if math.isnan(value) and reason else f"{value:.4g}"


def number(value: float | None) -> float:
    """A number from its JSON value; null becomes NaN."""
    return math.nan if value is None else float(value)


def _numbers(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: number(value) for name, value in values.items()}


def on_test(verdict: Mapping[str, Any]) -> dict[str, float]:
    """Values on the test split, by the name of a gate; empty without such a split.

    >>> on_test({"test": {"metrics": {"auc": 0.5}}, "corpus": {}})
    {'auc': 0.5}

    Args:
      verdict: the values of `Verdict.to_json`.
    """
    spaces = verdict.get("corpus", {}).get(TEST, {}).get("spaces", {})
    of_corpus = {
        f"{CORPUS} {name}": number(entry["value"])
        for name, entry in spaces.get("model", {}).items()
    }
    return {**_numbers(verdict.get("test", {}).get("metrics", {})), **of_corpus}


def jsonable(value: Any) -> Any:
    """Replaces numbers that are not finite by None, in nested mappings and lists.

    >>> jsonable({"value": math.nan, "bounds": [0.0, math.inf]})
    {'value': None, 'bounds': [0.0, None]}
    """
    if isinstance(value, Mapping):
        return {key: jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _lines(verdict: Verdict) -> Iterator[str]:
    yield "blessed" if verdict.blessed else "refused"
    for gate in verdict.gates:
        bound = gate.bound if gate.threshold is None else f"{gate.bound} {gate.threshold:g}"
        before = "" if gate.baseline is None else f" (baseline {gate.baseline:.4f})"
        mark = "passed" if gate.passed else "FAILED"
        yield f"{mark}  {gate.kind}: {gate.name} {bound}: {gate.value_text()}{before}"
    rows = {OVERALL: verdict.metrics}
    rows |= {f"{feature}={value}": metrics for (feature, value), metrics in verdict.slices.items()}
    if verdict.baseline is not None:
        rows["overall, baseline"] = verdict.baseline
    for row, metrics in rows.items():
        reasons = {
            name: verdict.undefined.get(name if row == OVERALL else _in(name, row), "")
            for name in metrics
        }
        shown = (f"{name} {_shown(value, reasons[name])}" for name, value in metrics.items())
        yield f"{row}: " + ", ".join(shown)
    for name, reason in verdict.undefined_overall.items():
        yield f"undefined: {name}: {reason}"
    for name, value in verdict.test.get("metrics", {}).items():
        yield f"test: {name} {number(value):.4g}"
    for space, metrics in verdict.corpus.get("spaces", {}).items():
        shown = (f"{name} {number(entry['value']):.4g}" for name, entry in metrics.items())
        yield f"corpus, {space}: " + ", ".join(shown)
