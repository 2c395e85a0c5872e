"""Measures whether embeddings have collapsed: pure functions."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from relation.numeric.effective_rank import effective_rank
from relation.retrieval.points import Floats

Vector: TypeAlias = npt.NDArray[np.float64]
Matrix: TypeAlias = npt.NDArray[np.float64]

_VALUES = 2**22
"""Numbers in memory at a time."""
SIDE = 2048
"""With more dimensions than this, the effective rank is that of the first `SIDE` rows."""


class Shape(NamedTuple):
    """Figures of n embeddings of d dimensions; `corpus.json` holds them under these names.

    Attributes:
      rows, dimensions: n, d.
      finite: share of the rows whose numbers are all finite, in [0, 1].
      effective_rank: number of dimensions in which they vary, in [1, min(d, n − 1)]
        (`relation.numeric.effective_rank`). 0 if all rows are equal, NaN if a row is not finite. If
        d > `SIDE`, that of the first `SIDE` rows.
      spread: dispersion, in [0, 1]: root mean squared distance from the mean, over root mean
        squared length. 0 if all rows are equal, 1 if their mean is 0, NaN if a row is not finite.
    """

    rows: int
    dimensions: int
    finite: float
    effective_rank: float
    spread: float


def shape(embeddings: Floats) -> Shape:
    """Measures embeddings, [n, d], part by part; memory is bounded by a `SIDE` × `SIDE` matrix.

    >>> line = shape(np.array([[1.0, 0.0], [-1.0, 0.0]]))
    >>> line.effective_rank, line.spread
    (1.0, 1.0)
    """
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
    if varying <= 1e-10 * length or not varying:  # Below the resolution of float32.
        return Shape(n, d, 1.0, 0.0, 0.0)
    values = np.clip(np.linalg.eigvalsh(squares), 0, None)
    return Shape(n, d, 1.0, effective_rank(values), float(np.sqrt(varying / length)))


def _covariance(embeddings: Floats, mean: Vector, parts: Sequence[slice]) -> Matrix:
    """n times the covariance of all rows: [n, d] → float64 [d, d]."""
    total = np.zeros((len(mean), len(mean)))
    for part in parts:
        rows = embeddings[part] - mean
        total += rows.T @ rows
    return total


def _products(embeddings: Floats) -> Matrix:
    """Dot products of the centred rows: [n, d] → float64 [n, n].

    Their positive eigenvalues are those of n times the covariance.
    """
    n, d = embeddings.shape
    products = np.zeros((n, n))
    step = max(1, _VALUES // n)
    for start in range(0, d, step):
        columns = embeddings[:, start : start + step].astype(np.float64)
        columns -= columns.mean(axis=0)
        products += columns @ columns.T
    return products
