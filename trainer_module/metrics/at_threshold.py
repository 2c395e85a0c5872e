"""Metrics at decision thresholds that were chosen before, on other tuples."""

import functools
import math
from collections.abc import Callable, Mapping

from relation.files.saved_model import THRESHOLDS
from trainer_module.metrics import statistics
from trainer_module.metrics.collected import Form, Tuples
from trainer_module.metrics.registry import ANY, Table, TupleMetric, says_related_of, table_of
from trainer_module.metrics.statistics import Flat


def table_at(form: Form, decisions: Mapping[str, float]) -> Table:
    """The metrics of tuples of a form, where decision thresholds are not chosen on these tuples.

    Args:
      form: the meaning of columns and labels.
      decisions: thresholds by the metric that each was chosen for (`THRESHOLDS`).
    """
    table = dict(table_of(form))
    for name, (quality, undefined) in _AT_THRESHOLD.items() if says_related_of(form) else ():
        at = decisions.get(name, math.nan)
        table[name] = TupleMetric(
            f"{name.capitalize()} at the model's decision threshold.",
            functools.partial(_at, quality, at),
            undefined=NO_THRESHOLD if math.isnan(at) else undefined,
        )
        table[THRESHOLDS[name]] = TupleMetric(
            "The model's decision threshold.",
            functools.partial(_constant, at),
            None,
            ANY,
            undefined=NO_THRESHOLD,
        )
    return table


def _at(quality: Callable[[Flat, float], float], threshold: float, tuples: Tuples) -> float:
    return math.nan if math.isnan(threshold) else quality(tuples.flat, threshold)


def _constant(value: float, _: Tuples) -> float:
    return value


NO_THRESHOLD = "the model carries no decision threshold; one that a run pushes does"
_AT_THRESHOLD = {
    "accuracy": (statistics.accuracy_at, "all tuples weigh 0"),
    "f1": (statistics.f1_at, "no pair is related, and none is predicted to be"),
}
"""By metric: its value at a threshold, and where that is undefined."""
