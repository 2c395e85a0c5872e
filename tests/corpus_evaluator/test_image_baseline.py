"""Label images without training, by hand and against scikit-learn."""

import io
import math

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
from apache_beam.testing.util import assert_that, equal_to
from PIL import Image
from sklearn.metrics import mean_squared_error

from components.corpus_evaluator.baselines import image_baseline
from components.corpus_evaluator.baselines.image_baseline import BRIGHTNESS, PIXEL, of_images

SHAPE = (1, 2, 1)


def sums(labels, images=None, shape=SHAPE):
    """Of label images, and of inputs, given as rows of numbers of one byte."""
    found = image_baseline.no_sums(shape)
    for number, label in enumerate(labels):
        pixels = np.array(label, np.uint8).reshape(shape)
        found[PIXEL] += image_baseline.by_pixel(pixels)
        if images is not None:
            image = np.array(images[number], np.uint8).reshape(*shape[:2], 1)
            found[BRIGHTNESS] += image_baseline.by_brightness(pixels, image)
    return found


def test_the_mean_label_by_hand():
    train, held_out = sums([[0, 255], [51, 255]]), sums([[51, 204]])
    # Said is .1 and 1, where .2 and .8 are right.
    expected = ("mse", (0.1**2 + 0.2**2) / 2, "the mean label image", "below")
    assert of_images(train, held_out)[:4] == pytest.approx(expected)


def test_a_threshold_of_the_input_by_hand():
    train = sums([[0, 255], [255, 0]], [[10, 90], [90, 10]])
    # Bright is on; at either place it is a matter of chance. 200 is not known: the mean, .5.
    held_out = sums([[255, 0], [0, 255]], [[90, 10], [10, 200]])
    expected = ("mse", 0.5**2 / 4, "brightness of the input", "below")
    actual = of_images(train, held_out)
    assert actual[:4] == pytest.approx(expected)
    assert [(each.by, each.train) for each in actual.candidates] == [(BRIGHTNESS, 0), (PIXEL, 0.25)]


def test_of_two_baselines_the_one_that_training_labels_prefer_is_taken():
    train = sums([[0, 255], [255, 0]], [[10, 90], [90, 10]])
    held_out = sums([[255, 0]], [[10, 90]])  # Bright is off: the mean of all would be better.
    assert of_images(train, held_out)[:3] == ("mse", 1.0, BRIGHTNESS)


@pytest.mark.parametrize("channels", [1, 3])
def test_errors_agree_with_scikit_learn(channels):
    rng = np.random.default_rng(channels)
    labels = rng.integers(0, 256, (9, 4, 5, channels))
    images = rng.integers(0, 4, (9, 4, 5, 1))
    shape = labels.shape[1:]
    train, held_out = (
        sums(labels[part], images[part], shape) for part in (slice(0, 6), slice(6, 9))
    )
    mean = np.broadcast_to(labels[:6].mean(axis=0), labels[6:].shape)
    by_level = np.empty(labels[6:].shape)
    for level in range(4):
        for channel in range(channels):
            known = labels[:6][..., channel][images[:6, ..., 0] == level]
            by_level[..., channel][images[6:, ..., 0] == level] = known.mean()
    for name, said in ((PIXEL, mean), (BRIGHTNESS, by_level)):
        wanted = mean_squared_error(labels[6:].ravel() / 255, said.ravel() / 255)
        actual = image_baseline.squared_error(train[name], held_out[name])
        assert actual == pytest.approx(wanted, abs=1e-12)


def test_without_images_there_is_no_baseline():
    nothing, some = image_baseline.no_sums(SHAPE), sums([[1, 2]])
    for train, held_out in ((nothing, some), (some, nothing), (nothing, nothing)):
        assert math.isnan(image_baseline.squared_error(train[PIXEL], held_out[PIXEL]))
        assert of_images(train, held_out) is None


def example(**images):
    found = tf.train.Example()
    for name, pixels in images.items():
        value = pixels
        if not isinstance(pixels, bytes):
            buffer = io.BytesIO()
            Image.fromarray(np.array(pixels, np.uint8)).save(buffer, "PNG")
            value = buffer.getvalue()
        found.features.feature[name].bytes_list.value.append(value)
    return found.SerializeToString()


def test_files_are_added_up_and_what_does_not_decode_is_left_out(tmp_path):
    records = [
        example(photo_image=[[[10] * 3, [90] * 3]], mask_image=[[0, 255]]),  # In colour.
        example(photo_image=[[90, 10]], mask_image=[[255, 0]]),
        example(mask_image=[[255, 0]]),  # No input.
        example(photo_image=b"no image", mask_image=[[255, 0]]),
        example(photo_image=[[90, 10]]),
        example(photo_image=[[90, 10]], mask_image=b"no image"),
        example(photo_image=[[90, 10], [90, 10]], mask_image=[[255, 0]] * 2),  # Of another size.
    ]
    paths = [str(tmp_path / name) for name in ("one", "two", "three")]
    for path, part in zip(paths, (records[:3], records[3:], ()), strict=True):
        with tf.io.TFRecordWriter(path) as writer:
            for record in part:
                writer.write(record)
    folder = str(tmp_path / "sums")
    reader = image_baseline.ReadImages(folder, "mask_image", "photo_image", SHAPE)

    with beam.Pipeline() as pipeline:
        assert_that(pipeline | beam.Create(paths) | beam.ParDo(reader), equal_to([3, 2, 0]))

    expected = sums([[0, 255]] + [[255, 0]] * 4)[PIXEL]
    known = sums([[0, 255], [255, 0], [255, 0]], [[10, 90], [90, 10], [90, 10]])[BRIGHTNESS]
    actual = image_baseline.read(folder, SHAPE)
    assert actual[PIXEL].tolist() == expected.tolist()
    assert actual[BRIGHTNESS].tolist() == known.tolist()
