"""How labels are spoilt, and which are asked for."""

import numpy as np

from bench.label_noise import Setting, balanced, spoilt


def test_labels_are_flipped_and_hidden_as_often_as_stated():
    truth = (np.arange(40_000).reshape(4_000, 10) % 3 == 0).astype("float32")
    labels, known = spoilt(truth, Setting(0.25, 0.1), np.random.default_rng(0))
    assert abs((labels != truth).mean() - 0.1) < 0.01
    assert abs(known.mean() - 0.25) < 0.01
    assert abs((labels != truth)[known].mean() - 0.1) < 0.01


def test_as_many_known_negatives_are_asked_for_as_there_are_positives():
    labels = np.array([[1, 1, 0, 0, 0, 0], [1, 0, 0, 1, 1, 1], [0, 0, 0, 0, 0, 0]], "float32")
    known = np.array([[1, 0, 1, 1, 1, 0], [1, 1, 0, 1, 1, 1], [1, 1, 1, 1, 1, 1]], bool)
    asked = balanced(labels, known, 1)
    assert not (asked & ~known).any()
    positive, negative = (asked & (labels == value) for value in (1, 0))
    assert positive.sum(axis=1).tolist() == [1, 4, 0]
    assert negative.sum(axis=1).tolist() == [1, 1, 0]  # The second knows one negative only.
