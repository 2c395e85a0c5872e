"""Glob patterns of users' files: the folder before a wildcard, the files, and why there are none.

A pattern matches one level a wildcard: `*`, `?`, `[abc]`. A wildcard in brackets stands for itself,
and so does a character after a backslash: `br [[]old]/*.csv` matches files of `br [old]`.
"""

import os
import re
import stat

from relation.core.errors import DataError
from relation.numeric.lazy import tf

_LITERAL = re.compile(r"(?:[^*?\[{\\]|\[[*?\[{]\]|\\.)*", re.DOTALL)
"""What matches only itself: no wildcard, and no `{` of a span."""
_ESCAPED = re.compile(r"\[([*?\[{])\]|\\(.)", re.DOTALL)
_MEANINGS = {
    "[": "[ begins a set of characters, so write [[] for it",
    "\\": r"\ makes the next character stand for itself, so write \\ for it",
}
_SYSTEM_FOLDERS = ("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found")
"""Folders of archives' and file systems' own, on macOS, Synology, Windows and Linux."""


def literal_folder(pattern: str) -> str:
    """The folder before a pattern's first wildcard, as a path.

    >>> literal_folder("/data [[]old]/2024-*/part-?.gz")
    '/data [old]'
    """
    literal = _LITERAL.match(pattern)
    fixed = literal.group() if literal else ""
    base, slash, _ = fixed.rpartition("/")
    plain = _ESCAPED.sub(lambda match: match[1] or match[2], base)
    return plain or ("/" if slash else ".")


def matching_files(pattern: str) -> list[str]:
    """The files that a pattern matches, sorted, without folders.

    Raises:
      DataError: no file matches, with the reason where it can be seen; or one is a pipe or a
        device, which would be waited for.
    """
    files = [path for path in _glob(pattern) if not tf.io.gfile.isdir(path)]
    if not files:
        raise DataError(f"{pattern}: {_why_none(pattern)}")
    for path in files:
        if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
            raise DataError(f"{path}: is a pipe or a device; expected a file")
    return sorted(files)


def visible_files(pattern: str) -> list[str]:
    """The files that a pattern matches without those that `is_stray` names, sorted.

    Raises:
      DataError: see `matching_files`.
    """
    folder = literal_folder(pattern)
    return [path for path in matching_files(pattern) if not is_stray(path, folder)]


def is_stray(path: str, folder: str) -> bool:
    """Whether a file is hidden, or lies in a hidden folder or one that a system makes.

    Args:
      folder: what lies above it does not count.

    >>> is_stray("/data/cat/._0.png", "/data"), is_stray("/.cache/cat/0.png", "/.cache")
    (True, False)
    """
    parts = os.path.relpath(path, folder).split("/")
    named = [part for part in parts if part not in (".", "..")]
    return any(part.startswith(".") or part in _SYSTEM_FOLDERS for part in named)


def _glob(pattern: str) -> list[str]:
    try:
        return list(tf.io.gfile.glob(pattern))
    except tf.errors.NotFoundError:
        return []


def _why_none(pattern: str) -> str:
    if tf.io.gfile.isdir(pattern):
        return f"is a folder; expected files, for example {os.path.join(pattern, '*')}"
    literal = pattern.replace("\\", r"\\").replace("[", "[[]")
    if literal != pattern and _glob(literal):
        meanings = " and ".join(why for sign, why in _MEANINGS.items() if sign in pattern)
        return f"no file matches; {meanings}: {literal}"
    return "no file matches"
