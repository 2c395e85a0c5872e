"""What each character becomes before words are compared: tables from the Unicode database.

Folding is that of Unicode's compatibility caseless matching (The Unicode Standard, D146): NFKD
and case folding, twice. So `Ä` in one or in two code points, `ä` and full-width `Ａ` with `A` are
the same. Characters other than letters, marks and numbers separate words; those that only say how
a text is shown, such as a soft hyphen or a joiner, vanish.
"""

import functools
import sys
import unicodedata
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

I32 = npt.NDArray[np.int32]

SEPARATOR = " "
PAGE = 256
"""Characters of a page of the table."""
SAME = -1
"""The row of a character that stays as it is."""
_ZERO_WIDTH_SPACE = "\u200b"
_YPOGEGRAMMENI = "\u0345"
"""A mark whose case folding is a letter; it stays a mark, so that marks can be put in order."""
_HIDDEN = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164),
            *(0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)),
        ),
    )
)
"""Letters and marks of the property Default_Ignorable_Code_Point: fillers, variation selectors."""
_BLOCKS = (range(0x40000), range(0xE0000, 0xE1000))
"""Code points to look at; Unicode assigns no others but private ones."""


class FoldingTable(NamedTuple):
    """The folding of every character, for gathering in arrays.

    Character c has row `cells[pages[c // PAGE], c % PAGE]`, and becomes
    `values[starts[row] : starts[row + 1]]`, or stays as it is if the row is `SAME`.

    Attributes:
      pages: int32 [0x110000 / PAGE].
      cells: int32 [pages, PAGE].
      starts: int32 [rows + 1].
      values: code points, int32 [starts[rows]].
      marks: code points with a canonical combining class other than 0, ascending, int32 [m].
      classes: their classes, in [1, 254], int32 [m].
    """

    pages: I32
    cells: I32
    starts: I32
    values: I32
    marks: I32
    classes: I32


def fold(character: str) -> str:
    """Return what a character becomes: a separator is `SEPARATOR`, what vanishes is "".

    >>> fold("É") == "e\\N{COMBINING ACUTE ACCENT}"
    True
    >>> fold("ß"), fold("Ａ"), fold("-"), fold("\\N{SOFT HYPHEN}")
    ('ss', 'a', ' ', '')
    """
    if character == _ZERO_WIDTH_SPACE:
        return SEPARATOR
    if character in _HIDDEN or unicodedata.category(character) == "Cf":
        return ""
    if not _is_wordy(character):
        return SEPARATOR
    if unicodedata.is_normalized("NFKD", character) and character == character.casefold():
        return character
    folded = character
    for _ in range(2):
        folded = unicodedata.normalize("NFKD", _casefold(unicodedata.normalize("NFKD", folded)))
    return "".join(c if _is_wordy(c) else SEPARATOR for c in folded)


def _is_wordy(character: str) -> bool:
    """Whether a character is a letter, a mark or a number."""
    return unicodedata.category(character)[0] in "LMN"


def _casefold(text: str) -> str:
    return "".join(c if c == _YPOGEGRAMMENI else c.casefold() for c in text)


@functools.cache
def folding_table() -> FoldingTable:
    """Make the table from the Unicode database of this Python."""
    rows: dict[str, int] = {SEPARATOR: 0}
    cells = np.zeros(sys.maxunicode + 1, np.int32)
    for block in _BLOCKS:
        for code in block:
            character = chr(code)
            folded = fold(character)
            same = folded == character
            cells[code] = SAME if same else rows.setdefault(folded, len(rows))
    unique, pages = np.unique(cells.reshape(-1, PAGE), axis=0, return_inverse=True)
    marks = [c for c in range(_BLOCKS[0].stop) if unicodedata.combining(chr(c))]
    return FoldingTable(
        pages=pages.ravel().astype(np.int32),
        cells=unique,
        starts=np.cumsum([0, *map(len, rows)], dtype=np.int32),
        values=np.array([ord(c) for folded in rows for c in folded], np.int32),
        marks=np.array(marks, np.int32),
        classes=np.array([unicodedata.combining(chr(c)) for c in marks], np.int32),
    )
