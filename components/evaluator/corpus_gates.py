"""The gates of embeddings and nearest neighbours: pure functions of `corpus.json`."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.common.evaluation.corpus_results import BASELINE, BASELINE_METRIC, BLESSED, MODEL
from components.common.evaluation.evaluation_results import (
    CORPUS,
    LEAST_IN_SLICE,
    GateResult,
    number,
)
from relation.recipe import BeatsBaseline, Evaluation

NO_MATCH = "no query has a relevant reference"
NO_INTERVAL = "its 95 % confidence interval is undefined"
NOT_FINITE = "an embedding is not a finite number"
ALL_SLICES = "slices"
"""In place of a slice, where there is none that a metric is defined for."""
FEW_LABELS = 2
"""With this many labels or fewer, good embeddings may lie on a line."""


def corpus_gates(corpus: Mapping[str, Any], evaluation: Evaluation) -> Iterator[GateResult]:
    """Applies all gates of a corpus.

    Args:
      corpus: the content of `corpus.json`.
      evaluation: the recipe's section.
    """
    labels = (corpus["question"] or {}).get("labels")
    few = labels is not None and labels <= FEW_LABELS
    for entity, shape in corpus["embeddings"].items():
        yield from _embeddings(evaluation, entity, shape, few)
    if corpus["question"] is None:
        # Gates of a relation that has no question are refused with the recipe.
        for gate in _bounds(evaluation, {}):
            yield dataclasses.replace(gate, reason=NOT_FINITE)
    else:
        yield from _bounds(evaluation, corpus["spaces"])
        yield from _baseline(evaluation, corpus)
        yield from _slices(evaluation, corpus["slices"])


def _embeddings(
    evaluation: Evaluation, entity: str, shape: Mapping[str, Any], few: bool
) -> Iterator[GateResult]:
    """Whether embeddings are finite, and whether they have collapsed."""
    if evaluation.sanity:
        yield _gate("finite", "min", 1.0, number(shape["finite"]), "sanity", entity)
    if evaluation.collapse:
        spread, rank = number(shape["spread"]), number(shape["effective_rank"])
        yield _gate("spread", "min", evaluation.collapse.spread, spread, "collapse", entity)
        most = 1.0 if few else float(shape["dimensions"])
        least = min(evaluation.collapse.effective_rank, most)
        yield _gate("effective_rank", "min", least, rank, "collapse", entity)


def _bounds(
    evaluation: Evaluation, spaces: Mapping[str, Mapping[str, Any]]
) -> Iterator[GateResult]:
    """The recipe's bounds; `max_drop` applies only if there is a last blessed model."""
    for name, gate in evaluation.corpus.gates.items():
        value = _value(spaces, MODEL, name)
        before = _value(spaces, BLESSED, name) if BLESSED in spaces else None
        for bound, threshold in (("min", gate.min), ("max", gate.max)):
            if threshold is not None:
                yield _gate(name, bound, threshold, value, "threshold", before=before)
        if gate.max_drop is not None and before is not None:
            yield _gate(name, "max_drop", gate.max_drop, value, "change", before=before)


def _baseline(evaluation: Evaluation, corpus: Mapping[str, Any]) -> Iterator[GateResult]:
    """The model must be better than the baseline."""
    spaces = corpus["spaces"]
    if not evaluation.baseline or BASELINE not in spaces:
        return
    gain = corpus.get("gain") or {}
    margin, undefined = margin_of(
        evaluation.baseline, number(gain.get("value")) - number(gain.get("low"))
    )
    least = _value(spaces, BASELINE, BASELINE_METRIC) + margin
    value = _value(spaces, MODEL, BASELINE_METRIC)
    gate = _gate(BASELINE_METRIC, "above", least, value, "baseline")
    yield gate if gate.reason or not undefined else undefined_interval(gate)


def margin_of(baseline: BeatsBaseline, half_width: float) -> tuple[float, bool]:
    """By how much a model must be better than the baseline.

    Args:
      baseline: the recipe's section.
      half_width: from the value to the end of its interval that is nearer to the baseline; NaN if
        it is undefined.

    Returns:
      The margin, and whether it lacks an interval that the recipe asks for.
    """
    if not baseline.interval:
        return baseline.margin, False
    undefined = math.isnan(half_width)
    return baseline.margin + (0.0 if undefined else half_width), undefined


def undefined_interval(gate: GateResult) -> GateResult:
    """A gate on a metric whose interval is undefined, which no model passes."""
    return dataclasses.replace(gate, value=math.nan, passed=False, reason=NO_INTERVAL)


def _slices(evaluation: Evaluation, slices: list[dict[str, Any]]) -> Iterator[GateResult]:
    """The worst slice of each metric that has a floor, among slices with enough queries."""
    for name, floor in (evaluation.slice_floor or {}).items():
        if not slices or name not in slices[0]["metrics"]:
            continue
        values = [
            (number(each["metrics"][name]["value"]), f"{each['feature']}={each['value']}")
            for each in slices
            if each["queries"] >= LEAST_IN_SLICE
        ]
        value, place, reason = worst_slice(values, "queries")
        yield _gate(name, "min", floor, value, "slice", place, reason=reason)


def worst_slice(values: Sequence[tuple[float, str]], unit: str) -> tuple[float, str, str]:
    """The lowest value and its slice; slices where it is NaN do not count.

    Args:
      values: of slices that are large enough, and their names.
      unit: what slices are large by.

    Returns:
      Value, slice, and the reason if there is no value: NaN, `ALL_SLICES`.
    """
    defined = [pair for pair in values if not math.isnan(pair[0])]
    if defined:
        return *min(defined), ""
    large = f"of {LEAST_IN_SLICE} {unit} or more"
    reason = f"it is undefined in every slice {large}" if values else f"no slice is {large}"
    return math.nan, ALL_SLICES, reason


def undefined_of(corpus: Mapping[str, Any]) -> dict[str, str]:
    """Why each corpus metric of the model that is not a number is none, by `corpus <metric>`."""
    return {
        f"{CORPUS} {name}": NO_MATCH
        for name, entry in corpus.get("spaces", {}).get(MODEL, {}).items()
        if math.isnan(number(entry["value"]))
    }


def _value(spaces: Mapping[str, Mapping[str, Any]], space: str, name: str) -> float:
    return number(spaces.get(space, {}).get(name, {}).get("value"))


def _gate(
    metric: str,
    bound: str,
    threshold: float,
    value: float,
    kind: str,
    place: str = "",
    before: float | None = None,
    reason: str = NO_MATCH,
) -> GateResult:
    """A gate; `reason`: why the value is undefined, if it is."""
    passed = {
        "min": value >= threshold,
        "max": value <= threshold,
        "above": value > threshold,
        "max_drop": before is not None and value >= before - threshold,
    }[bound]
    reason = reason if math.isnan(value) else ""
    return GateResult(metric, bound, threshold, value, before, passed, kind, CORPUS, place, reason)
