"""The head that aligns words, against loops in NumPy float64."""

import keras
import numpy as np
import pytest

from tests.trainer_module.heads.helpers import call, gradients, perceptron, shake_biases
from trainer_module.heads.alignment import Alignment


def _feature(words: np.ndarray, others: np.ndarray) -> tuple[float, float, np.ndarray, np.ndarray]:
    """Of one feature, [n, d], the share that is covered by others, [m, d], how much is left over,
    what that is, and its pooled words; word by word."""
    d = words.shape[1]
    total, share, rest, left_over, pooled = 0.0, 0.0, 0.0, np.zeros(d), np.zeros(d)
    for word in words:
        weight = np.linalg.norm(word)
        if weight == 0:
            continue
        u = word / weight
        alike = [u @ other / np.linalg.norm(other) for other in others if other.any()]
        covered = max(alike) if alike else 0.0
        total += weight
        share += weight * covered
        rest += weight * (1 - covered)
        left_over += weight * (1 - covered) * u
        pooled += weight * u
    divisor = total or 1.0
    return share / divisor, rest, left_over / divisor, pooled / divisor


def _side(features: np.ndarray, others: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """What the perceptron sees of one side, and its pooled words, feature by feature."""
    words = others.reshape(-1, others.shape[-1])
    shares, rests, left_over, pooled = zip(*(_feature(f, words) for f in features), strict=True)
    seen = [np.array(shares), np.array(rests), np.concatenate(left_over)]
    return seen, np.concatenate(pooled)


def _expected(left: np.ndarray, right: np.ndarray, stack: keras.layers.Layer) -> float:
    (mine, pooled), (theirs, other) = _side(left, right), _side(right, left)
    found = [*mine, *theirs, np.abs(pooled - other), pooled * other]
    return float(perceptron(np.concatenate(found), stack)[0])


def test_alignment_is_that_of_loops():
    rng = np.random.default_rng(1)
    left, right = rng.normal(size=(4, 2, 5, 3)), rng.normal(size=(4, 2, 3, 3))
    left[0, :, 3:] = 0  # Padding.
    left[1], right[2] = 0, 0  # No word at all.
    left[3, 1] = 0  # No word of one feature.
    layer = Alignment(dense=(6,)).build()
    call(layer, left, right)
    shake_biases(layer)
    expected = [_expected(a, b, layer.stack) for a, b in zip(left, right, strict=True)]
    np.testing.assert_allclose(call(layer, left, right), expected, rtol=1e-5, atol=1e-6)


def test_padding_changes_nothing_and_gradients_are_finite():
    keras.utils.set_random_seed(2)
    rng = np.random.default_rng(2)
    left, right = rng.normal(size=(2, 2, 3, 4)), rng.normal(size=(2, 2, 3, 4))
    layer = Alignment(dense=()).build()
    answer = call(layer, left, right)
    padded = np.concatenate([right, np.zeros((2, 2, 5, 4))], axis=2)
    np.testing.assert_allclose(call(layer, left, padded), answer, rtol=1e-6)
    left[0] = 0
    assert all(np.isfinite(part).all() for part in gradients(layer, left, padded))


@pytest.mark.parametrize(
    ("left", "right", "shapes"),
    [
        ((2, 4), (2, 4), r"\(2, 4\) and \(2, 4\)"),
        ((2, 4), (2, 1, 3, 4), r"\(2, 4\) and \(2, 1, 3, 4\)"),
        ((2, 1, 3, 4), (2, 4), r"\(2, 1, 3, 4\) and \(2, 4\)"),
    ],
)
def test_pooled_embeddings_are_refused(left, right, shapes):
    layer = Alignment().build()
    with pytest.raises(
        ValueError, match=rf"alignment: got embeddings of shapes {shapes}; .*tower `words`"
    ):
        call(layer, np.ones(left), np.ones(right))
