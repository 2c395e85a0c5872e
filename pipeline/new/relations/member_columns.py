"""Columns of rows that hold two members: `<role>_<feature>`, for two roles."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from pipeline.new.rows.table import Column, Dtype, Table
from relation.files.feature_values import Value
from relation.names import prefixed

_ROLES = (
    ("left", "right"),
    ("ltable", "rtable"),
    ("a", "b"),
    ("first", "second"),
    ("source", "target"),
    ("query", "document"),
)
"""Prefixes that are roles even where they share one column alone."""
_SHARED = 2
"""Columns that other prefixes must share to be roles."""


class MemberColumns(NamedTuple):
    """The roles of rows.

    Attributes:
      roles: prefixes of the columns of the two members, in the order of the file.
      stems: what follows the prefix in columns of both.
    """

    roles: tuple[str, str]
    stems: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """The columns of both members."""
        return [prefixed(role, stem) for role in self.roles for stem in self.stems]


def members(names: Iterable[str]) -> MemberColumns | None:
    """Find two prefixes that columns share; None where there are none.

    >>> members(["id", "left_id", "left_title", "right_id", "right_title", "label"])
    MemberColumns(roles=('left', 'right'), stems=('id', 'title'))
    """
    stems: dict[str, dict[str, None]] = defaultdict(dict)
    for name in names:
        prefix, _, stem = name.partition("_")
        if stem:
            stems[prefix][stem] = None
    pairs = [
        MemberColumns((one, other), tuple(stem for stem in stems[one] if stem in stems[other]))
        for number, one in enumerate(stems)
        for other in list(stems)[number + 1 :]
    ]
    fit = [
        pair
        for pair in pairs
        if len(pair.stems) >= (1 if pair.roles in _ROLES else _SHARED) and _are_roles(pair.roles)
    ]
    return max(fit, key=lambda pair: (pair.roles in _ROLES, len(pair.stems)), default=None)


def _are_roles(roles: Iterable[str]) -> bool:
    return all(role.isascii() and role.islower() and role.isalnum() for role in roles)


def united(table: Table, pair: MemberColumns) -> tuple[Table, Table, dict[str, str]]:
    """The members as rows of one entity type, those of the second role after the first.

    Returns:
      The members; the table with equal types of both members' columns; and why columns that cannot
      have one type are left out.
    """
    columns, changed, left_out = {}, dict(table.columns), {}
    for stem in pair.stems:
        both = table.only(prefixed(role, stem) for role in pair.roles)
        dtype = _common({column.dtype for column in both}, table.file_format)
        if dtype is None:
            left_out[stem] = f"{both[0].name!r} and {both[1].name!r} are not of one type"
            continue
        as_one = [_as(column, dtype) for column in both]
        changed |= {column.name: column for column in as_one}
        columns[stem] = Column(stem, dtype, as_one[0].entries + as_one[1].entries)
    entities = Table("", table.file_format, columns, 2 * table.rows, table.whole)
    rows = replace(table, columns=changed)
    return entities, rows, left_out


def _common(types: set[Dtype], file_format: str) -> Dtype | None:
    """The type that values of all these types can have in a format."""
    if len(types) == 1:
        return next(iter(types))
    if file_format == "tfrecord":
        return None
    if "bytes" not in types:
        return "float"
    return "bytes" if file_format == "csv" else None


def _as(column: Column, dtype: Dtype) -> Column:
    if column.dtype == dtype:
        return column
    entries = (tuple(_cast(value, dtype) for value in entry) for entry in column.entries)
    return Column(column.name, dtype, tuple(entries))


def _cast(value: Value, dtype: Dtype) -> Value:
    return float(value) if dtype == "float" else str(value).encode()


def components(table: Table, ends: Mapping[str, str]) -> tuple[float, bool]:
    """How rows are connected by the ids that they share.

    Args:
      table: the rows.
      ends: the entity type of each column of ids.

    Returns:
      The share of rows in the largest component, and whether any id occurs in two rows.
    """
    parent: dict[object, object] = {}

    def root(one: object) -> object:
        parent.setdefault(one, one)
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    rows = []
    for entries in zip(*(table.columns[name].entries for name in ends), strict=True):
        keys = [
            (kind, entry[0]) for kind, entry in zip(ends.values(), entries, strict=True) if entry
        ]
        for key in keys[1:]:
            parent[root(key)] = root(keys[0])
        if keys:
            rows.append(keys)
    sizes: dict[object, int] = defaultdict(int)
    times: dict[object, int] = defaultdict(int)
    for keys in rows:
        sizes[root(keys[0])] += 1
        for key in set(keys):
            times[key] += 1
    return max(sizes.values(), default=0) / max(len(rows), 1), max(times.values(), default=0) > 1
