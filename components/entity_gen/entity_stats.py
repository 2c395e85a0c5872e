"""What was read: rows by split, and what could not be used. Written beside the splits."""

import json
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from relation.core.errors import DataError

FILE = "entity_stats.json"


@dataclass(frozen=True)
class EntityStats:
    """Counts of one run of EntityGen.

    Fields:
      rows: rows by split.
      unusable: by reason, how many rows and the first of them (`count`, `file`, `record`, from 1;
        `shown`, where more is to be said of it than the reason).
      broken: by message, the files that could not be read to their end.
      left_out: by reason, records that were never meant to be rows, as those of `unusable`.
    """

    rows: dict[str, int]
    unusable: dict[str, dict[str, Any]]
    broken: dict[str, dict[str, Any]]
    left_out: dict[str, dict[str, Any]]

    @property
    def skipped(self) -> int:
        """Number of records that became no row."""
        return _total(self.unusable) + _total(self.left_out)

    def check(self, bad_rows: str) -> None:
        """Stops the run where the data cannot be used.

        Args:
          bad_rows: "fail", or "skip": rows that cannot be used are left out and counted.

        Raises:
          DataError: a broken file, an unusable row (unless skipped), a split without rows.
        """
        if self.broken:
            raise DataError(_listed(sorted(self.broken), "files are broken"))
        if self.unusable and bad_rows == "fail":
            raise DataError(self._faults())
        if not any(self.rows.values()):
            reasons = "".join(f", {reason}" for reason in [*self.unusable, *self.left_out])
            raise DataError(
                f"the files hold no usable row ({self.skipped} could not be used{reasons})"
            )
        empty = [split for split, rows in self.rows.items() if rows == 0]
        if empty:
            raise DataError(
                f"split {empty[0]!r} is empty: the {_rows(sum(self.rows.values()))} all fell into "
                "other splits; give more rows, other shares or other files"
            )

    def _faults(self) -> str:
        unusable = _total(self.unusable)
        total = unusable + sum(self.rows.values())
        lines = []
        for reason, fault in self.unusable.items():
            said = fault.get("shown") or f"record {fault['record']} {reason}"
            more = f", as {_rows(fault['count'] - 1)} more" if fault["count"] > 1 else ""
            lines.append(f"{fault['file']}: {said}{more}")
        return f"{unusable} of {_rows(total)} cannot be used: " + "; ".join(lines)


def read(path: str) -> EntityStats:
    """Reads the report of a run."""
    with tf.io.gfile.GFile(path) as file:
        return EntityStats(**json.load(file))


def _total(faults: dict[str, dict[str, Any]]) -> int:
    return sum(fault["count"] for fault in faults.values())


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


def _listed(messages: list[str], what: str) -> str:
    if len(messages) == 1:
        return messages[0]
    return f"{len(messages)} {what}, the first is {messages[0]}"
