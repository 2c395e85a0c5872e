"""The tuple metrics by name: what each computes, and for which relations. Imports no TensorFlow.

A new metric is a function in `statistics.py`, a line in `METRICS`, and a test.
"""

import dataclasses
from collections.abc import Callable

from relation.errors import RecipeError
from relation.recipe import Evaluation
from relation.spec import Relation
from trainer_module.metrics import statistics
from trainer_module.metrics.statistics import Comparisons, Related


@dataclasses.dataclass(frozen=True)
class TupleMetric:
    """A metric of the comparisons of a slice.

    Attributes:
      compute: the metric; NaN where it is undefined.
      applies: whether a relation whose comparisons are related like this has it.
      is_quality: whether higher is better, so that a drop of it means a worse model.
    """

    compute: Callable[[Comparisons], float]
    applies: Callable[[Related], bool]
    is_quality: bool = True


def _has_two_classes(related: Related) -> bool:
    return None in related or {True, False} <= set(related)


def _has_one_related(related: Related) -> bool:
    return sorted(map(str, related)) == ["False"] * (len(related) - 1) + ["True"] != ["True"]


METRICS: dict[str, TupleMetric] = {
    "auc": TupleMetric(lambda c: statistics.roc_auc(*c.flat()), _has_two_classes),
    "accuracy": TupleMetric(
        lambda c: statistics.best_threshold(*c.flat()).accuracy, _has_two_classes
    ),
    "threshold": TupleMetric(
        lambda c: statistics.best_threshold(*c.flat()).threshold, _has_two_classes, is_quality=False
    ),
    "triplet_accuracy": TupleMetric(
        lambda c: statistics.triplet_accuracy(c.scores, c.related), _has_one_related
    ),
    "examples": TupleMetric(lambda c: float(len(c.scores)), lambda _: True, is_quality=False),
}


def related_of(relation: Relation) -> Related:
    """Which comparisons of a relation's tuples are related."""
    return tuple(comparison.related for comparison in relation.comparisons)


def metrics_of(relation: Relation) -> tuple[str, ...]:
    """Names of the metrics that a relation has; all of them are computed, gated or not."""
    related = related_of(relation)
    return tuple(name for name, metric in METRICS.items() if metric.applies(related))


def check_gates(relation: Relation, evaluation: Evaluation) -> None:
    """Checks that every gate is on a metric that the relation has.

    Raises:
      RecipeError: an unknown metric, one that does not apply to the relation, or a `max_drop` of
        one that is no measure of quality.
    """
    fit = metrics_of(relation)
    for name, gate in evaluation.gates.items():
        field = f"evaluation.gates.{name}"
        if name not in METRICS:
            raise RecipeError(f"{field}: unknown metric {name!r}; expected one of {', '.join(fit)}")
        if name not in fit:
            roles = ", ".join(role.name for role in relation.roles)
            raise RecipeError(
                f"{field}: metric {name!r} does not apply to tuples of {roles}; "
                f"expected one of {', '.join(fit)}"
            )
        if gate.max_drop is not None and not METRICS[name].is_quality:
            raise RecipeError(
                f"{field}.max_drop: got {gate.max_drop}; a lower {name!r} is no worse model: "
                "expected `min` or `max`"
            )
