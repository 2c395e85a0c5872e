"""Cosine and dot product."""

import numpy as np
import pytest

from tests.trainer_module.heads.helpers import call, gradients
from trainer_module.heads.cosine import Cosine
from trainer_module.heads.dot import Dot

LEFT, RIGHT = np.random.default_rng(0).normal(size=(2, 9, 6))


def test_cosine_by_hand():
    left = [[3.0, 4.0], [1.0, 0.0], [2.0, 0.0], [0.0, 0.0], [1e-12, 0.0]]
    right = [[4.0, 3.0], [0.0, 5.0], [-7.0, 0.0], [1.0, 1.0], [1e12, 0.0]]
    assert call(Cosine().build(), left, right) == pytest.approx([24 / 25, 0, -1, 0, 1])


def test_cosine_and_its_gradient_are_those_of_float64():
    lengths = np.linalg.norm(LEFT, axis=1) * np.linalg.norm(RIGHT, axis=1)
    expected = (LEFT * RIGHT).sum(axis=1) / lengths
    assert call(Cosine().build(), LEFT, RIGHT) == pytest.approx(expected, abs=1e-6)
    # d cos / d a = b/(|a||b|) - cos·a/|a|²
    slope = RIGHT / lengths[:, None] - expected[:, None] * LEFT / (LEFT**2).sum(
        axis=1, keepdims=True
    )
    assert gradients(Cosine().build(), LEFT, RIGHT)[0] == pytest.approx(slope, abs=1e-5)


def test_dot_by_hand():
    result = call(Dot().build(), [[1.0, 2.0], [0.5, -1.0]], [[3.0, 4.0], [2.0, 1.0]])
    assert result.tolist() == [11.0, 0.0]


def test_scores_are_served_as_they_are():
    for head in (Cosine(), Dot()):
        assert not head.is_logit
        assert np.asarray(head.score(np.array([-0.5, 0.7]))).tolist() == [-0.5, 0.7]
