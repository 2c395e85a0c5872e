"""What an evaluation found, as plain objects: metrics, slices, gates, verdict.

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

FILE = "verdict.json"
TUPLES, CORPUS = "tuples", "corpus"
"""The parts of an evaluation: what the model says of tuples, and where it puts entities."""
EXAMPLES = "examples"
"""The metric that is the number of tuples, which has no confidence interval."""

Value: TypeAlias = str | int | float
Interval: TypeAlias = tuple[float, float]


_SIGNS = {"min": "≥", "max": "≤", "above": ">", "below": "<"}


@dataclasses.dataclass(frozen=True)
class GateResult:
    """One bound of one metric, and whether the model kept it.

    Attributes:
      metric: its name.
      bound: "min", "max", "above" (more than), "below" (less than), "max_drop" (against the last
        blessed model), or "defined" (any number will do: what is asked of a metric that is gated by
        `max_drop` alone).
      threshold: the bound; None for "defined".
      value: the model's; NaN where it is undefined, and where the metric is missing.
      baseline: the value of the last blessed model; None where there was none to compare with.
      passed: whether the bound is kept. NaN keeps none.
      kind: why there is such a gate: "threshold" and "change" are the recipe's; "collapse",
        "baseline" (what needs no training), "sanity" and "slice" hold by default.
      part: `TUPLES` or `CORPUS`.
      place: the slice, `feature=value`; "": all.
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

    def asked(self, shown: Callable[[float | None], str] = "{:.4f}".format) -> str:
        """The bound as a person reads it; `shown` writes the value that a drop is from."""
        if self.threshold is None:
            return "a number"
        if self.bound == "max_drop":
            return f"drop ≤ {self.threshold:g} from {shown(self.baseline)}"
        return f"{_SIGNS[self.bound]} {self.threshold:.4g}"

    @property
    def name(self) -> str:
        """The metric, and of what it is where that is not all tuples."""
        part = "" if self.part == TUPLES else f"{self.part} "
        return f"{part}{self.metric}" + (f" [{self.place}]" if self.place else "")


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What an evaluation found, and whether the model was blessed.

    Attributes:
      blessed: whether every gate was passed: what the Evaluator's blessing says.
      gates: the bounds, tuples before corpus. `max_drop` is among them only where there was a
        last blessed model.
      metrics: overall values by name, of tuples.
      slices: values by name, of each (feature, value), sorted.
      baseline: overall values of the last blessed model; None where there was none.
      intervals: 95 % confidence interval of an overall value, by name.
      corpus: what the CorpusEvaluator found, as `corpus.json` has it.
    """

    blessed: bool
    gates: tuple[GateResult, ...]
    metrics: Mapping[str, float]
    slices: Mapping[tuple[str, Value], Mapping[str, float]]
    baseline: Mapping[str, float] | None
    intervals: Mapping[str, Interval] = dataclasses.field(default_factory=dict)
    corpus: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values; a number that is not finite is null, as JSON has none."""
        return jsonable(
            {
                "blessed": self.blessed,
                "gates": [dataclasses.asdict(gate) for gate in self.gates],
                "metrics": self.metrics,
                "intervals": {name: list(ends) for name, ends in self.intervals.items()},
                "slices": [
                    {"feature": feature, "value": value, "metrics": metrics}
                    for (feature, value), metrics in self.slices.items()
                ],
                "baseline": self.baseline,
                "corpus": self.corpus,
            }
        )

    @classmethod
    def of_json(cls, found: Mapping[str, Any]) -> "Verdict":
        """What `to_json` gave; null is NaN again."""
        before = found["baseline"]
        return cls(
            blessed=found["blessed"],
            gates=tuple(
                GateResult(**{**gate, "value": number(gate["value"])}) for gate in found["gates"]
            ),
            metrics=_numbers(found["metrics"]),
            slices={
                (each["feature"], each["value"]): _numbers(each["metrics"])
                for each in found["slices"]
            },
            baseline=None if before is None else _numbers(before),
            intervals={
                name: (number(low), number(high))
                for name, (low, high) in found["intervals"].items()
            },
            corpus=found["corpus"],
        )

    def to_text(self) -> str:
        """The same as lines to read."""
        return "\n".join(_lines(self))


def read_verdict(evaluation_uri: str) -> Verdict:
    """Reads what the Evaluator wrote.

    Args:
      evaluation_uri: the folder of its `evaluation` output.

    Raises:
      UserError: there is no evaluation.
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


def number(value: float | None) -> float:
    """A number from its JSON value: null is NaN."""
    return math.nan if value is None else float(value)


def _numbers(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: number(value) for name, value in values.items()}


def jsonable(value: Any) -> Any:
    """The same with null for numbers that are not finite."""
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
        yield f"{mark}  {gate.kind}: {gate.name} {bound}: {gate.value:.4f}{before}"
    rows = {"overall": verdict.metrics}
    rows |= {f"{feature}={value}": found for (feature, value), found in verdict.slices.items()}
    if verdict.baseline is not None:
        rows["overall, baseline"] = verdict.baseline
    for place, metrics in rows.items():
        yield f"{place}: " + ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())
    for space, metrics in verdict.corpus.get("spaces", {}).items():
        shown = (f"{name} {number(found['value']):.4g}" for name, found in metrics.items())
        yield f"corpus, {space}: " + ", ".join(shown)
