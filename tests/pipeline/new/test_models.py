"""Towers, scaling and training for the columns and rows that there are."""

import io

import numpy as np
import pytest
from PIL import Image

from pipeline.new import models
from pipeline.new.rows.kinds import profile
from tests.pipeline.new.tables import spread, table


def profiles(**columns):
    return [profile(column) for column in table(**columns).columns.values()]


def image(width, height, mode="RGB", colour=(200, 10, 10)):
    file = io.BytesIO()
    Image.new(mode, (width, height), colour).save(file, "PNG")
    return file.getvalue()


NUMBERS = [float(7 * n % 121) for n in range(120)]


def test_columns_enter_a_dense_tower():
    choice = models.tower(profiles(a=NUMBERS, b=NUMBERS, c=NUMBERS, d=NUMBERS))
    dense = {"type": "dense", "dense": [64], "embedding": 32, "dropout": 0.1}
    assert choice.value == dense
    assert choice.why == (
        "Columns ('a', 'b', 'c', 'd') enter a dense layer side by side; texts as bags of words."
    )
    more = models.tower(profiles(a=NUMBERS, b=NUMBERS, c=NUMBERS, d=NUMBERS, e=NUMBERS), False)
    assert more.value == {**dense, "normalize": False}
    assert "('a', 'b', 'c', 'd', …)" in more.why


@pytest.mark.parametrize(
    ("width", "height", "filters"),
    [(16, 10, [32, 64]), (10, 17, [16, 32, 64]), (64, 32, [16, 32, 64])],
)
def test_an_image_enters_a_convolutional_tower(width, height, filters):
    images = [image(width, height, colour=(n, 0, 0)) for n in range(120)]
    [one] = profiles(photo=images)
    choice = models.tower([one])
    assert choice.value == {
        "type": "cnn",
        "height": height,
        "width": width,
        "channels": 3,
        "filters": filters,
        "dense": [128],
        "dropout": 0.2,
        "shift": 0.1,
        "embedding": 64,
    }
    assert models.tower([one], normalize=False).value == {**choice.value, "normalize": False}
    assert "'photo' is an image" in choice.why
    assert "at most 64 pixels a side" in choice.why


@pytest.mark.parametrize(
    ("images", "size"),
    [
        ([image(128, 64)], (32, 64, 3)),
        ([image(64, 256)], (64, 16, 3)),
        ([image(1000, 10)], (8, 64, 3)),
        ([image(64, 64), image(20, 30), image(22, 34)], (34, 22, 3)),
        ([image(9, 9, "L", 7)], (9, 9, 1)),
        ([image(9, 9, "RGB", (5, 5, 5))], (9, 9, 1)),
        ([image(9, 9, "L", 7), image(9, 9)], (9, 9, 3)),
        ([b"no image", image(9, 10, "L", 7)], (10, 9, 1)),
        ([b"no image"], (32, 32, 3)),
        ([], (32, 32, 3)),
    ],
)
def test_the_size_that_fits_most_images(images, size):
    assert models.image_size(images) == size


def test_fifty_images_are_opened_evenly():
    many = [image(8, 8, "L", 1)] * 100
    many[1] = image(8, 8)  # It is skipped: each second one is opened.
    assert models.image_size(many) == (8, 8, 1)
    many[2] = image(8, 8)
    assert models.image_size(many) == (8, 8, 3)


def test_numbers_far_from_the_mean_are_ranked():
    """Of n zeros and a one, the one is √n deviations from the mean."""
    assert models.numbers(profiles(kind=spread(120, b"a", b"b"))) is None
    near = models.numbers(profiles(x=[0.0] * 36 + [1.0]))
    far = models.numbers(profiles(y=NUMBERS[:38], x=[0.0] * 37 + [1.0]))
    assert near.value == "z_scores"
    assert near.why == "No number is far from the others."
    assert far.value == "ranks"
    assert far.why.startswith("'x' has values more than 6 standard deviations from its mean")


def test_what_is_no_finite_number_is_not_far():
    assert models._farthest([0.0] * 9 + [1.0, np.inf, np.nan, b"x"]) == pytest.approx(3.0)
    assert models._farthest([2.0, 2.0]) == 0.0
    assert models._farthest([]) == 0.0


@pytest.mark.parametrize(
    ("tuples", "images", "epochs", "batch"),
    [(20_000, False, 30, 64), (20_001, False, 30, 256), (5, True, 20, 64)],
)
def test_training_that_ends_in_minutes(tuples, images, epochs, batch):
    choice = models.training(tuples, images)
    assert choice.value == {
        "epochs": epochs,
        "batch_size": batch,
        "learning_rate": 0.001,
        "patience": 5,
        "seed": 1,
    }
    assert choice.why.startswith(f"About {tuples:,} tuples an epoch.")
    assert models.training(tuples).value["epochs"] == 30


@pytest.mark.parametrize(
    ("anchors", "count"), [(0, 16), (250, 16), (400, 10), (1000, 4), (2000, 2), (9000, 2)]
)
def test_tuples_of_an_anchor(anchors, count):
    assert models.per_anchor(anchors) == count
    assert models.per_anchor(10, least=1, most=3) == 3
    assert models.per_anchor(10_000, least=1) == 1
