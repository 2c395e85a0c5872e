"""The gates of embeddings and of nearest neighbours: pure functions of what `corpus.json` holds."""

from collections.abc import Iterator, Mapping
from typing import Any

from components.common.corpus_results import BLESSED, MODEL, TRIVIAL
from components.common.evaluation_results import CORPUS, GateResult, number
from relation.recipe import Evaluation

GATED = "map_at_r"
"""The metric on which the model must beat what needs no training."""
FEW_LABELS = 2
"""Embeddings of no more labels than this may rightly lie on a line."""
LEAST_IN_SLICE = 30


def judged(corpus: Mapping[str, Any], evaluation: Evaluation) -> Iterator[GateResult]:
    """All gates of a corpus.

    Args:
      corpus: what `corpus.json` holds.
      evaluation: the recipe's.
    """
    labels = (corpus["question"] or {}).get("labels")
    few = labels is not None and labels <= FEW_LABELS
    for entity, shape in corpus["embeddings"].items():
        yield from _embeddings(evaluation, entity, shape, few)
    if corpus["question"] is not None:
        yield from _bounds(evaluation, corpus["spaces"])
        yield from _baseline(evaluation, corpus["spaces"])
        yield from _slices(evaluation, corpus["slices"])


def _embeddings(
    evaluation: Evaluation, entity: str, shape: Mapping[str, Any], few: bool
) -> Iterator[GateResult]:
    """Sanity and collapse."""
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
    """The recipe's; one of `max_drop` holds where there is a last blessed model."""
    for name, gate in evaluation.corpus.gates.items():
        value = _value(spaces, MODEL, name)
        before = _value(spaces, BLESSED, name) if BLESSED in spaces else None
        for bound, threshold in (("min", gate.min), ("max", gate.max)):
            if threshold is not None:
                yield _gate(name, bound, threshold, value, "threshold", before=before)
        if gate.max_drop is not None and before is not None:
            yield _gate(name, "max_drop", gate.max_drop, value, "change", before=before)


def _baseline(
    evaluation: Evaluation, spaces: Mapping[str, Mapping[str, Any]]
) -> Iterator[GateResult]:
    """What needs no training."""
    if evaluation.baseline and TRIVIAL in spaces:
        least = _value(spaces, TRIVIAL, GATED) + evaluation.baseline.margin
        yield _gate(GATED, "above", least, _value(spaces, MODEL, GATED), "baseline")


def _slices(evaluation: Evaluation, slices: list[dict[str, Any]]) -> Iterator[GateResult]:
    """The worst slice of each metric that has a floor, of slices with enough queries."""
    for name, floor in (evaluation.slice_floor or {}).items():
        found = [
            (number(each["metrics"][name]["value"]), f"{each['feature']}={each['value']}")
            for each in slices
            if each["queries"] >= LEAST_IN_SLICE and name in each["metrics"]
        ]
        if found:
            value, place = min(found)
            yield _gate(name, "min", floor, value, "slice", place)


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
) -> GateResult:
    passed = {
        "min": value >= threshold,
        "max": value <= threshold,
        "above": value > threshold,
        "max_drop": before is not None and value >= before - threshold,
    }[bound]
    return GateResult(metric, bound, threshold, value, before, passed, kind, CORPUS, place)
