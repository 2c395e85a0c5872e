"""Metrics of images by hand and, where recorded, against scikit-image."""

import math
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score, jaccard_score

from relation.spec import LabelKind
from trainer_module.metrics import images
from trainer_module.metrics.collected import Form, collect
from trainer_module.metrics.jackknife import interval
from trainer_module.metrics.registry import IMAGES, table_of

RECORDED = Path(__file__).parents[1] / "fixtures" / "metrics" / "images.npz"
CLOSE = {"rel": 0, "abs": 1e-6}
SEVEN = (7, 7, 1)


def _numbered(rows):
    return np.arange(len(rows), dtype=np.uint64)


def _measured(found, expected, shape, weights=None):
    """All metrics of images, by name."""
    form = Form(LabelKind.IMAGE, (), 0, shape)
    tuples = collect(
        form, _numbered(found), found.astype(np.float32), expected.astype(np.float32), weights
    )
    return {name: metric.compute(tuples) for name, metric in IMAGES.items()}


def test_masks_by_hand():
    actual = np.array([[0.9, 0.9, 0.1, 0.1], [0.5, 0.4, 0.0, 0.0], [0, 0, 0, 0]])
    expected = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]])
    # One of two pixels; none of two; both empty.
    assert images.iou(actual, expected) == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert images.dice(actual, expected) == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert images.iou(actual, expected, np.array([1.0, 0, 0])) == pytest.approx(1 / 2)


def test_noise_by_hand():
    actual, expected = np.full((2, 4), 0.6), np.array([[0.5] * 4, [0.6] * 4])
    # An error of 0.01 is 20 decibels; none is 100, the most.
    assert images.psnr(actual, expected) == pytest.approx((20 + 100) / 2)


@pytest.mark.parametrize("metric", ["iou", "dice", "psnr", "ssim"])
def test_what_is_undefined(metric):
    assert math.isnan(_measured(np.zeros((0, 49)), np.zeros((0, 49)), SEVEN)[metric])
    broken = np.zeros((2, 49))
    broken[1, 3] = np.nan
    assert math.isnan(_measured(broken, np.zeros((2, 49)), SEVEN)[metric])


def test_similarity_needs_room_for_a_window_and_a_shape():
    small, enough = np.zeros((1, 6 * 9)), np.zeros((1, 49))
    assert math.isnan(_measured(small, small, (6, 9, 1))["ssim"])
    assert math.isnan(_measured(enough, enough, None)["ssim"])
    assert _measured(enough, enough, SEVEN)["ssim"] == pytest.approx(1)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["gray", "colour", "constant", "alpha", "oblong", "masks"])
def test_as_scikit_image_has_it(name, weighted):
    with np.load(RECORDED) as recorded:
        actual, expected, ssim, psnr = (
            recorded[f"{name}_{part}"] for part in ("found", "expected", "ssim", "psnr")
        )
    weights = np.arange(1, len(ssim) + 1, dtype=np.float32) if weighted else None
    shape, rows = actual.shape[1:], [values.reshape(len(ssim), -1) for values in (actual, expected)]
    measured = _measured(*rows, shape, weights)
    assert measured["ssim"] == pytest.approx(np.average(ssim, weights=weights), **CLOSE)
    psnr = np.average(np.minimum(psnr, images.MOST_PSNR), weights=weights)
    assert measured["psnr"] == pytest.approx(psnr, **CLOSE)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_masks_agree_with_scikit_learn(share, weighted):
    rng = np.random.default_rng(3)
    actual = rng.random((30, 49)).astype(np.float32)
    actual[:5] *= 0.4  # Nothing is found.
    expected = (rng.random((30, 49)) < share).astype(np.float32)
    weights = rng.integers(1, 4, 30).astype(np.float32) if weighted else None
    measured = _measured(actual, expected, SEVEN, weights)
    for name, oracle in (("iou", jaccard_score), ("dice", f1_score)):
        each = [
            oracle(truth >= 0.5, said >= 0.5, zero_division=1.0)
            for truth, said in zip(expected, actual, strict=True)
        ]
        assert measured[name] == pytest.approx(np.average(each, weights=weights), **CLOSE)


def test_an_interval_is_the_jackknife_of_groups():
    rng = np.random.default_rng(0)
    labels = rng.normal(size=(4000, 1)).astype(np.float32)
    scores = (labels + rng.normal(size=labels.shape)).astype(np.float32)
    tuples = collect(Form(LabelKind.SCALAR, (None,), 1), _numbered(scores), scores, labels)
    value, low, high = interval(table_of(tuples.form)["mse"].compute, tuples)
    assert low < value < high
    # The error of a mean of squares of normal numbers is √(2/n).
    assert (high - low) / 2 == pytest.approx(2.09 * math.sqrt(2 / 4000), rel=0.35)
    cut = (value - 0.001, value + 0.002)
    assert interval(table_of(tuples.form)["mse"].compute, tuples, cut) == (value, *cut)
    few = collect(tuples.form, _numbered(scores[:5]), scores[:5], labels[:5])
    assert all(map(math.isfinite, interval(table_of(few.form)["mse"].compute, few)))
    alone = collect(few.form, _numbered(scores[:1]), scores[:1], labels[:1])
    assert math.isnan(interval(table_of(few.form)["r2"].compute, alone)[1])
