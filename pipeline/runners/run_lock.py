"""One run of a recipe at a time: a lock on its folder, which ends with the process that holds it.

The lock is the operating system's (`flock`), so a killed process leaves none behind.
"""

import contextlib
import datetime
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from relation.core.errors import UserError


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a recipe's folder.

    Args:
      path: the lock file; it is created, and stays. It names the process that holds the lock.

    Raises:
      UserError: another process holds it.
    """
    with path.open("a+", encoding="utf-8") as file:
        if not _acquired(file):
            raise UserError(_busy(path.parent, file))
        file.truncate(0)
        file.write(f"{os.getpid()} {datetime.datetime.now():%Y-%m-%d %H:%M:%S}\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def require_free(path: Path) -> None:
    """Check that no process holds the lock.

    Raises:
      UserError: a process holds it.
    """
    with _opened(path) as file:
        if file is not None and not _acquired(file):
            raise UserError(_busy(path.parent, file))


def holder(path: Path) -> int | None:
    """Return the id of the process that holds the lock; None if no process does."""
    with _opened(path) as file:
        if file is None or _acquired(file):
            return None
        process, _ = _entry(file)
        return int(process) if process else None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[str] | None]:
    try:
        file = path.open("r", encoding="utf-8")
    except FileNotFoundError:
        yield None
        return
    with file:
        yield file


def _acquired(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _entry(file: IO[str]) -> tuple[str, str]:
    """Read the process id and start time of the holder; empty if it has not written them yet."""
    file.seek(0)
    process, _, since = file.read().strip().partition(" ")
    return process, since


def _busy(folder: Path, file: IO[str]) -> str:
    process, since = _entry(file)
    details = f" (process {process}, since {since})" if process else ""
    return (
        f"{folder}: another run of this recipe is in progress{details}; wait for its end, or set "
        "RELATA_RUNS to another folder"
    )
