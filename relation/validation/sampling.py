"""Checks of what sampling names, for every source."""

from relation.compiled import CompiledRelation, NegativesTable
from relation.core.errors import RecipeError
from relation.sources.base import NEGATIVES, SAMPLING
from relation.sources.lookup import Lookup, wrong


def check(lookup: Lookup, compiled: CompiledRelation) -> None:
    """Checks `relation.sampling`.

    Raises:
      RecipeError: the message names field, received value and what was expected.
    """
    sampling, (anchor, candidate) = compiled.sampling, (compiled.anchor, compiled.candidate)
    if compiled.negatives_table is not None:
        _check_listed(lookup, compiled, compiled.negatives_table)
    if (negatives := sampling.negative_sampler) is not None:
        if negatives.draw == "groups" and (negatives.group or compiled.group_by) is None:
            raise RecipeError(
                f"{NEGATIVES}.group: missing; expected the feature that groups rows, which draw: "
                "groups needs"
            )
        if negatives.where != "anywhere" and anchor != candidate:
            raise RecipeError(
                f"{NEGATIVES}.where: got {negatives.where!r}; anchors are of type {anchor}, "
                f"negatives of type {candidate}, and a group holds entities of one type: expected "
                "'anywhere'"
            )
        if negatives.group is not None:
            lookup.expect_one_key(f"{NEGATIVES}.group", candidate, negatives.group)
        if negatives.feature is not None:
            lookup.expect_number(f"{NEGATIVES}.feature", candidate, negatives.feature)
    if sampling.weight is not None:
        lookup.expect_number(f"{SAMPLING}.weight", anchor, sampling.weight)


def _check_listed(lookup: Lookup, compiled: CompiledRelation, table: NegativesTable) -> None:
    """A list of negatives leads from anchors to entities of the positives' type."""
    for side, end, entity, what in (
        ("left", table.left, compiled.anchor, "anchors"),
        ("right", table.right, compiled.candidate, "negatives"),
    ):
        if end.entity != entity:
            raise wrong(
                f"data.edges.{table.name}.{side}.entity",
                end.entity,
                f"{entity!r}, the type of {what}",
            )
    lookup.expect_number(f"{NEGATIVES}.probability", table.name, table.probability)
