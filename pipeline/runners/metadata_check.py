"""Says what is wrong with ML Metadata's database, naming its file and a remedy, without SQL."""

import contextlib
import sqlite3
from pathlib import Path

from relation.core.errors import UserError

SECONDS = 5.0
"""How long to wait for another program to release the database."""
_DAMAGED = (
    "is damaged",
    "move it away; the next run makes a new one and runs all components again (served models stay)",
)
_READ_ONLY = ("cannot be written", "make the file and its folder writable")
_REMEDIES = {
    "is locked": ("is locked by another program", "end that program or wait for it"),
    "readonly": _READ_ONLY,
    "unable to open": _READ_ONLY,
    "is full": ("cannot grow because the disk is full", "free some space"),
    "malformed": _DAMAGED,
    "not a database": _DAMAGED,
    "disk i/o error": ("cannot be read or written", "check the disk"),
    "no such table": _DAMAGED,
}
"""By a phrase of SQLite's message: what is wrong, and the remedy."""


def require_usable(path: Path) -> None:
    """Check that the database can be read and written.

    Raises:
      UserError: it is damaged, read-only, or locked for more than `SECONDS`.
    """
    if not path.exists():
        return
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=SECONDS)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("PRAGMA user_version = 0")  # SQLite finds a read-only file only here.
            [(state,), *_] = database.execute("PRAGMA quick_check(1)").fetchall()
            database.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise UserError(fault(path, str(error)) or f"{path}: {error}") from None
    if state != "ok":
        raise UserError(_sentence(path, *_DAMAGED))


def fault(path: Path, message: str) -> str | None:
    """Explain an error message of SQLite, or of ML Metadata that quotes one.

    Returns:
      One sentence; None where the message is not about the state of the database.
    """
    for phrase, (what, remedy) in _REMEDIES.items():
        if phrase in message.lower():
            return _sentence(path, what, remedy)
    return None


def _sentence(path: Path, what: str, remedy: str) -> str:
    return f"{path}: the database of runs {what}; {remedy}"
