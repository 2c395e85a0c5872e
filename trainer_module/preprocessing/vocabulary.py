"""The vocabulary of a categorical or text feature: the range of its indices, and its lines."""

from __future__ import annotations

from typing import NamedTuple

from relation.numeric.lazy import tf

ESCAPE = "\x1b"
"""Begins what stands in a vocabulary's file for something that a line cannot hold."""
_ESCAPED = ((ESCAPE, "e"), ("\n", "n"), ("\r", "r"))
_EMPTY = ESCAPE + "0"


class Vocabulary(NamedTuple):
    """Indices run from 0 (padding, missing) to `size` - 1.

    Features whose vocabularies are equal, name and size, share it: their indices mean the same.
    """

    name: str
    size: int


def as_lines(values: tf.Tensor) -> tf.Tensor:
    """Write values as lines of a vocabulary: string [n] → string [n].

    Vocabularies are text files, so values that are empty or hold line breaks would be dropped from
    them. Such values are escaped; others stay as they are. Distinct values have distinct lines.

    >>> as_lines(tf.constant(["plain", "two\\nlines", ""])).numpy().tolist()
    [b'plain', b'two\\x1bnlines', b'\\x1b0']
    """
    lines = values
    for character, code in _ESCAPED:
        lines = tf.strings.regex_replace(lines, character, ESCAPE + code)
    return tf.where(values == "", _EMPTY, lines)
