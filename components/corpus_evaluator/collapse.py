"""Do embeddings use their space? Pure functions."""

from typing import NamedTuple

import numpy as np

from components.corpus_evaluator.points import Floats

_STEP = 8192


class Shape(NamedTuple):
    """How n embeddings of d dimensions lie.

    Attributes:
      rows, dimensions: n, d.
      finite: share of the rows whose numbers are all finite.
      effective_rank: in how many dimensions they vary: the exponential of the entropy of the
        covariance's normalized eigenvalues (Roy and Vetterli, "The effective rank", 2007); from 1
        to min(d, n − 1), 0 where nothing varies, NaN where a row is not finite.
      spread: root mean squared distance from the mean, over root mean squared length: 0 where all
        are one point, 1 where their mean is 0; NaN as above.
    """

    rows: int
    dimensions: int
    finite: float
    effective_rank: float
    spread: float


def shape(embeddings: Floats) -> Shape:
    """Measures embeddings, [n, d], a few thousand at a time."""
    n, d = embeddings.shape
    steps = [slice(start, start + _STEP) for start in range(0, n, _STEP)]
    finite = sum(int(np.isfinite(embeddings[step]).all(axis=1).sum()) for step in steps)
    if not n or finite < n:
        return Shape(n, d, finite / n if n else float("nan"), float("nan"), float("nan"))
    total = np.zeros(d)
    for step in steps:
        total += embeddings[step].sum(axis=0, dtype=np.float64)
    mean = total / n
    covariance, length = np.zeros((d, d)), 0.0
    for step in steps:
        rows = embeddings[step].astype(np.float64)
        length += float(np.einsum("nd,nd->", rows, rows))
        rows -= mean
        covariance += rows.T @ rows
    varying = float(np.trace(covariance))
    if varying <= 1e-10 * length or not varying:  # Less than float32 can tell.
        return Shape(n, d, 1.0, 0.0, 0.0)
    shares = np.clip(np.linalg.eigvalsh(covariance), 0, None) / varying
    shares = shares[shares > 0]
    rank = float(np.exp(-(shares * np.log(shares)).sum()))
    return Shape(n, d, 1.0, rank, float(np.sqrt(varying / length)))
