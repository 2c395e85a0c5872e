"""The source `graded_group`: rows of one group are ordered by a grade."""

from typing import ClassVar, Literal

from relation.compiled import NO_GRADE, NumberColumn, Relationships, RowRequirements
from relation.core.config import Name
from relation.core.errors import Faults, RecipeError
from relation.data import Data
from relation.sources.base import Context, Source, expect_no_id
from relation.sources.column_requirements import group_key


class GradedGroup(Source):
    """Rows (documents) of one group (query) are ordered by a grade."""

    relation_types: ClassVar[tuple[str, ...]] = ("ranked_pairs", "lists")

    type: Literal["graded_group"]
    group: str
    """The feature that says which group a row is of: bytes or integers, one value."""
    grade: str
    """The feature that holds the grade, a number: the higher, the better."""
    query: Name | None = None
    """The entity type whose id is the group, to fill a role `query`."""

    def primary(self, data: Data) -> str:
        """See `Source`: documents, wherever the query is named."""
        others = [name for name in data.entities if name != self.query]
        return others[0] if others else super().primary(data)

    def check(self, context: Context) -> None:
        """See `Source`."""
        data = context.data
        if self.query is not None:
            context.expect_entity("relation.source.query", self.query)
        if len(data.entities) != 1 + (self.query is not None):
            raise RecipeError(
                f"data.entities: got {', '.join(data.entities)}; expected the documents' type"
                + (
                    " and the query's"
                    if self.query
                    else ", or the query's type under relation.source.query"
                )
            )
        documents, faults = self.primary(data), Faults()
        faults.check(self._check_group, context, documents)
        faults.check(context.expect_number, "relation.source.grade", documents, self.grade)
        faults.raise_any()

    def _check_group(self, context: Context, documents: str) -> None:
        group = context.expect_one_key("relation.source.group", documents, self.group)
        expect_no_id(context, "relation.source.group", documents, self.group)
        if self.query is not None:
            field, key = f"data.entities.{self.query}.id", context.id_of(self.query)
            context.expect_type(field, self.query, key.name, group, f"the group {self.group!r}")

    def compile(self, context: Context) -> Relationships:
        """See `Source`."""
        documents = self.primary(context.data)
        return Relationships(
            structure="ranking",
            anchor=documents,
            candidate=documents,
            group_by=self.group,
            grade_by=self.grade,
            query=self.query,
            rows={
                documents: RowRequirements(
                    keys=(group_key(self.group),),
                    numbers=(NumberColumn(name=self.grade, absent=NO_GRADE),),
                    group_by=self.group,
                )
            },
            withheld={documents: (self.group, self.grade)},
        )
