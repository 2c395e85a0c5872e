"""The source `row`: a row already holds the members of a tuple."""

from typing import ClassVar, Literal

from relation.compiled import (
    NO_ID,
    SEVERAL_IDS,
    KeyColumn,
    Relationships,
    Repeated,
    RowRequirements,
    TupleTable,
)
from relation.core.config import Name
from relation.core.errors import Faults, RecipeError
from relation.data import Data
from relation.names import prefixed
from relation.sources.base import Context, Source, TupleMembers, expect_used
from relation.sources.column_requirements import label_columns, labelled_by
from relation.sources.lookup import wrong
from relation.spec import LabelKind


class Inline(Source):
    """A row already holds the members of a tuple, each feature under `<role>_<feature>`."""

    relation_types: ClassVar[tuple[str, ...]] = ("rows",)
    holds_members: ClassVar[bool] = True

    type: Literal["row"]
    rows: Name
    """The table of those rows, a name in `data.edges`."""
    repeated: Repeated = "merge"
    """What several rows with the same members are. `merge`: one; of labels that differ the smallest
    is used, and the others are counted as `conflicting_row`. `keep`: a tuple each. `mean`: one, of
    the mean of their labels."""

    @property
    def table(self) -> str:
        """See `Source`."""
        return self.rows

    def brings(self, data: Data) -> tuple[str, ...]:
        """See `Source`: all entities come with the rows."""
        return tuple(data.entities)

    def check(self, context: Context) -> None:
        """See `Source`."""
        (roles, label, kind), faults = _members(context), Faults()
        for role in roles:
            if faults.check(context.expect_entity, f"relation.roles.{role.name}", role.entity):
                faults.check(self._check_columns, context, role.name, role.entity)
        if not faults.lines:
            faults.check(expect_used, context, {role.entity for role in roles}, "relation.roles")
        if label is not None:
            faults.check(context.expect_label, "relation.label", self.rows, label, kind.value)
        if self.repeated == "mean" and kind not in (LabelKind.SCALAR, LabelKind.VECTOR):
            without = f"'merge' or 'keep': labels of kind {kind.value} have no mean"
            faults.add(wrong("relation.source.repeated", "mean", without))
        faults.raise_any()

    def _check_columns(self, context: Context, role: str, entity: str) -> None:
        """Rows need a column for each feature of a role, except for an id, which can be derived."""
        columns, field = context.features(self.rows), f"relation.roles.{role}"
        faults = Faults()
        for name, feature in context.features(entity).items():
            column = prefixed(role, name)
            if column in columns:
                what = f"{name!r} of {entity}"
                faults.check(context.expect_type, field, self.rows, column, feature, what)
            elif name != context.id_of(entity).name:
                faults.add(
                    RecipeError(
                        f"{field}: {context.paths[self.rows]} has no feature {column!r}, which the "
                        f"feature {name!r} of entity type {entity} needs"
                    )
                )
        faults.raise_any()

    def compile(self, context: Context) -> Relationships:
        """See `Source`."""
        roles, label, kind = _members(context)
        ids = [prefixed(role.name, context.id_of(role.entity).name) for role in roles]
        present = context.features(self.rows)
        keys = [KeyColumn(name=i, absent=NO_ID, several=SEVERAL_IDS) for i in ids if i in present]
        label_keys, numbers = label_columns(label, kind.value)
        compared = len(roles) > 1 and kind in (LabelKind.BINARY, LabelKind.NONE)
        return Relationships(
            structure="inline",
            anchor=roles[0].entity,
            candidate=roles[min(1, len(roles) - 1)].entity,
            label=labelled_by(context, self.rows, label, kind),
            tuple_table=TupleTable(name=self.rows, label=label, repeated=self.repeated),
            rows={self.rows: RowRequirements(keys=(*keys, *label_keys), numbers=tuple(numbers))},
            relevance="tuples" if compared else None,
        )


def _members(context: Context) -> TupleMembers:
    assert context.members is not None  # The one relation type that is served has some.
    return context.members
