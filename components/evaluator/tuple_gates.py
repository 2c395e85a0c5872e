"""The verdict on an evaluation, and the default gates of tuples: pure functions."""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any

from components.common.evaluation.evaluation_results import (
    EXAMPLES,
    LEAST_IN_SLICE,
    SPREAD,
    GateResult,
    Verdict,
)
from components.evaluator.corpus_gates import (
    ALL_SLICES,
    corpus_gates,
    margin_of,
    undefined_interval,
    undefined_of,
    worst_slice,
)
from relation.recipe import Evaluation

LEAST_SPREAD = 1e-6
UNBOUNDED = (math.nan, math.nan)
"""The interval of a metric that has none."""


def apply_gates(verdict: Verdict, corpus: Mapping[str, Any], evaluation: Evaluation) -> Verdict:
    """Adds all other gates, and the corpus, to the verdict of TFMA.

    Args:
      verdict: TFMA's, on the recipe's bounds.
      corpus: the content of `corpus.json`.
      evaluation: the recipe's section.
    """
    gates = (
        *verdict.gates,
        *_sanity(verdict, evaluation),
        *_slices(verdict, evaluation),
        *_baseline(verdict, corpus, evaluation),
        *corpus_gates(corpus, evaluation),
    )
    # A floor that the recipe does not state refuses nothing where there is no slice to hold to it.
    stated = "slice_floor" in evaluation.model_fields_set
    vacant = {g.name: g.reason for g in gates if g.place == ALL_SLICES and not stated}
    gates = tuple(gate for gate in gates if gate.name not in vacant)
    return dataclasses.replace(
        verdict,
        blessed=verdict.blessed and all(gate.passed for gate in gates),
        gates=gates,
        corpus=corpus,
        undefined={**verdict.undefined, **undefined_of(corpus), **vacant},
    )


def _sanity(verdict: Verdict, evaluation: Evaluation) -> Iterator[GateResult]:
    if evaluation.sanity and SPREAD in verdict.metrics:
        yield _gate(verdict, SPREAD, "above", LEAST_SPREAD, "sanity")


def _slices(verdict: Verdict, evaluation: Evaluation) -> Iterator[GateResult]:
    """The worst slice of each metric that has a floor; slices where it is NaN do not count."""
    for name, floor in (evaluation.slice_floor or {}).items():
        if name not in verdict.metrics or not verdict.slices:
            continue
        values = [
            (metrics.get(name, math.nan), f"{feature}={value}")
            for (feature, value), metrics in verdict.slices.items()
            if metrics.get(EXAMPLES, 0) >= LEAST_IN_SLICE
        ]
        value, place, reason = worst_slice(values, "tuples")
        yield GateResult(
            name, "min", floor, value, None, value >= floor, "slice", place=place, reason=reason
        )


def _baseline(
    verdict: Verdict, corpus: Mapping[str, Any], evaluation: Evaluation
) -> Iterator[GateResult]:
    """The model must be better than the baseline on the same tuples."""
    least = corpus.get("tuples")
    if not evaluation.baseline or least is None:
        return
    name, bound = least["metric"], least["bound"]
    value, (low, high) = verdict.metrics.get(name, math.nan), verdict.intervals.get(name, UNBOUNDED)
    apart = value - low if bound == "above" else high - value
    margin, undefined = margin_of(evaluation.baseline, apart)
    threshold = least["value"] + margin * (1 if bound == "above" else -1)
    gate = _gate(verdict, name, bound, threshold, "baseline")
    yield gate if gate.reason or not undefined else undefined_interval(gate)


def _gate(verdict: Verdict, name: str, bound: str, threshold: float, kind: str) -> GateResult:
    value = verdict.metrics.get(name, math.nan)
    before = None if verdict.baseline is None else verdict.baseline.get(name)
    passed = value > threshold if bound == "above" else value < threshold
    reason = verdict.undefined.get(name, "it was not measured") if math.isnan(value) else ""
    return GateResult(name, bound, threshold, value, before, passed, kind, reason=reason)
