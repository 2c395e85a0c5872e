"""Which columns of a table identify, describe or hinder an entity."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.new.choice import Choice, SchemaPlan
from pipeline.new.rows.kinds import Kind, Profile, looks_like_id, profile
from pipeline.new.rows.table import Table
from relation.names import ID, TUPLE_FEATURES, prefixed

_IDENTIFYING = (Kind.ID, Kind.UNIQUE)
_NO_FEATURE = {
    Kind.UNIQUE: "its values do not recur",
    Kind.CONSTANT: "it says nothing",
    Kind.TIME: "a time says nothing by itself, but data.split can hold out the latest rows by it "
    "if it is an integer: see docs/splits.md",
    Kind.ID: "another column identifies the rows",
}


@dataclass(frozen=True)
class Entities:
    """The columns of an entity type.

    Fields:
      plan: its schema.
      id: the feature that identifies a row.
      why: why that one.
    """

    plan: SchemaPlan
    id: str
    why: str

    @property
    def features(self) -> list[Profile]:
        """The columns that enter a tower, if no source or split reads them."""
        return [one for one in self.plan.profiles if one.name != self.id]

    def keys(self, schema: str) -> dict[str, object]:
        """The keys of the entity type in a recipe."""
        derived = {"derive_id": True} if self.plan.derived_id is not None else {}
        where = rows_of(self.plan.table) if self.plan.table.path else {}
        return {"schema": schema, **where, "id": Choice(self.id, self.why), **derived}


def rows_of(table: Table) -> dict[str, object]:
    """The keys of a recipe that say where rows are, and how they are read."""
    keys: dict[str, object] = {"path": table.path, "format": table.file_format}
    if table.missing:
        keys["missing"] = Choice(
            list(table.missing), "Cells that hold such a text instead of a value have none."
        )
    return keys


def entities(
    table: Table,
    keys: Sequence[str] = (),
    roles: Iterable[str] = (),
    left_out: Mapping[str, str] | None = None,
    domains: Mapping[str, tuple[str, ...]] | None = None,
    identity: str | None = None,
) -> Entities:
    """Choose the id and the features of an entity type.

    Args:
      table: its rows.
      keys: columns that the relation reads: they stay, whatever they are.
      roles: of tuples; a column that with one of them has the name of a tuple's own feature is
        left out.
      left_out: why further columns are left out.
      domains: the values of columns that must be listed.
      identity: the id, where it is known: values may recur in the table.
    """
    profiles = [profile(column) for column in table.columns.values()]
    chosen, why = (identity, "The id that rows name.") if identity else _id(profiles, keys, table)
    reasons = dict(left_out or {})
    for one in profiles:
        if one.name in keys or one.name == chosen or one.name in reasons:
            continue
        if reason := _hindrance(one, chosen, roles):
            reasons[one.name] = reason
    images = [one for one in profiles if one.kind is Kind.IMAGE and one.name not in reasons]
    for one in images[1:]:
        reasons[one.name] = f"a tower takes one image, and {images[0].name!r} is the first"
    kept = [one for one in profiles if one.name not in reasons]
    derived = chosen if chosen not in table.columns else None
    required = (chosen,) if derived is None else ()
    plan = SchemaPlan(table, tuple(kept), reasons, derived, domains or {}, required)
    return Entities(plan, chosen, why)


def _id(profiles: Sequence[Profile], keys: Sequence[str], table: Table) -> tuple[str, str]:
    """The column that identifies a row; a name that no column has, where an id is derived."""
    free = [one for one in profiles if one.name not in keys and one.name]
    ids = [one for one in free if one.kind is Kind.ID]
    ids.sort(key=lambda one: one.name.lower() != ID)
    unique = [one for one in free if one.kind is Kind.UNIQUE and _never_twice(one)]
    for one in [*ids, *unique]:
        return one.name, f"No value of {one.name!r} occurs twice in {table.rows:,} rows."
    name = ID
    while name in table.columns:
        name = f"row_{name}"
    return name, (
        "No column identifies a row, so derive_id makes an id of all others: equal rows are one "
        "entity."
    )


def _never_twice(one: Profile) -> bool:
    return one.distinct == len(one.column.entries) and not one.column.missing


def _hindrance(one: Profile, chosen: str, roles: Iterable[str]) -> str | None:
    """Why a column cannot be a feature."""
    if not one.name:
        return "it has no name"
    if one.name == ID and chosen != ID:
        return f"tuples have the id, {chosen!r}, under this name: rename the column to use it"
    if any(prefixed(role, one.name) in TUPLE_FEATURES for role in roles):
        return "tuples have a feature of their own under this name: rename the column to use it"
    if one.kind in _NO_FEATURE:
        return f"{_NO_FEATURE[one.kind]} ({one.reason})"
    return None


def is_key(one: Profile) -> bool:
    """Whether a column looks like the id of something else, which rows share."""
    return one.kind is Kind.CATEGORY and looks_like_id(one.name)
