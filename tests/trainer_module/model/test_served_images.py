"""Rows whose images cannot be used are marked, and the others are answered."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from relation.features.images.readable import BLANK
from trainer_module.model.served_images import marked, without_faults


def png():
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((2, 2), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


GOOD = png()


@pytest.mark.parametrize(
    ("may_lack", "usable"), [(False, [True, False, False]), (True, [True, False, True])]
)
def test_a_blank_stands_for_an_image_that_cannot_be_read(may_lack, usable):
    features = {"a": tf.constant([[GOOD], [b"no image"], [b""]]), "x": tf.constant([[1], [2], [3]])}
    result, rows = without_faults(features, {"a": may_lack})
    blank = BLANK.numpy() if hasattr(BLANK, "numpy") else BLANK
    assert result["a"].numpy().tolist() == [[GOOD], [blank], [blank]]
    assert result["x"] is features["x"]
    assert rows.numpy().tolist() == usable
    assert features["a"].numpy()[2, 0] == b""


def test_a_row_is_usable_where_all_of_its_images_are():
    features = {
        "a": tf.constant([[GOOD], [b""], [GOOD]]),
        "b": tf.constant([[GOOD], [GOOD], [b"no"]]),
    }
    _, rows = without_faults(features, {"a": False, "b": False})
    assert rows.numpy().tolist() == [True, False, False]


def test_without_images_every_row_is_answered():
    features = {"x": tf.constant([[1.0]])}
    result, rows = without_faults(features, {})
    assert (result, rows) == (features, None)
    assert marked(features["x"], None) is features["x"]


@pytest.mark.parametrize("shape", [(2,), (2, 3), (2, 2, 2, 1)])
def test_unusable_rows_are_not_a_number(shape):
    answers = marked(tf.ones(shape), tf.constant([True, False])).numpy()
    assert answers.shape == shape
    assert (answers[0] == 1).all()
    assert np.isnan(answers[1]).all()
