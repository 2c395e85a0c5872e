"""Checks of gates: each is on a metric that the relation has."""

import re

from relation.core.errors import Faults, RecipeError, did_you_mean
from relation.recipe import Evaluation, Gate
from relation.spec import Relation
from trainer_module.metrics.collected import form_of
from trainer_module.metrics.registry import OF_EACH_TAG, RELATED, TABLES, metric_of, table_of


def check_gates(relation: Relation, evaluation: Evaluation) -> None:
    """Checks that every gate is on a metric that the relation has and can define.

    Raises:
      RecipeError: an unknown metric, one that does not apply to the relation, or a `max_drop` of
        one that does not measure quality.
    """
    faults = Faults()
    for name, gate in evaluation.gates.items():
        faults.check(_check_gate, relation, name, gate)
    faults.raise_any()


def check_metric_names(evaluation: Evaluation) -> None:
    """Checks that every gate is on a metric that some relation has.

    Raises:
      RecipeError: an unknown metric.
    """
    names, faults = sorted({name for _, table in TABLES for name in table}), Faults()
    for name in evaluation.gates:
        of_each_tag, of_any_k = rf"({'|'.join(OF_EACH_TAG)})_tag_\d+", r"ndcg_at_[1-9]\d{0,3}"
        if name not in names and not re.fullmatch(rf"{of_each_tag}|{of_any_k}", name):
            listed = ", ".join(names) + did_you_mean(name, names)
            field = f"evaluation.gates.{name}"
            faults.add(RecipeError(f"{field}: unknown metric {name!r}; expected one of {listed}"))
    faults.raise_any()


def _check_gate(relation: Relation, name: str, gate: Gate) -> None:
    fit, field = table_of(form_of(relation)), f"evaluation.gates.{name}"
    if (metric := metric_of(form_of(relation), name)) is not None:
        fit = {**fit, name: metric}
    names = {name for _, table in TABLES for name in table} | set(fit)
    if name not in names:
        raise RecipeError(
            f"{field}: unknown metric {name!r}; expected one of {', '.join(fit)}"
            + did_you_mean(name, fit)
        )
    if name not in fit:
        raise RecipeError(
            f"{field}: {unfit(relation, name)}; expected one of {', '.join(fit)}"
            + (OR_CORPUS if relation.alike is not None else "")
        )
    if gate.max_drop is not None and not fit[name].is_quality:
        raise RecipeError(
            f"{field}.max_drop: got {gate.max_drop}; a lower {name!r} does not mean a worse "
            "model: expected `min` or `max`"
        )


OR_CORPUS = ", or evaluation.corpus.gates where the head compares embeddings"


def unfit(relation: Relation, name: str) -> str:
    """Why a relation has not a metric, as a clause."""
    if relation.alike is not None and name in RELATED:
        what, lacking = ("related", "negatives") if relation.alike else ("unrelated", "positives")
        return (
            f"metric {name!r} needs related and unrelated pairs, and every pair is {what}, since "
            f"relation.sampling asks for no {lacking}"
        )
    roles = ", ".join(role.name for role in relation.roles)
    return (
        f"metric {name!r} does not apply to tuples of {roles} with a label of kind "
        f"{relation.label.value}"
    )
