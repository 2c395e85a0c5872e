"""Buffers stderr, that of C++ code and child processes too, and drops it after a UserError."""

import contextlib
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator

from relation.core.errors import UserError


@contextlib.contextmanager
def held_stderr() -> Iterator[None]:
    """Buffers stderr; drops it if a UserError explains the failure, and prints it otherwise.

    Beam's workers print tracebacks of exceptions that are handled later; so the file descriptor is
    redirected, not only Python's stream.
    """
    with _turned_away() as held:
        explained = False
        try:
            yield
        except UserError:
            explained = True
            raise
        finally:
            held.keep = not explained


@contextlib.contextmanager
def quiet_imports() -> Iterator[None]:
    """Silences imports of TensorFlow and Google's libraries, which print pages of notices.

    They are shown only if an import fails.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", category=FutureWarning)
    with _turned_away() as held:
        yield
        held.keep = False


class _Held:
    keep = True


@contextlib.contextmanager
def _turned_away() -> Iterator[_Held]:
    held = _Held()
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield held
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            file.seek(0)
            while held.keep and (chunk := file.read(2**20)):
                os.write(2, chunk)
