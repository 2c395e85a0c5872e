"""The dispersion of embeddings, by hand."""

import numpy as np
import pytest

from trainer_module.training.callbacks.embedding_dispersion import (
    EmbeddingDispersion,
    collapse_warning,
    embedding_dispersion,
)


@pytest.mark.parametrize(
    ("embeddings", "rank", "distance"),
    [
        # Singular values equal in two directions of three. Sides √2, diagonals 2.
        ([[1, 0, 5], [-1, 0, 5], [0, 1, 5], [0, -1, 5]], 2.0, (4 * np.sqrt(2) + 2 * 2) / 6),
        # Two points: a line.
        ([[0, 0], [3, 4]], 1.0, 5.0),
        ([[0.1, 0.1, 0.1]] * 5, 0.0, 0.0),
        ([[0, 0]] * 3, 0.0, 0.0),
    ],
)
def test_the_dispersion_of_embeddings(embeddings, rank, distance):
    actual = embedding_dispersion(np.array(embeddings, np.float32))
    assert (actual.effective_rank, actual.mean_distance) == pytest.approx(
        (rank, distance), abs=1e-7
    )


def test_unequal_directions_count_by_their_entropy():
    # Variances 9 and 1, hence shares 9/10 and 1/10.
    actual = embedding_dispersion(np.array([[3.0, 0], [-3, 0], [0, 1], [0, -1]]))
    assert actual.effective_rank == pytest.approx((10 / 9) ** 0.9 * 10**0.1)


@pytest.mark.parametrize(
    ("spread", "size", "warning"),
    [
        (EmbeddingDispersion(3.0, 1.3, 1.0), 4, None),
        (EmbeddingDispersion(1.02, 1.3, 1.0), 4, None),
        (
            EmbeddingDispersion(3.0, 0.009, 1.0),
            4,
            "embeddings have collapsed into one point: their mean distance is 0.009, at a mean length of 1",
        ),
        (
            EmbeddingDispersion(0.0, 0.0, 0.1),
            4,
            "embeddings have collapsed into one point: their mean distance is 0, at a mean length of 0.1",
        ),
        (
            EmbeddingDispersion(1.01, 1.3, 1.0),
            4,
            "embeddings lie on a line: their effective rank is 1.01 of 4 (two tight clusters look the same)",
        ),
        (EmbeddingDispersion(1.01, 1.3, 1.0), 2, None),
    ],
)
def test_what_looks_collapsed_is_told(spread, size, warning):
    assert collapse_warning(spread, size) == warning
