"""What was read: rows by split, and what could not be used. Written beside the splits."""

import json
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from relation.errors import DataError

FILE = "entity_stats.json"


@dataclass(frozen=True)
class Report:
    """Counts of one run of EntityGen.

    Fields:
      rows: rows by split.
      unusable: by reason, how many rows and the first of them (`count`, `file`, `record`, from 1).
      broken: by message, the files that could not be read to their end.
    """

    rows: dict[str, int]
    unusable: dict[str, dict[str, Any]]
    broken: dict[str, dict[str, Any]]

    @property
    def skipped(self) -> int:
        """Number of rows that could not be used."""
        return sum(fault["count"] for fault in self.unusable.values())

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
            raise DataError(f"the files hold no usable row ({self.skipped} could not be used)")
        empty = [split for split, rows in self.rows.items() if rows == 0]
        if empty:
            raise DataError(
                f"split {empty[0]!r} is empty: the {_rows(sum(self.rows.values()))} all fell into "
                "other splits; give more rows or other shares"
            )

    def _faults(self) -> str:
        total = self.skipped + sum(self.rows.values())
        lines = []
        for reason, fault in self.unusable.items():
            place = f"{fault['file']}: record {fault['record']} {reason}"
            more = f", as {_rows(fault['count'] - 1)} more" if fault["count"] > 1 else ""
            lines.append(f"{place}{more}")
        return f"{self.skipped} of {_rows(total)} cannot be used: " + "; ".join(lines)


def read(path: str) -> Report:
    """Reads the report of a run."""
    with tf.io.gfile.GFile(path) as file:
        return Report(**json.load(file))


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


def _listed(messages: list[str], what: str) -> str:
    if len(messages) == 1:
        return messages[0]
    return f"{len(messages)} {what}, the first is {messages[0]}"
