"""Makes a data set once and leaves it alone: the times of its files are part of TFX's cache key."""

import errno
import importlib
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from relation.core.errors import UserError

FILES = "*.tfrecord.gz"
"""What a generator's `write(folder)` makes."""


def write_once(generator: str, folder: str | os.PathLike[str]) -> str:
    """Makes the data of a generator unless they are there.

    They are written beside the folder and renamed into place. So a folder that exists is complete,
    whenever an earlier process was killed, and of two that race the first one wins.

    Args:
      generator: dotted path of a module with `write(folder)`.
      folder: where the files belong; parents are made as needed.

    Returns:
      The glob pattern of the files.

    Raises:
      UserError: the module cannot be imported, has no `write` or made nothing; the folder cannot
        be written, or holds something else.
    """
    target = Path(folder)
    pattern = str(target / FILES)
    if any(target.glob(FILES)):
        return pattern
    write = _writer(generator)
    scratch = target.with_name(f".{target.name}.{uuid.uuid4().hex[:12]}")
    try:
        scratch.mkdir(parents=True)
        write(scratch)
        if not any(scratch.glob(FILES)):
            raise UserError(f"generator {generator!r}: `write` made no file {FILES} in its folder")
        _rename(scratch, target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"{target}: the data of {generator!r} cannot be written: {reason}"
        ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return pattern


def _writer(generator: str) -> Callable[[Path], None]:
    try:
        module = importlib.import_module(generator)
    except ImportError as error:
        raise UserError(f"generator {generator!r}: cannot be imported: {error}") from error
    write = getattr(module, "write", None)
    if not callable(write):
        raise UserError(
            f"generator {generator!r}: has no function `write(folder)`; looked in {module.__file__}"
        )
    return write


def _rename(scratch: Path, target: Path) -> None:
    try:
        scratch.rename(target)  # Atomic; onto an empty folder as well.
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        if not any(target.glob(FILES)):  # Not another process that was faster.
            raise UserError(f"{target}: is not empty and holds no {FILES}; move it away") from None
