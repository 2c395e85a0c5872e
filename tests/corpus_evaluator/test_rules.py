"""Rules by hand: what each predicts from a few samples, and how much a sample counts."""

import numpy as np
import pytest

from components.corpus_evaluator.baselines.label_kinds import Lists, Numbers
from components.corpus_evaluator.baselines.rules import means, neighbours, one_column
from components.corpus_evaluator.baselines.rules.means import CellMeans
from components.corpus_evaluator.embeddings.id_tuples import IdTuples
from relation import spec
from relation.spec import LabelKind
from tests.corpus_evaluator.raw import Raw

NUMBER = Numbers(spec.pairs("item", "item", LabelKind.SCALAR))


def samples(labels, members, weights, raw, label=NUMBER):
    tuples = IdTuples(
        np.array(members, np.uint64), np.array(labels, np.float32), np.array(weights, np.float32)
    )
    return label.samples(tuples, True, raw, (False,) * tuples.members.shape[1])


def test_means_of_cells_are_drawn_to_the_mean_of_all():
    target = np.array([[1.0], [0.0], [1.0]])
    cells = CellMeans.fit(np.array([1, 1, 2], np.uint64), target, np.array([1.0, 3.0, 1.0]))
    # The mean of all is 2 / 5. Of cell 1: (1 + .4) / (4 + 1), of cell 2: (1 + .4) / (1 + 1).
    actual = cells(np.array([1, 2, 3], np.uint64))
    assert actual[:, 0] == pytest.approx([0.28, 0.7, 0.4])


def heavy_and_light(raw):
    """Of 400 pairs, 300 light ones follow the first feature of the left, others the second."""
    random = np.random.default_rng(0)
    ids = random.integers(1, 201, (400, 2))
    heavy = np.arange(400) % 4 == 0
    values = (raw._codes if raw._own is None else raw._own)[ids[:, 0] - 1]
    labels = np.where(heavy, values[:, 1] > np.median(values[:, 1]), values[:, 0] > 2)
    return samples(labels[:, None], ids, np.where(heavy, 1, 0.001), raw)


def test_weights_choose_the_category():
    codes = np.random.default_rng(1).integers(1, 5, (200, 2))
    fitted = means.mean_of_category(NUMBER, heavy_and_light(Raw(codes=codes)))
    assert "c1 of left" in fitted.by


@pytest.mark.parametrize("rule", [one_column.straight, one_column.curved])
def test_weights_choose_the_feature(rule):
    x = 2 + np.random.default_rng(2).normal(size=(200, 2))
    fitted = rule(one_column.raw_features, NUMBER, heavy_and_light(Raw(x)))
    assert fitted.by.startswith("x1 of left")


def two_points(rule):
    """Predictions at 0, 1 and between, of 60 samples at 0 and 60 at 1, each third one heavy."""
    ids = np.stack([1 + np.arange(120) % 2, np.ones(120, int)], axis=1)
    heavy = np.arange(120) % 3 == 0
    labels = np.where(heavy, ids[:, 0] - 1, 0.5)  # At 1: 1 where heavy, else .5; at 0: 0 or .5.
    raw = Raw([[0.0], [1.0], [0.25]])
    fitted = rule(samples(labels[:, None], ids, np.where(heavy, 3, 1), raw))
    asked = samples([[0]] * 3, [[1, 1], [2, 1], [3, 1]], [1] * 3, raw)
    return fitted.predict(asked)[:, 0]


def test_a_curve_joins_weighted_means():
    # 20 heavy and 40 light samples at each point: (3 · 20 · 0 + 40 · .5) / 100, (60 + 20) / 100.
    actual = two_points(lambda some: one_column.curved(one_column.raw_features, NUMBER, some))
    assert actual == pytest.approx([0.2, 0.8, 0.35])


def test_a_line_has_least_weighted_squares():
    actual = two_points(lambda some: one_column.straight(one_column.raw_features, NUMBER, some))
    assert actual == pytest.approx([0.2, 0.8, 0.35])


def test_neighbours_count_by_their_weight():
    """Ten samples lie at 0, of which one weighs 9; a hundred lie far away."""
    ids = np.stack([np.where(np.arange(110) < 10, 1, 2), np.ones(110, int)], axis=1)
    labels = (np.arange(110) == 0).astype(float)
    some = samples(labels[:, None], ids, np.where(np.arange(110) == 0, 9, 1), Raw([[0.0], [9.0]]))
    fitted = neighbours.nearest(neighbours.members, "features", NUMBER, some)
    assert fitted.predict(some)[[0, 1], 0] == pytest.approx([9 / 18, 9 / 18])
    assert fitted.predict(some)[20, 0] == 0
    assert neighbours.nearest(neighbours.members, "features", NUMBER, some.first(99)) is None


def test_neighbours_are_sought_by_all_members():
    """The right member alone tells the label."""
    random = np.random.default_rng(3)
    ids = np.stack([np.ones(400, int), random.integers(1, 101, 400)], axis=1)
    x = random.normal(size=(100, 1))
    some = samples(x[ids[:, 1] - 1], ids, np.ones(400), Raw(x))
    fitted = neighbours.nearest(neighbours.members, "features", NUMBER, some)
    predicted = fitted.predict(some)[:, 0]
    assert np.corrcoef(predicted, some.target[:, 0])[0, 1] > 0.95


def test_features_of_a_list_are_chosen_within_lists():
    """Grades of the second list are higher, as is the first feature; within lists the second is.

    The second is U-shaped, so that no line follows it.
    """
    lists = Lists(spec.lists("document", None, 40))
    x = np.linspace(-1, 1, 40)
    grades = np.round(4 * np.abs(x))
    raw = Raw(np.concatenate([np.stack([x * 0 + shift, x], axis=1) for shift in (0, 9)]))
    members = np.arange(1, 81).reshape(2, 40)
    labels = np.stack([grades, grades + 50])
    some = samples(labels, members, [1, 1], raw, lists)
    fitted = one_column.curved(one_column.raw_features, lists, some)
    assert fitted.by.startswith("x1 of document")
    assert some.target.reshape(2, 40).sum(axis=1) == pytest.approx([0, 0])
    predicted = fitted.predict(some).reshape(2, 40)
    np.testing.assert_allclose(predicted[0], predicted[1])
