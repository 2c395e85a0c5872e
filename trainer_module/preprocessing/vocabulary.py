"""The vocabulary of a categorical or text feature: the range of its indices."""

from typing import NamedTuple


class Vocabulary(NamedTuple):
    """Indices run from 0 (padding, missing) to `size` - 1.

    Features whose vocabularies are equal, name and size, share it: their indices mean the same.
    """

    name: str
    size: int
