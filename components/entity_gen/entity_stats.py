"""Counts of rows read and rejected, in `entity_stats.json` beside the splits."""

import json
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from components.entity_gen.reading import UNUSABLE, Rejected
from relation.core.errors import DataError

FILE = "entity_stats.json"


@dataclass(frozen=True)
class EntityStats:
    """Row counts of one run of EntityGen.

    Fields:
      rows: rows by split.
      unusable: by reason, the number of rows and the first of them: `count`, `file`, `record` (from
        1), and `shown` where there is a longer message.
      broken: by message, the files that could not be read to their end.
      left_out: by reason, records that are not meant to be rows; in the form of `unusable`.
    """

    rows: dict[str, int]
    unusable: dict[str, dict[str, Any]]
    broken: dict[str, dict[str, Any]]
    left_out: dict[str, dict[str, Any]]

    @property
    def skipped(self) -> int:
        """Number of records that were rejected."""
        return _total(self.unusable) + _total(self.left_out)

    def check(self, bad_rows: str) -> None:
        """Stop the run where the data cannot be used.

        Args:
          bad_rows: "fail", or "skip" to accept that unusable rows are left out.

        Raises:
          DataError: a broken file, an unusable row (unless skipped), a split without rows.
        """
        if self.broken:
            raise DataError(_listed(sorted(self.broken), "files are broken"))
        if self.unusable and bad_rows == "fail":
            raise DataError(self._faults())
        if not any(self.rows.values()):
            faults = {**self.unusable, **self.left_out}
            reasons = ", ".join(f"{reason} {fault['count']}" for reason, fault in faults.items())
            raise DataError(
                f"the files hold no usable rows ({self.skipped} could not be used"
                + (f": {reasons})" if reasons else ")")
            )
        empty = [split for split, rows in self.rows.items() if rows == 0]
        if empty:
            raise DataError(
                f"split {empty[0]!r} is empty: the {_rows(sum(self.rows.values()))} all fell into "
                "other splits; add rows, or change the shares or the files"
            )

    def _faults(self) -> str:
        unusable = _total(self.unusable)
        total = unusable + sum(self.rows.values())
        lines = []
        for reason, fault in self.unusable.items():
            message = Rejected(UNUSABLE, reason, fault.get("shown", "")).message(fault["record"])
            others = f", as {_rows(fault['count'] - 1)} more" if fault["count"] > 1 else ""
            lines.append(f"{fault['file']}: {message}{others}")
        return f"{unusable} of {_rows(total)} cannot be used: " + "; ".join(lines)


def read(path: str) -> EntityStats:
    """Read `entity_stats.json`."""
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
