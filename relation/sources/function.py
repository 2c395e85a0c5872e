"""The source `function`: a function scores pairs of rows."""

from typing import ClassVar, Literal

from pydantic import Field

from relation.compiled import Label, Relationships, RowRequirements
from relation.core.config import Dotted
from relation.sources.base import SAMPLING, Context, Source, expect_one_type
from relation.sources.column_requirements import group_key
from relation.spec import LabelKind


class Function(Source):
    """`fn(left, right) -> float32 [n]` or `[n, width]`, on columns of decoded features."""

    relation_types: ClassVar[tuple[str, ...]] = ("scored_pairs",)

    type: Literal["function"]
    function: Dotted
    """The dotted path of the function."""
    width: int = Field(1, ge=1, le=10_000)
    """Numbers that it gives a pair."""

    def check(self, context: Context) -> None:
        """See `Source`."""
        expect_one_type(context, self)
        if context.sampling.group is not None:
            entity = self.primary(context.data)
            context.expect_one_key(f"{SAMPLING}.group", entity, context.sampling.group)

    def compile(self, context: Context) -> Relationships:
        """See `Source`."""
        entity, group = self.primary(context.data), context.sampling.group
        kind = LabelKind.SCALAR if self.width == 1 else LabelKind.VECTOR
        keys = () if group is None else (group_key(group),)
        return Relationships(
            structure="scored",
            anchor=entity,
            candidate=entity,
            label=Label(kind=kind, width=self.width),
            group_by=group,
            function=self.function,
            rows={entity: RowRequirements(keys=keys, group_by=group)},
        )
