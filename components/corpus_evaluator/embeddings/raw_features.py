"""Raw features of entities as vectors, which baselines compare: pure functions.

A row holds numbers, pixels and counts of words; the words are those that training cuts texts
into. `FeatureScaling` scales the three parts so that each has the same weight in a Euclidean
distance; for words that is the cosine of TF-IDF.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from PIL import Image

from components.common import hashing
from components.corpus_evaluator.embeddings.word_columns import WORDS, WordColumns
from relation.features.images.decode import decode_image
from relation.features.words import split_words
from relation.retrieval.points import Floats, Positions, Ragged
from relation.schema import Feature, FeatureKind

SIDE = 16
"""Images are compared in colour, at `SIDE` × `SIDE` pixels."""
_PIXELS = SIDE * SIDE * 3
_STEP = 8192
FARTHEST = 1e4
"""Standard deviations from the mean, of a scaled number."""
_ROUNDING = 4 * 2.0**-23
"""Numbers whose spread is smaller than this share of their size differ by rounding alone."""

_CODES = 2**24 - 1
"""Codes of categories, which float32 holds exactly."""

F32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
_WORDY = (FeatureKind.TEXT, FeatureKind.CATEGORICAL)


@dataclass(frozen=True)
class RawFeatureLayout:
    """The columns of the raw features of an entity type."""

    features: tuple[Feature, ...]

    @property
    def widths(self) -> tuple[int, int, int]:
        """Numbers of columns for numbers, pixels and words."""
        kinds = {feature.kind for feature in self.features}
        numbers = sum(f.width for f in self.features if f.kind is FeatureKind.NUMERIC)
        pixels = _PIXELS if FeatureKind.IMAGE in kinds else 0
        return numbers, pixels, WORDS if kinds & set(_WORDY) else 0

    @property
    def parts(self) -> dict[str, slice]:
        """The columns of numbers, pixels and words by name, of those that there are."""
        ends = np.cumsum([0, *self.widths])
        names = ("numbers", "pixels", "words")
        spans = zip(names, ends[:-1].tolist(), ends[1:].tolist(), strict=True)
        return {name: slice(start, stop) for name, start, stop in spans if start < stop}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all columns: a number's feature, "pixel 7", "word column 7"."""
        numbers = [f for f in self.features if f.kind is FeatureKind.NUMERIC]
        _, pixels, words = self.widths
        return (
            *(f"{f.name}[{i}]" if f.width > 1 else f.name for f in numbers for i in range(f.width)),
            *(f"pixel {i}" for i in range(pixels)),
            *(f"word column {i}" for i in range(words)),
        )

    @property
    def categories(self) -> tuple[str, ...]:
        """The names of the categorical features."""
        return tuple(f.name for f in self.features if f.kind is FeatureKind.CATEGORICAL)

    def codes(self, rows: Floats) -> Positions:
        """The number of each category of encoded entities, int64 [n, categories]; 0: missing."""
        return rows[:, rows.shape[1] - len(self.categories) :].astype(np.int64)

    @property
    def whole(self) -> Positions:
        """The columns of whole numbers, whose last bits float32 may not hold, int64 [w]."""
        numeric = [f for f in self.features if f.kind is FeatureKind.NUMERIC]
        is_whole = [f.dtype == "int" for f in numeric for _ in range(f.width)]
        return np.flatnonzero(is_whole)

    def encode(self, examples: Sequence[tf.train.Example]) -> tuple[F32, Ragged]:
        """Encodes n entities.

        Returns:
          Numbers, pixels, what float32 leaves of whole numbers (mostly 0), and codes of
          categories, float32 [n, columns], a missing number as NaN; and hashes of words.
        """
        (numbers, pixels, _), whole = self.widths, self.whole
        width = numbers + pixels + len(whole) + len(self.categories)
        out = np.zeros((len(examples), width), dtype=np.float32)
        out[:, :numbers] = np.nan
        for row, example in zip(out, examples, strict=True):
            features, at = example.features.feature, 0
            for feature in self.features:
                if feature.kind is FeatureKind.NUMERIC:
                    values = _values(features, feature)[: feature.width]
                    row[at : at + len(values)] = values
                    if feature.dtype == "int":
                        first = numbers + pixels + int(np.searchsorted(whole, at))
                        for i, value in enumerate(values):
                            row[first + i] = value - int(row[at + i])
                    at += feature.width
                elif feature.kind is FeatureKind.IMAGE:
                    for value in _values(features, feature)[:1]:
                        row[numbers : numbers + pixels] = _pixels(value)
        out[:, :numbers][np.isinf(out[:, :numbers])] = np.nan
        for column, name in enumerate(self.categories, numbers + pixels + len(whole)):
            out[:, column] = self._codes(examples, name)
        return out, self._words(examples)

    def _codes(self, examples: Sequence[tf.train.Example], name: str) -> F32:
        """A hash of the values of a category, whole numbers in float32 [n]; 0 without a value."""
        feature = next(f for f in self.features if f.name == name)
        rows = [_values(example.features.feature, feature) for example in examples]
        texts = [b"\0".join(_text(value) for value in values) for values in rows]
        codes = 1 + _hashes(texts) % np.uint64(_CODES)
        return np.where([bool(values) for values in rows], codes, 0).astype(np.float32)

    def _words(self, examples: Sequence[tf.train.Example]) -> Ragged:
        """Hashes of the words of texts, and of categories as words of their feature."""
        cut: list[list[bytes]] = [[] for _ in examples]
        for feature in self.features:
            if feature.kind not in _WORDY:
                continue
            rows = [_values(example.features.feature, feature) for example in examples]
            if feature.kind is FeatureKind.TEXT:
                texts = tf.constant([b" ".join(values) for values in rows], tf.string)
                words = split_words(texts).to_list()
            else:
                words = [[_category(feature, value) for value in values] for values in rows]
            for sofar, added in zip(cut, words, strict=True):
                sofar += added
        starts = np.cumsum([0, *map(len, cut)])
        return Ragged(starts, _hashes([word for words in cut for word in words]))

    def fit(self, rows: Floats, words: Ragged, columns: WordColumns) -> "FeatureScaling":
        """Fits the scaling to n encoded entities.

        A number that no entity has, or that all have the same value of, is scaled to 0.

        Args:
          rows: as `encode` gives them, [n, columns].
          words: hashes of words, of n entities.
          columns: the numbers of all words.
        """
        numbers, pixels, wordy = self.widths
        total, squares, present = (np.zeros(numbers + pixels) for _ in range(3))
        least, greatest = np.full(numbers, np.inf), np.full(numbers, -np.inf)
        seen = np.zeros(wordy)
        for start, stop in _steps(len(rows)):
            step = self.exact(rows[start:stop])
            total += np.nansum(step, axis=0, dtype=np.float64)
            present += (~np.isnan(step)).sum(axis=0)
            least = np.fmin(least, np.fmin.reduce(step[:, :numbers], axis=0))
            greatest = np.fmax(greatest, np.fmax.reduce(step[:, :numbers], axis=0))
        present = np.maximum(present, 1)
        mean = total / present
        for start, stop in _steps(len(rows)):
            squares += np.nansum((self.exact(rows[start:stop]) - mean) ** 2, axis=0)
            if wordy:
                seen += (columns.counts(words, start, stop) > 0).sum(axis=0)
        deviation = np.sqrt(squares / present)
        scale = np.ones(numbers + pixels)
        vary = self._vary(least, greatest)
        scale[:numbers] = np.where(vary, deviation[:numbers], np.inf) * np.sqrt(max(numbers, 1))
        overall = np.sqrt((deviation[numbers:] ** 2).sum()) if pixels else 1.0
        scale[numbers:] = overall or 1.0
        inverse = np.log((1 + len(rows)) / (1 + seen)) + 1
        return FeatureScaling(self, mean, scale, columns, inverse)

    def exact(self, rows: Floats) -> Floats:
        """Numbers and pixels of encoded entities, float64 [n, numbers + pixels]."""
        numbers, pixels, _ = self.widths
        exact = rows[:, : numbers + pixels].astype(np.float64)
        first, whole = numbers + pixels, self.whole
        exact[:, whole] += rows[:, first : first + len(whole)]
        return exact

    def _vary(self, least: Floats, greatest: Floats) -> Bools:
        """Which numbers differ by more than rounding, bool [numbers]; whole ones, at all.

        Args:
          least, greatest: of all entities, [numbers]; inf and -inf where none has the number.
        """
        rounding = np.full(len(least), _ROUNDING)
        rounding[self.whole] = 0
        some = np.flatnonzero(greatest > least)
        vary = np.zeros(len(least), dtype=bool)
        size = np.maximum(np.abs(least[some]), np.abs(greatest[some]))
        vary[some] = greatest[some] - least[some] > rounding[some] * size
        return vary


