"""The verdict on all that was found; the gates of tuples that hold by default. Pure functions."""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any

from components.common.evaluation_results import EXAMPLES, GateResult, Verdict
from components.evaluator import corpus_gates
from relation.recipe import Evaluation

SPREAD = "score_spread"
"""The metric that is 0 where all scores of a column are one number, NaN where one is none."""
LEAST_SPREAD = 1e-6
LEAST_IN_SLICE = 30


def judged(found: Verdict, corpus: Mapping[str, Any], evaluation: Evaluation) -> Verdict:
    """The verdict on all that was found.

    Args:
      found: TFMA's, on the recipe's bounds.
      corpus: what `corpus.json` holds.
      evaluation: the recipe's.
    """
    gates = (
        *found.gates,
        *_sanity(found, evaluation),
        *_slices(found, evaluation),
        *_baseline(found, corpus, evaluation),
        *corpus_gates.judged(corpus, evaluation),
    )
    return dataclasses.replace(
        found,
        blessed=found.blessed and all(gate.passed for gate in gates),
        gates=gates,
        corpus=corpus,
    )


def _sanity(found: Verdict, evaluation: Evaluation) -> Iterator[GateResult]:
    if evaluation.sanity and SPREAD in found.metrics:
        yield _gate(found, SPREAD, "above", LEAST_SPREAD, "sanity")


def _slices(found: Verdict, evaluation: Evaluation) -> Iterator[GateResult]:
    """The worst slice of each metric that has a floor; where it is undefined it is no slice's."""
    for name, floor in (evaluation.slice_floor or {}).items():
        values = [
            (metrics[name], f"{feature}={value}")
            for (feature, value), metrics in found.slices.items()
            if metrics.get(EXAMPLES, 0) >= LEAST_IN_SLICE
            and not math.isnan(metrics.get(name, math.nan))
        ]
        if values:
            value, place = min(values)
            yield GateResult(name, "min", floor, value, None, value >= floor, "slice", place=place)


def _baseline(
    found: Verdict, corpus: Mapping[str, Any], evaluation: Evaluation
) -> Iterator[GateResult]:
    """What needs no training, on the same tuples."""
    least = corpus.get("tuples")
    if evaluation.baseline and least is not None:
        margin = evaluation.baseline.margin * (1 if least["bound"] == "above" else -1)
        threshold = least["value"] + margin
        yield _gate(found, least["metric"], least["bound"], threshold, "baseline")


def _gate(found: Verdict, name: str, bound: str, threshold: float, kind: str) -> GateResult:
    value = found.metrics.get(name, math.nan)
    before = None if found.baseline is None else found.baseline.get(name)
    passed = value > threshold if bound == "above" else value < threshold
    return GateResult(name, bound, threshold, value, before, passed, kind)
