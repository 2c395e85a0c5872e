"""Generate a data set once: the times of its files are part of TFX's cache key."""

import errno
import importlib
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from relation.core.errors import UserError, named
from relation.files.disk import as_os_error, is_full

FILES = "*.tfrecord.gz"
"""Files that a generator's `write(folder)` makes."""
_DISK = (errno.EROFS, errno.EIO)
"""Errors of the file system, not of a generator, beside those of a full disk."""


def write_once(generator: str, folder: str | os.PathLike[str]) -> str:
    """Generate the data unless they exist.

    They are written to a temporary folder, which is then renamed. So an existing folder is always
    complete, and the first of two concurrent processes wins.

    Args:
      generator: dotted path of a module with `write(folder)`.
      folder: folder of the files; parents are created.

    Returns:
      The glob pattern of the files.

    Raises:
      UserError: the module cannot be imported, has no `write`, raises or writes nothing; or the
        folder cannot be written or holds other files.
    """
    target = Path(folder)
    pattern = str(target / FILES)
    if any(target.glob(FILES)):
        return pattern
    write = _writer(generator)
    scratch = target.with_name(f".{target.name}.{uuid.uuid4().hex[:12]}")
    try:
        scratch.mkdir(parents=True)
        _generate(generator, write, scratch)
        if not any(scratch.glob(FILES)):
            raise UserError(f"generator {generator!r}: `write` wrote no file {FILES} in its folder")
        _rename(scratch, target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"{target}: the data of {generator!r} cannot be written: {reason}"
        ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return pattern


def _generate(generator: str, write: Callable[[Path], None], folder: Path) -> None:
    """Runs a generator; its exceptions are named, those of a full or unwritable disk are OSErrors.

    Raises:
      UserError: it raised something else.
    """
    try:
        write(folder)
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        of_disk = isinstance(error, OSError) and error.errno in _DISK
        if of_disk or is_full(error):
            raise as_os_error(error) from error
        raise UserError(f"generator {generator!r}: raised {named(error)}") from error


def _writer(generator: str) -> Callable[[Path], None]:
    try:
        module = importlib.import_module(generator)
    except (Exception, SystemExit) as error:
        raise UserError(f"generator {generator!r}: cannot be imported: {named(error)}") from error
    write = getattr(module, "write", None)
    if not callable(write):
        where = getattr(module, "__file__", None) or "a built-in module"
        raise UserError(
            f"generator {generator!r}: has no function `write(folder)`; looked in {where}"
        )
    return write


def _rename(scratch: Path, target: Path) -> None:
    try:
        scratch.rename(target)  # Atomic; onto an empty folder as well.
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        if not any(target.glob(FILES)):  # No other process was faster.
            raise UserError(
                f"{target}: is not empty and holds no {FILES}; move it elsewhere"
            ) from None
