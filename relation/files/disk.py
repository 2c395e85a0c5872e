"""Errors of a disk that is full, whichever library reports them."""

import errno
import os

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_TEXTS = tuple(map(os.strerror, _NO_SPACE))


def is_full(error: BaseException) -> bool:
    """Whether an error says that the disk, or the user's share of it, is full.

    TensorFlow and Beam workers report it in the text of an exception of their own.

    >>> is_full(OSError(errno.ENOSPC, "")), is_full(RuntimeError("x.gz; No space left on device"))
    (True, True)
    """
    number = error.errno if isinstance(error, OSError) else None
    return number in _NO_SPACE or any(text in str(error) for text in _TEXTS)


def as_os_error(error: BaseException) -> OSError:
    """Return an error of a disk as the OSError that Python raises for it."""
    if isinstance(error, OSError):
        return error
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def full_disk(path: str | None) -> str:
    """Say that the disk is full.

    Args:
      path: what was to be written, if it is known.
    """
    return (
        f"no space is left on the disk{f' for {path}' if path else ''}; free some space, or set "
        "RELATA_RUNS to a folder on another disk"
    )
