"""What the evaluators found, as the page has it: each metric beside what to hold it against."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.common.evaluation_results import CORPUS, TUPLES, GateResult, Verdict, number
from components.report import text


@dataclass(frozen=True)
class Gate:
    """A condition that the model had to meet.

    Attributes:
      metric: what was measured.
      value: the model's; NaN where it is undefined.
      bound: what was asked, in words: `≥ 0.98`.
      passed: whether the model met it.
      kind: why it is asked: `threshold` and `change` by the recipe, the others by default.
      of: what it was measured on: tuples, or the corpus.
      place: the slice, or entity type; "": all.
    """

    metric: str
    value: float
    bound: str
    passed: bool
    kind: str = "threshold"
    of: str = TUPLES
    place: str = ""

    @property
    def name(self) -> str:
        """The metric and, where it is not of all, of what."""
        place = f" [{text.printable(self.place)}]" if self.place else ""
        return text.metric_name(self.metric) + place


@dataclass(frozen=True)
class Metric:
    """A metric of the model, and what to hold it against; None: not known.

    Attributes:
      low, high: ends of the confidence interval.
      trivial: of what needs no training, on the same data.
      last: of the last blessed model.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    trivial: float | None = None
    last: float | None = None
    of: str = TUPLES


@dataclass(frozen=True)
class Slice:
    """Metrics of the tuples, or entities, with one value of a feature."""

    feature: str
    value: str
    metrics: Mapping[str, float]
    of: str = TUPLES


@dataclass(frozen=True)
class Findings:
    """All that the evaluators found.

    Attributes:
      trivial: what the trivial baseline is, in words.
      corpus: what `corpus.json` says of the question, and how much was measured.
    """

    blessed: bool
    gates: tuple[Gate, ...] = ()
    metrics: tuple[Metric, ...] = ()
    slices: tuple[Slice, ...] = ()
    trivial: str | None = None
    corpus: Mapping[str, Any] | None = None

    @property
    def threshold(self) -> float | None:
        """The decision threshold of the scores; None where there is none."""
        return next((m.value for m in self.metrics if m.name == "threshold"), None)


def of_verdict(verdict: Verdict) -> Findings:
    """What the Evaluator's `verdict.json` says of both evaluators."""
    corpus = verdict.corpus
    least = corpus.get("tuples") or {}
    return Findings(
        blessed=verdict.blessed,
        gates=tuple(map(_gate, verdict.gates)),
        metrics=(*_of_tuples(verdict, least), *_of_corpus(corpus)),
        slices=(*_slices_of_tuples(verdict), *_slices_of_corpus(corpus)),
        trivial=corpus.get("trivial_by") or least.get("by"),
        corpus=corpus,
    )


def _gate(found: GateResult) -> Gate:
    return Gate(
        found.metric,
        found.value,
        found.asked(text.measured),
        found.passed,
        kind=found.kind,
        of=found.part,
        place=found.place,
    )


def _of_tuples(verdict: Verdict, least: Mapping[str, Any]) -> Iterator[Metric]:
    before = verdict.baseline or {}
    for name, value in verdict.metrics.items():
        low, high = verdict.intervals.get(name, (None, None))
        trivial = least["value"] if name == least.get("metric") else None
        yield Metric(name, value, low, high, trivial, before.get(name))


def _of_corpus(corpus: Mapping[str, Any]) -> Iterator[Metric]:
    spaces = corpus.get("spaces", {})
    trivial, before = spaces.get("trivial", {}), spaces.get("blessed", {})
    for name, found in spaces.get("model", {}).items():
        yield Metric(
            name,
            number(found["value"]),
            found["low"],
            found["high"],
            trivial.get(name, {}).get("value"),
            before.get(name, {}).get("value"),
            of=CORPUS,
        )


def _slices_of_tuples(verdict: Verdict) -> Iterator[Slice]:
    for (feature, value), metrics in verdict.slices.items():
        yield Slice(feature, str(value), metrics)


def _slices_of_corpus(corpus: Mapping[str, Any]) -> Iterator[Slice]:
    for found in corpus.get("slices", ()):
        metrics = {name: number(each["value"]) for name, each in found["metrics"].items()}
        counted = {"examples": float(found["queries"]), **metrics}
        yield Slice(found["feature"], str(found["value"]), counted, of=CORPUS)
