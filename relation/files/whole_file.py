"""Files that appear when they are whole."""

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path beside the given one to write to; at the end it takes the file's place, at once.

    After an error nothing is left there, and the file is as it was.

    Raises:
      OSError: the file cannot be replaced.
    """
    scratch = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        yield scratch
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
