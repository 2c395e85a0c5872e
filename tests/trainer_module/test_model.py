"""The relational model: roles of one type share a tower; inputs, labels and images."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from relation.spec import pairs, triplets
from trainer_module.answers import answer_of
from trainer_module.heads.squared_distance import SquaredDistance
from trainer_module.images import decode_images
from trainer_module.model import RelationalModel


def _linear() -> keras.Model:
    """A tower that doubles its input of two numbers."""
    x = keras.Input((2,), name="x")
    doubled = keras.layers.Dense(
        2, use_bias=False, kernel_initializer=lambda s, dtype: 2 * np.eye(2)
    )
    return keras.Model({"x": x}, doubled(x))


def test_triplets_are_compared_anchor_to_positive_and_anchor_to_negative():
    model = RelationalModel(
        answer_of(SquaredDistance(), triplets("item", "item"), 0),
        {"item": ("x",)},
        {"item": _linear()},
    )
    result = model(
        {
            "anchor_x": np.array([[0.0, 0.0], [1.0, 1.0]], "float32"),
            "positive_x": np.array([[1.0, 0.0], [1.0, 1.0]], "float32"),
            "negative_x": np.array([[0.0, 3.0], [1.0, 2.0]], "float32"),
        }
    )
    # Embeddings are doubled, so squared distances are four times those of the inputs.
    assert np.asarray(result).tolist() == [[-4.0, -36.0], [0.0, -4.0]]
    assert len(model.trainable_variables) == 1


def test_what_is_related_is_known_from_the_kind_of_tuple_or_from_its_label():
    label = tf.constant([[1.0], [0.0]])
    head = SquaredDistance()
    labelled = answer_of(head, pairs("item", "item"), 0).targets(label, tf.constant(2))
    assert labelled.numpy().tolist() == [[1.0], [0.0]]
    ordered = answer_of(head, triplets("item", "item"), 0).targets(None, tf.constant(2))
    assert ordered.numpy().tolist() == [[1.0, 0.0]] * 2


def _encoded(pixels: np.ndarray, form: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


def test_images_are_decoded_to_unit_range_whatever_their_form_and_size():
    grey = np.arange(16, dtype=np.uint8).reshape(4, 4) * 17
    colour = np.full((8, 8, 3), 51, np.uint8)
    result = decode_images(
        tf.constant([[_encoded(grey, "PNG")], [_encoded(colour, "JPEG")]]), 4, 4, 1
    ).numpy()
    assert result.shape == (2, 4, 4, 1)
    assert result[0, :, :, 0] == pytest.approx(grey / 255.0)
    assert result[1] == pytest.approx(np.full((4, 4, 1), 0.2), abs=0.01)


def test_an_image_of_another_size_is_resampled_antialiased():
    half = np.zeros((8, 8), np.uint8)
    half[:, 4:] = 255
    result = decode_images(tf.constant([_encoded(half, "PNG")]), 4, 4, 1).numpy()[0, :, :, 0]
    assert result[:, 0] == pytest.approx(np.zeros(4))
    assert result[:, 3] == pytest.approx(np.ones(4))
