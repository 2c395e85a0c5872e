"""Rows that were looked at, as columns."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from relation.files.feature_values import Value

Entry: TypeAlias = tuple[Value, ...]
"""The values of one row in one column; empty where there is none."""
Dtype: TypeAlias = Literal["bytes", "int", "float"]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Fields:
      name: its name in the file.
      dtype: the type that all of its values can have.
      entries: one for each row.
    """

    name: str
    dtype: Dtype
    entries: tuple[Entry, ...]

    @property
    def values(self) -> list[Value]:
        """All values, row by row, without the rows that have none."""
        return [value for entry in self.entries for value in entry]

    @property
    def width(self) -> int:
        """The most values of a row; at least 1."""
        return max(map(len, self.entries), default=0) or 1

    @property
    def missing(self) -> int:
        """The number of rows without a value."""
        return sum(not entry for entry in self.entries)


@dataclass(frozen=True)
class Table:
    """The rows of files of one format.

    Fields:
      path: glob of the files, as a recipe may have it.
      file_format: name of a reader.
      columns: by name, in the order of the file.
      rows: how many rows were looked at.
      whole: whether these are all rows of the files.
      missing: texts that stand for a missing value in cells of CSV files.
      notes: what was left out while looking, one sentence each.
    """

    path: str
    file_format: str
    columns: dict[str, Column]
    rows: int
    whole: bool = True
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def with_labels(self, name: str) -> "Table":
        """The same with a column of whole floats as one of labels.

        Parquet and JSON lines are then read as integers. A CSV file is read as texts, since `1.0`
        is not an integer there.
        """
        column = self.columns[name]
        values = [value for value in column.values if value == value]
        if column.dtype != "float" or not all(value == float(value) // 1 for value in values):
            return self
        text = self.file_format in ("csv", "image_manifest")
        entries = (
            tuple(str(value).encode() if text else int(value) for value in entry if value == value)
            for entry in column.entries
        )
        labels = Column(name, "bytes" if text else "int", tuple(entries))
        return replace(self, columns={**self.columns, name: labels})

    def only(self, names: Iterable[str]) -> list[Column]:
        """The columns of these names, in that order."""
        return [self.columns[name] for name in names]