@dataclass(frozen=True, eq=False)
class FeatureScaling:
    """Means and scales of columns, and the inverse document frequency of words.

    Attributes:
      layout: the columns.
      mean, scale: of numbers and pixels, float64 [numbers + pixels].
      columns: the columns of words.
      inverse: inverse document frequencies, float64 [words].
    """

    layout: RawFeatureLayout
    mean: Floats
    scale: Floats
    columns: WordColumns
    inverse: Floats

    def __call__(self, rows: Floats, words: Ragged, out: Floats) -> None:
        """Writes n scaled entities, as `encode` gives them, to `out`, [n, Σ widths].

        The columns are numbers, pixels, words, as in `RawFeatureLayout.widths`.
        """
        numbers, _, wordy = self.layout.widths
        width = len(self.mean)
        for start, stop in _steps(len(rows)):
            step = (self.layout.exact(rows[start:stop]) - self.mean) / self.scale
            np.clip(step[:, :numbers], -FARTHEST, FARTHEST, out=step[:, :numbers])
            np.nan_to_num(step, copy=False)
            out[start:stop, :width] = step
            if wordy:
                weights = self.columns.counts(words, start, stop) * self.inverse
                lengths = np.sqrt((weights**2).sum(axis=1, keepdims=True))
                out[start:stop, width:] = weights / np.where(lengths > 0, lengths, 1)


def _steps(rows: int) -> Iterator[tuple[int, int]]:
    """Parts of some rows: where each starts and stops."""
    return ((start, min(start + _STEP, rows)) for start in range(0, rows, _STEP))


def _values(features: Mapping[str, tf.train.Feature], feature: Feature) -> list[Any]:
    """The values of a feature, none if it is missing: bytes, int or float."""
    if feature.name not in features:
        return []
    kind = features[feature.name].WhichOneof("kind")
    return list(getattr(features[feature.name], kind).value) if kind else []


def _pixels(encoded: bytes) -> F32:
    """An image as float32 [SIDE · SIDE · 3] in [0, 1]."""
    image = Image.fromarray(decode_image(encoded, 3))
    small = image.resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32).ravel() / 255


def _category(feature: Feature, value: bytes | int) -> bytes:
    """A category as a word, which no text holds and no other feature has."""
    return feature.name.encode() + b"=" + _text(value)


def _text(value: bytes | int) -> bytes:
    return value if isinstance(value, bytes) else b"%d" % value


def _hashes(words: Sequence[bytes]) -> npt.NDArray[np.uint64]:
    """Hashes n words to uint64 [n]."""
    return hashing.hash_values(words, integers=False) if words else np.zeros(0, np.uint64)
