"""Columns for words, in the order in which the words occur.

Entities whose words are others, but occur in the same places, get the same counts in the same
columns: the alphabet of a language decides nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relation.retrieval.points import U64, Positions, Ragged

WORDS = 512
"""Columns of words. Of more distinct words, each column stands for every 512th."""
_STEP = 2**16


@dataclass(frozen=True, eq=False)
class WordColumns:
    """The number of each word, counted from 0 in the order of their first occurrences.

    Attributes:
      words: hashes of the words, ascending, uint64 [v].
      numbers: int64 [v].
    """

    words: U64
    numbers: Positions

    @classmethod
    def of(cls, texts: Iterable[Ragged]) -> "WordColumns":
        """Number the words of some lists of entities.

        >>> texts = Ragged(np.array([0, 2, 4]), np.array([7, 5, 7, 9], np.uint64))
        >>> numbering = WordColumns.of([texts])
        >>> numbering.words.tolist(), numbering.numbers.tolist()
        ([5, 7, 9], [1, 0, 2])
        """
        words, numbers = np.zeros(0, np.uint64), np.zeros(0, np.int64)
        for part in texts:
            for start in range(0, len(part), _STEP):
                _, values = part.owners(start, min(start + _STEP, len(part)))
                unique, first = np.unique(values, return_index=True)
                new = ~np.isin(unique, words, assume_unique=True)
                ranks = np.argsort(np.argsort(first[new]))
                joined = np.concatenate([words, unique[new]])
                order = np.argsort(joined)
                numbers = np.concatenate([numbers, len(words) + ranks])[order]
                words = joined[order]
        return cls(words, numbers)

    def counts(self, texts: Ragged, start: int, stop: int) -> npt.NDArray[np.int64]:
        """How often each column occurs in the entities from `start` to `stop`.

        Args:
          texts: words that are all numbered, of n entities.
          start, stop: in [0, n].

        Returns:
          int64 [stop - start, WORDS].
        """
        owners, values = texts.owners(start, stop)
        numbers = self.numbers[np.searchsorted(self.words, values)]
        cells = owners * WORDS + numbers % WORDS
        return np.bincount(cells, minlength=(stop - start) * WORDS).reshape(-1, WORDS)
