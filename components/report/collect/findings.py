"""The evaluators' results for the page: each metric with its reference values."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.common.evaluation.corpus_results import BASELINE_METRIC
from components.common.evaluation.evaluation_results import (
    CORPUS,
    TUPLES,
    GateResult,
    Verdict,
    in_slice,
    number,
    on_test,
)
from components.report import text


@dataclass(frozen=True)
class Gate:
    """A condition that the model must meet.

    Attributes:
      metric: name of the metric.
      value: the model's value; NaN where it is undefined.
      bound: the condition, as text: `≥ 0.98`.
      passed: whether the model meets it.
      kind: origin of the gate: `threshold` and `change` come from the recipe, others are default.
      part: the data: tuples or corpus.
      subset: slice or entity type; "" for all data.
      reason: why the value is undefined; "" where it is a number.
    """

    metric: str
    value: float
    bound: str
    passed: bool
    kind: str = "threshold"
    part: str = TUPLES
    subset: str = ""
    reason: str = ""

    def name(self, tags: Sequence[str]) -> str:
        """Return the metric, with its subset where there is one; `tags`: names of all tags."""
        subset = f" [{text.printable(self.subset)}]" if self.subset else ""
        return text.metric_name(self.metric, tags) + subset


@dataclass(frozen=True)
class Metric:
    """A metric of the model with its reference values, each None where it is missing.

    Attributes:
      name: name of the metric.
      value: the model's value.
      low, high: bounds of the confidence interval.
      baseline: value of the trivial baseline on the same data.
      last_blessed: value of the last blessed model.
      part: the data: tuples or corpus.
      reason: as in `Gate`.
      test: value on the test split.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    baseline: float | None = None
    last_blessed: float | None = None
    part: str = TUPLES
    reason: str = ""
    test: float | None = None


@dataclass(frozen=True)
class Rule:
    """One of the rules that the trivial baseline was chosen from.

    Attributes:
      by: the rule, as text.
      value: its value on the same data as the model's.
      train: its value on the training tuples that compared the rules; None for a corpus.
    """

    by: str
    value: float
    train: float | None = None


@dataclass(frozen=True)
class Slice:
    """Metrics of the tuples or entities with one value of a feature.

    Attributes:
      undefined: why a metric has no value, by name.
    """

    feature: str
    value: str
    metrics: Mapping[str, float]
    part: str = TUPLES
    undefined: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Findings:
    """Results of both evaluators.

    Attributes:
      blessed: the verdict.
      gates: every gate.
      metrics: every metric.
      slices: metrics of parts of the data.
      baseline: description of the trivial baseline.
      rules: what the trivial baseline was chosen from, the best first.
      baseline_metric: the metric of `rules`.
      corpus: content of `corpus.json`.
    """

    blessed: bool
    gates: tuple[Gate, ...] = ()
    metrics: tuple[Metric, ...] = ()
    slices: tuple[Slice, ...] = ()
    baseline: str | None = None
    rules: tuple[Rule, ...] = ()
    baseline_metric: str = ""
    corpus: Mapping[str, Any] | None = None

    def of_tuples(self, names: Sequence[str]) -> tuple[Metric, ...]:
        """Return those of the named metrics of tuples that were measured, in this order."""
        measured = {m.name: m for m in self.metrics if m.part == TUPLES}
        return tuple(measured[name] for name in names if name in measured)

    @property
    def threshold(self) -> float | None:
        """Decision threshold of the scores, finite; None where there is none."""
        chosen = self._threshold
        return chosen.value if chosen and math.isfinite(chosen.value) else None

    @property
    def undefined_threshold(self) -> str:
        """Why the threshold is undefined; "" where it is a number or none is chosen."""
        if self._threshold is None or self.threshold is not None:
            return ""
        return self._threshold.reason or "no score is finite"

    @property
    def _threshold(self) -> Metric | None:
        return next((m for m in self.metrics if m.name == "threshold"), None)


def findings_of(verdict: Verdict) -> Findings:
    """Convert the Evaluator's `verdict.json`, which holds the results of both evaluators."""
    corpus = verdict.corpus
    baseline, tested = corpus.get("tuples") or {}, on_test(verdict.to_json())
    by = corpus.get("trivial_by") or baseline.get("by")
    return Findings(
        blessed=verdict.blessed,
        gates=tuple(map(_gate, verdict.gates)),
        metrics=(
            *_of_tuples(verdict, baseline, tested),
            *_of_corpus(corpus, verdict.undefined, tested),
        ),
        slices=(*_slices_of_tuples(verdict), *_slices_of_corpus(corpus)),
        baseline=by and text.printable(by),
        rules=tuple(_rules(corpus.get("trivial_candidates") or baseline.get("candidates", ()))),
        baseline_metric=baseline.get("metric", BASELINE_METRIC),
        corpus=corpus,
    )


def _gate(result: GateResult) -> Gate:
    return Gate(
        result.metric,
        result.value,
        result.bound_text(text.measured),
        result.passed,
        kind=result.kind,
        part=result.part,
        subset=result.place,
        reason=result.reason,
    )


def _rules(candidates: Sequence[Mapping[str, Any]]) -> Iterator[Rule]:
    for each in candidates:
        train = number(each["train"]) if "train" in each else None
        yield Rule(text.printable(each["by"]), number(each["value"]), train)


def _of_tuples(
    verdict: Verdict, baseline: Mapping[str, Any], tested: Mapping[str, float]
) -> Iterator[Metric]:
    last_blessed = verdict.baseline or {}
    for name, value in verdict.metrics.items():
        low, high = verdict.intervals.get(name, (None, None))
        baseline_value = baseline["value"] if name == baseline.get("metric") else None
        reason = verdict.undefined.get(name, "")
        blessed = last_blessed.get(name)
        on = tested.get(name)
        yield Metric(name, value, low, high, baseline_value, blessed, reason=reason, test=on)


def _of_corpus(
    corpus: Mapping[str, Any], undefined: Mapping[str, str], tested: Mapping[str, float]
) -> Iterator[Metric]:
    spaces = corpus.get("spaces", {})
    baseline, last_blessed = spaces.get("trivial", {}), spaces.get("blessed", {})
    for name, result in spaces.get("model", {}).items():
        yield Metric(
            name,
            number(result["value"]),
            result["low"],
            result["high"],
            baseline.get(name, {}).get("value"),
            last_blessed.get(name, {}).get("value"),
            part=CORPUS,
            reason=undefined.get(f"{CORPUS} {name}", ""),
            test=tested.get(f"{CORPUS} {name}"),
        )


def _slices_of_tuples(verdict: Verdict) -> Iterator[Slice]:
    for (feature, value), metrics in verdict.slices.items():
        named = {name: verdict.undefined.get(in_slice(name, feature, value)) for name in metrics}
        undefined = {name: reason for name, reason in named.items() if reason}
        yield Slice(feature, str(value), metrics, undefined=undefined)


def _slices_of_corpus(corpus: Mapping[str, Any]) -> Iterator[Slice]:
    for part in corpus.get("slices", ()):
        metrics = {name: number(result["value"]) for name, result in part["metrics"].items()}
        metrics = {"examples": float(part["queries"]), **metrics}
        yield Slice(part["feature"], str(part["value"]), metrics, part=CORPUS)
