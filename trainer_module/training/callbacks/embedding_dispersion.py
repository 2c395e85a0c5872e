"""Dispersion of embeddings, which shows whether they have collapsed into a point or a line."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from relation.numeric.effective_rank import effective_rank

POINT = 0.01
"""Embeddings with a smaller mean distance, as a share of their mean length, count as one point."""
LINE = 1.02
"""Embeddings with a smaller effective rank, of at least three numbers, count as a line."""


class EmbeddingDispersion(NamedTuple):
    """Dispersion of embeddings [n, d].

    effective_rank: number of directions in which they vary (`relation.numeric.effective_rank`):
      1 … d; 0 of one point.
    mean_distance: of all pairs, Euclidean.
    mean_length: of the embeddings.
    """

    effective_rank: float
    mean_distance: float
    mean_length: float


def embedding_dispersion(embeddings: npt.NDArray[Any]) -> EmbeddingDispersion:
    """Return the dispersion of embeddings, finite floats [n, d], n ≥ 2."""
    rows = np.asarray(embeddings, np.float64)
    lengths = np.linalg.norm(rows, axis=1)
    rows = rows - rows.mean(axis=0)
    values = np.linalg.svd(rows, compute_uv=False)
    rank = effective_rank(np.square(values[values > 1e-7 * lengths.sum()]))
    squares = np.sum(rows**2, axis=1)
    squared = squares[:, None] + squares[None, :] - 2.0 * rows @ rows.T
    distances = np.sqrt(np.maximum(squared, 0.0))
    np.fill_diagonal(distances, 0.0)
    mean = float(distances.sum() / (len(rows) * (len(rows) - 1)))
    return EmbeddingDispersion(rank, mean, float(lengths.mean()))


def collapse_warning(dispersion: EmbeddingDispersion, size: int) -> str | None:
    """Return a sentence if embeddings of `size` numbers look collapsed, else None."""
    if dispersion.mean_distance < POINT * dispersion.mean_length:
        return (
            "embeddings have collapsed into one point: their mean distance is "
            f"{dispersion.mean_distance:.2g}, at a mean length of {dispersion.mean_length:.2g}"
        )
    if size >= 3 and dispersion.effective_rank < LINE:
        return (
            f"embeddings lie on a line: their effective rank is {dispersion.effective_rank:.2f} of "
            f"{size} (two tight clusters look the same)"
        )
    return None
