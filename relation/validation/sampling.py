"""Checks of what sampling names, for every source."""

from relation.compiled import CompiledRelation, NegativesTable
from relation.core.errors import Faults, RecipeError
from relation.sampling import Negatives
from relation.sources.base import NEGATIVES, SAMPLING
from relation.sources.lookup import Lookup, wrong


def check(lookup: Lookup, compiled: CompiledRelation) -> None:
    """Checks `relation.sampling`.

    Raises:
      RecipeError: the message names field, received value and what was expected.
    """
    sampling, faults = compiled.sampling, Faults()
    if compiled.negatives_table is not None:
        faults.check(_check_listed, lookup, compiled, compiled.negatives_table)
    if (negatives := sampling.negative_sampler) is not None:
        faults.check(_check_groups, compiled, negatives)
        if negatives.group is not None:
            field = f"{NEGATIVES}.group"
            faults.check(lookup.expect_one_key, field, compiled.candidate, negatives.group)
        if negatives.feature is not None:
            field = f"{NEGATIVES}.feature"
            faults.check(lookup.expect_number, field, compiled.candidate, negatives.feature)
    if sampling.weight is not None:
        field = f"{SAMPLING}.weight"
        faults.check(lookup.expect_number, field, compiled.anchor, sampling.weight)
    faults.raise_any()


def _check_groups(compiled: CompiledRelation, negatives: Negatives) -> None:
    """Groups of negatives exist, and hold entities of the anchor's type."""
    if negatives.draw == "groups" and (negatives.group or compiled.group_by) is None:
        raise RecipeError(
            f"{NEGATIVES}.group: missing; expected the feature that groups rows, which draw: "
            "groups needs"
        )
    if negatives.where != "anywhere" and compiled.anchor != compiled.candidate:
        raise RecipeError(
            f"{NEGATIVES}.where: got {negatives.where!r}; anchors are of type {compiled.anchor}, "
            f"negatives of type {compiled.candidate}, and a group holds entities of one type: "
            "expected 'anywhere'"
        )


def _check_listed(lookup: Lookup, compiled: CompiledRelation, table: NegativesTable) -> None:
    """A list of negatives leads from anchors to entities of the positives' type."""
    faults = Faults()
    for side, end, entity, what in (
        ("left", table.left, compiled.anchor, "anchors"),
        ("right", table.right, compiled.candidate, "negatives"),
    ):
        if end.entity != entity:
            field = f"data.edges.{table.name}.{side}.entity"
            faults.add(wrong(field, end.entity, f"{entity!r}, the type of {what}"))
    field = f"{NEGATIVES}.probability"
    faults.check(lookup.expect_number, field, table.name, table.probability)
    faults.raise_any()
