"""How far embeddings are spread: whether they have collapsed into a point or a line shows here."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

POINT = 0.01
"""Embeddings whose mean distance is a smaller share of their mean length are one point."""
LINE = 1.2
"""Embeddings, of at least three numbers, of a smaller effective rank lie on a line."""


class Spread(NamedTuple):
    """Of embeddings [n, d].

    effective_rank: exp of the entropy of the singular values of the centred embeddings, as shares
      of their sum (Roy, Vetterli, "The effective rank", EUSIPCO 2007): 1 … d; 0 of one point.
    mean_distance: of all pairs, Euclidean.
    mean_length: of the embeddings.
    """

    effective_rank: float
    mean_distance: float
    mean_length: float


def spread_of(embeddings: npt.NDArray[Any]) -> Spread:
    """The spread of embeddings, finite [n ≥ 2, d]."""
    rows = np.asarray(embeddings, np.float64)
    lengths = np.linalg.norm(rows, axis=1)
    rows = rows - rows.mean(axis=0)
    values = np.linalg.svd(rows, compute_uv=False)
    shares = values[values > 1e-7 * lengths.sum()]
    shares = shares / shares.sum()
    rank = float(np.exp(-np.sum(shares * np.log(shares)))) if len(shares) else 0.0
    squares = np.sum(rows**2, axis=1)
    squared = squares[:, None] + squares[None, :] - 2.0 * rows @ rows.T
    distances = np.sqrt(np.maximum(squared, 0.0))
    np.fill_diagonal(distances, 0.0)
    mean = float(distances.sum() / (len(rows) * (len(rows) - 1)))
    return Spread(rank, mean, float(lengths.mean()))


def warning_of(spread: Spread, size: int) -> str | None:
    """A sentence about embeddings of `size` numbers that look collapsed; None: they do not."""
    if spread.mean_distance < POINT * spread.mean_length:
        return (
            f"embeddings have collapsed into one point: their mean distance is "
            f"{spread.mean_distance:.2g}, of a mean length of {spread.mean_length:.2g}"
        )
    if size >= 3 and spread.effective_rank < LINE:
        return (
            f"embeddings lie on a line: their effective rank is {spread.effective_rank:.2f} of "
            f"{size} (two kinds of entities look so, too)"
        )
    return None
