"""Characters of paths that TensorFlow, TFX and Beam read as part of a pattern."""

import re

_SPECIAL = re.compile(r"[*?\[{\\]")
"""Wildcards, `{` of a span, and the backslash that takes the meaning of the next character away."""


def wildcard(path: str) -> str | None:
    """Find the first of these characters in a path; None if it holds none.

    >>> wildcard("/data [old]/a*"), wildcard("/größe x/a")
    ('[', None)
    """
    match = _SPECIAL.search(path)
    return match.group() if match else None


def escape(path: str) -> str:
    """Make a pattern that matches a path alone, whatever characters it holds.

    >>> escape("/data [old]/{SPAN}?")
    '/data [[]old]/[{]SPAN}[?]'
    """
    return re.sub(r"[*?\[{]", r"[\g<0>]", path.replace("\\", r"\\"))
