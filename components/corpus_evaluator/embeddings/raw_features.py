"""Raw features of entities as vectors, which baselines compare: pure functions.

A row holds numbers, pixels and counts of hashed words. `FeatureScaling` scales the three parts so
that each has the same weight in a Euclidean distance; for words that is the cosine of TF-IDF.
"""

import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from PIL import Image

from components.corpus_evaluator.embeddings.points import Floats
from relation.schema import Feature, FeatureKind

SIDE = 16
"""Images are compared in colour, at `SIDE` × `SIDE` pixels."""
WORDS = 512
"""Columns that words and categories are hashed to (Weinberger et al. 2009)."""
_PIXELS = SIDE * SIDE * 3
_WORD = re.compile(rb"\w+")
_STEP = 8192

F32 = npt.NDArray[np.float32]
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

    def encode(self, examples: Sequence[tf.train.Example]) -> F32:
        """Encodes n entities, float32 [n, Σ widths]; a missing number is NaN."""
        numbers, pixels, words = self.widths
        out = np.zeros((len(examples), numbers + pixels + words), dtype=np.float32)
        out[:, :numbers] = np.nan
        for row, example in zip(out, examples, strict=True):
            features, at = example.features.feature, 0
            for feature in self.features:
                if feature.name not in features:
                    at += feature.width if feature.kind is FeatureKind.NUMERIC else 0
                    continue
                values = _values(features[feature.name])
                if feature.kind is FeatureKind.NUMERIC:
                    values = values[: feature.width]
                    row[at : at + len(values)] = values
                    at += feature.width
                elif feature.kind is FeatureKind.IMAGE:
                    for value in features[feature.name].bytes_list.value[:1]:
                        row[numbers : numbers + pixels] = _pixels(value)
                elif feature.kind in _WORDY:
                    _count(row[numbers + pixels :], feature, values)
        return out

    def fit(self, rows: Floats) -> "FeatureScaling":
        """Fits the scaling to encoded rows, [n, Σ widths]."""
        numbers, pixels, _ = self.widths
        total, squares, present, seen = (np.zeros(rows.shape[1]) for _ in range(4))
        for step in _steps(rows):
            total += np.nansum(step, axis=0, dtype=np.float64)
            present += (~np.isnan(step)).sum(axis=0)
        present = np.maximum(present, 1)
        mean = total / present
        for step in _steps(rows):
            squares += np.nansum((step - mean) ** 2, axis=0)
            seen += (step > 0).sum(axis=0)
        deviation = np.sqrt(squares / present)
        scale = np.ones(rows.shape[1])
        scale[:numbers] = np.where(deviation[:numbers] > 0, deviation[:numbers], 1) * np.sqrt(
            max(numbers, 1)
        )
        overall = np.sqrt((deviation[numbers : numbers + pixels] ** 2).sum()) if pixels else 1.0
        scale[numbers : numbers + pixels] = overall or 1.0
        mean[numbers + pixels :] = 0
        inverse = np.log((1 + len(rows)) / (1 + seen[numbers + pixels :])) + 1
        return FeatureScaling(self, mean, scale, inverse)


@dataclass(frozen=True, eq=False)
class FeatureScaling:
    """Means and scales of columns, and the inverse document frequency of words.

    Attributes:
      layout: the columns.
      mean, scale: float64 [Σ widths].
      inverse: inverse document frequencies, float64 [words].
    """

    layout: RawFeatureLayout
    mean: Floats
    scale: Floats
    inverse: Floats

    def __call__(self, rows: Floats, out: Floats) -> None:
        """Writes scaled rows to `out`; both are [n, Σ widths]."""
        numbers, pixels, _ = self.layout.widths
        for start in range(0, len(rows), _STEP):
            step = (rows[start : start + _STEP] - self.mean) / self.scale
            np.nan_to_num(step, copy=False)
            words = step[:, numbers + pixels :] * self.inverse
            lengths = np.sqrt((words**2).sum(axis=1, keepdims=True))
            step[:, numbers + pixels :] = words / np.where(lengths > 0, lengths, 1)
            out[start : start + _STEP] = step


def _steps(rows: Floats) -> list[Floats]:
    return [rows[start : start + _STEP] for start in range(0, len(rows), _STEP)]


def _values(feature: tf.train.Feature) -> list[bytes] | list[float]:
    kind = feature.WhichOneof("kind")
    return list(getattr(feature, kind).value) if kind else []


def _pixels(encoded: bytes) -> F32:
    """An image as float32 [SIDE · SIDE · 3] in [0, 1]."""
    with Image.open(io.BytesIO(encoded)) as image:
        small = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32).ravel() / 255


def _count(row: F32, feature: Feature, values: Sequence[bytes | float]) -> None:
    """Counts hashed words in place, float32 [WORDS]."""
    for value in values:
        text = value.lower() if isinstance(value, bytes) else b"%d" % int(value)
        whole = feature.kind is FeatureKind.CATEGORICAL
        for word in [feature.name.encode() + b"=" + text] if whole else _WORD.findall(text):
            row[zlib.crc32(word) % WORDS] += 1
