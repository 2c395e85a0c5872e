"""Do embeddings use their space? Pure functions."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from components.corpus_evaluator.embeddings.points import Floats

Vector: TypeAlias = npt.NDArray[np.float64]
Matrix: TypeAlias = npt.NDArray[np.float64]

_VALUES = 2**22
"""So many numbers are looked at a time."""
SIDE = 2048
"""Of embeddings of more dimensions than this, as many rows tell the effective rank."""


class Shape(NamedTuple):
    """How n embeddings of d dimensions lie.

    Attributes:
      rows, dimensions: n, d.
      finite: share of the rows whose numbers are all finite.
      effective_rank: in how many dimensions they vary: the exponential of the entropy of the
        covariance's normalized eigenvalues (Roy and Vetterli, "The effective rank", 2007); from 1
        to min(d, n − 1), 0 where nothing varies, NaN where a row is not finite. Where d > `SIDE`,
        that of the first `SIDE` rows.
      spread: root mean squared distance from the mean, over root mean squared length: 0 where all
        are one point, 1 where their mean is 0; NaN as above.
    """

    rows: int
    dimensions: int
    finite: float
    effective_rank: float
    spread: float


def shape(embeddings: Floats) -> Shape:
    """Measures embeddings, [n, d], some at a time, in the memory of a matrix of side `SIDE`."""
    n, d = embeddings.shape
    step = max(1, _VALUES // max(d, 1))
    parts = [slice(start, start + step) for start in range(0, n, step)]
    finite = sum(int(np.isfinite(embeddings[part]).all(axis=1).sum()) for part in parts)
    if not n or finite < n:
        return Shape(n, d, finite / n if n else float("nan"), float("nan"), float("nan"))
    total, length = np.zeros(d), 0.0
    for part in parts:
        rows = embeddings[part].astype(np.float64)
        total += rows.sum(axis=0)
        length += float(np.einsum("nd,nd->", rows, rows))
    mean = total / n
    if d <= SIDE:
        squares = _covariance(embeddings, mean, parts)
        varying = float(np.trace(squares))
    else:
        squares = _products(embeddings[:SIDE])
        varying = sum(float(np.square(embeddings[part] - mean).sum()) for part in parts)
    if varying <= 1e-10 * length or not varying:  # Less than float32 can tell.
        return Shape(n, d, 1.0, 0.0, 0.0)
    values = np.clip(np.linalg.eigvalsh(squares), 0, None)
    shares = values[values > 0] / values.sum()
    rank = float(np.exp(-(shares * np.log(shares)).sum()))
    return Shape(n, d, 1.0, rank, float(np.sqrt(varying / length)))


def _covariance(embeddings: Floats, mean: Vector, parts: Sequence[slice]) -> Matrix:
    """n times that of all rows, [d, d]."""
    found = np.zeros((len(mean), len(mean)))
    for part in parts:
        rows = embeddings[part] - mean
        found += rows.T @ rows
    return found


def _products(embeddings: Floats) -> Matrix:
    """Dot products of the rows about their mean, [n, n], which have the same eigenvalues."""
    n, d = embeddings.shape
    found = np.zeros((n, n))
    step = max(1, _VALUES // n)
    for start in range(0, d, step):
        columns = embeddings[:, start : start + step].astype(np.float64)
        columns -= columns.mean(axis=0)
        found += columns @ columns.T
    return found
