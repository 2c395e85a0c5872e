"""Requirements of columns that several sources share."""

from relation import schema as schemas
from relation.compiled import (
    NO_GROUP,
    NO_VALUE,
    SEVERAL_GROUPS,
    KeyColumn,
    Label,
    NumberColumn,
    RowRequirements,
)
from relation.data import Edges, End
from relation.sources.base import Context
from relation.spec import LabelKind


def group_key(name: str) -> KeyColumn:
    """A key that rows are grouped by: one value."""
    return KeyColumn(name=name, absent=NO_GROUP, several=SEVERAL_GROUPS)


def ends(edges: Edges) -> tuple[End, End]:
    """Both ends of an edge list that connects entities."""
    assert edges.left is not None
    assert edges.right is not None
    return edges.left, edges.right


def label_columns(name: str | None, kind: str) -> tuple[list[KeyColumn], list[NumberColumn]]:
    """The requirements of a label's column, if there is one: a key for a class, else a number."""
    if name is None:
        return [], []
    if kind == "class":
        return [KeyColumn(name=name, absent=NO_VALUE, several=NO_VALUE)], []
    return [], [NumberColumn(name=name, absent=NO_VALUE)]


def labelled_by(context: Context, table: str, name: str | None, kind: LabelKind) -> Label:
    """The label that a column of a table holds."""
    if name is not None and kind is LabelKind.CLASS:
        domain = schemas.domain_of(context.schemas[table], name) or ()
        return Label(kind=kind, domain=domain)
    if name is not None and kind is LabelKind.VECTOR:
        return Label(kind=kind, width=context.features(table)[name].width)
    return Label(kind=kind)


def grouped_rows(context: Context, anchor: str, candidate: str) -> dict[str, RowRequirements]:
    """The requirements of rows where negatives are drawn by groups, or inside or outside the
    anchor's.

    Args:
      anchor, candidate: entity types.
    """
    negatives = context.negatives
    bounded = negatives.where != "anywhere"
    grouped = {candidate} if bounded or negatives.draw == "groups" else set()
    if bounded:
        grouped.add(anchor)
    if negatives.group is None:
        return {}
    return {
        entity: RowRequirements(keys=(group_key(negatives.group),), group_by=negatives.group)
        for entity in grouped
    }
