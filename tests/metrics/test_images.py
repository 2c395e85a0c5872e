"""Metrics of images by hand and, where recorded, against scikit-image."""

import math
from pathlib import Path

import numpy as np
import pytest

from relation.spec import LabelKind
from trainer_module.metrics import images
from trainer_module.metrics.collected import Form, collect
from trainer_module.metrics.jackknife import interval
from trainer_module.metrics.registry import table_of

RECORDED = Path(__file__).parents[1] / "fixtures" / "metrics" / "images.npz"
CLOSE = {"rel": 0, "abs": 1e-6}


def test_masks_by_hand():
    found = np.array([[0.9, 0.9, 0.1, 0.1], [0.5, 0.4, 0.0, 0.0], [0, 0, 0, 0]])
    expected = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]])
    # One of two pixels; none of two; both empty.
    assert images.iou(found, expected) == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert images.dice(found, expected) == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert images.iou(found, expected, np.array([1.0, 0, 0])) == pytest.approx(1 / 2)


def test_noise_by_hand():
    found, expected = np.full((2, 4), 0.6), np.array([[0.5] * 4, [0.6] * 4])
    # An error of 0.01 is 20 decibels; none is 100, the most.
    assert images.psnr(found, expected) == pytest.approx((20 + 100) / 2)


@pytest.mark.parametrize("metric", [images.iou, images.dice, images.psnr, images.ssim])
def test_what_is_undefined(metric):
    assert math.isnan(metric(np.zeros((0, 49)), np.zeros((0, 49))))
    broken = np.zeros((2, 49))
    broken[1, 3] = np.nan
    assert math.isnan(metric(broken, np.zeros((2, 49))))


def test_similarity_needs_square_images_with_room_for_a_window():
    assert math.isnan(images.ssim(np.zeros((1, 7 * 8)), np.zeros((1, 7 * 8))))
    assert math.isnan(images.ssim(np.zeros((1, 36)), np.zeros((1, 36))))
    assert images.ssim(np.zeros((1, 49)), np.zeros((1, 49))) == pytest.approx(1)


@pytest.mark.parametrize("name", ["gray", "colour", "constant"])
def test_as_scikit_image_has_it(name):
    with np.load(RECORDED) as recorded:
        found, expected = (
            recorded[f"{name}_{side}"].reshape(len(recorded[f"{name}_found"]), -1)
            for side in ("found", "expected")
        )
        ssim, psnr = recorded[f"{name}_ssim"], recorded[f"{name}_psnr"]
    assert images.ssim(found, expected) == pytest.approx(ssim.mean(), **CLOSE)
    assert images.psnr(found, expected) == pytest.approx(np.minimum(psnr, 100).mean(), **CLOSE)


def test_an_interval_is_the_jackknife_of_groups():
    rng = np.random.default_rng(0)
    labels = rng.normal(size=(4000, 1)).astype(np.float32)
    scores = (labels + rng.normal(size=labels.shape)).astype(np.float32)
    tuples = collect(Form(LabelKind.SCALAR, (None,), 1), scores, labels)
    value, low, high = interval(table_of(tuples.form)["mse"].compute, tuples)
    assert low < value < high
    # The error of a mean of squares of normal numbers is √(2/n).
    assert (high - low) / 2 == pytest.approx(2.09 * math.sqrt(2 / 4000), rel=0.35)
    few = collect(tuples.form, scores[:5], labels[:5])
    assert all(map(math.isfinite, interval(table_of(few.form)["mse"].compute, few)))
    assert math.isnan(
        interval(table_of(few.form)["r2"].compute, collect(few.form, scores[:1], labels[:1]))[1]
    )
