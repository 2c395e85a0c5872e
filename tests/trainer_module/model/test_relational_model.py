"""The relational model: roles of one type share a tower; inputs, labels and images."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from relation.features.images.decode import decode_images
from relation.spec import pairs, triplets
from trainer_module.data.inputs import MICRO_BATCH_WEIGHT, NUMBER
from trainer_module.heads.squared_distance import SquaredDistance
from trainer_module.losses.contrastive import Contrastive
from trainer_module.model.relational_model import RelationalModel
from trainer_module.objectives.per_tuple import PerTuple
from trainer_module.registry import task_of


def _linear() -> keras.Model:
    """A tower that doubles its input of two numbers."""
    x = keras.Input((2,), name="x")
    doubled = keras.layers.Dense(
        2, use_bias=False, kernel_initializer=lambda s, dtype: 2 * np.eye(2)
    )
    return keras.Model({"x": x}, doubled(x))


def test_triplets_are_compared_anchor_to_positive_and_anchor_to_negative():
    model = RelationalModel(
        task_of(SquaredDistance(), triplets("item", "item"), 0),
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


def test_the_loss_of_a_batch_in_training_is_as_heavy_as_the_batch():
    """Micro-batches sum to their batch; penalties of layers count once for all of them."""
    x = keras.Input((1,), name="x")
    kept = keras.layers.Dense(
        1, use_bias=False, kernel_initializer="ones", kernel_regularizer=keras.regularizers.L2(0.5)
    )
    task = task_of(SquaredDistance(), pairs("item", "item"), 0)
    model = RelationalModel(
        task,
        {"item": ("x",)},
        {"item": keras.Model({"x": x}, kept(x))},
        PerTuple(task, Contrastive()),
    )
    inputs = {
        "left_x": tf.constant([[1.0], [2.0]]),
        "right_x": tf.constant([[3.0], [2.0]]),
        MICRO_BATCH_WEIGHT: tf.constant([0.25, 0.25]),
    }
    outputs = model(inputs)  # squared distances 4 and 0: losses 8 and .5
    targets = tf.constant([[1.0], [0.0]])

    def loss(x, training):
        return float(model.compute_loss(x, targets, outputs, training=training))

    whole = loss(inputs, training=False)
    assert whole == pytest.approx(4.25 + 0.5)
    assert loss(inputs, training=True) == pytest.approx(whole / 4)
    del inputs[MICRO_BATCH_WEIGHT]
    assert loss(inputs, training=True) == pytest.approx(whole)


def test_what_is_related_is_known_from_the_kind_of_tuple_or_from_its_label():
    label = tf.constant([[1.0], [0.0]])
    head = SquaredDistance()
    labelled = task_of(head, pairs("item", "item"), 0).targets(label, tf.constant(2))
    assert labelled.numpy().tolist() == [[1.0], [0.0]]
    ordered = task_of(head, triplets("item", "item"), 0).targets(None, tf.constant(2))
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


def test_roles_are_embedded_as_in_inference_unless_it_is_training():
    x = keras.Input((2,), name="x")
    dropped = keras.Model({"x": x}, keras.layers.Dropout(0.999, seed=1)(x))
    task = task_of(SquaredDistance(), pairs("item", "item"), 0)
    model = RelationalModel(task, {"item": ("x",)}, {"item": dropped})
    ones = tf.ones((50, 2))
    inputs = {"left_x": ones, "right_x": ones + 1}
    embeddings = model.embed_roles(inputs, ("left", "right"))
    assert list(embeddings) == ["left", "right"]
    assert np.asarray(embeddings["left"]).tolist() == ones.numpy().tolist()
    assert np.asarray(embeddings["right"]).tolist() == (ones + 1).numpy().tolist()
    assert list(model.embed_roles(inputs, ("right",))) == ["right"]
    assert np.asarray(model(inputs)).tolist() == [[-2.0]] * 50
    training = model.embed_roles(inputs, ("left",), training=True)["left"]
    assert np.count_nonzero(np.asarray(training)) < 50
    assert np.count_nonzero(np.asarray(model(inputs, training=True)) + 2.0) > 0


@pytest.mark.parametrize(
    ("numbers", "first"), [([7, 8, 9, 10], [7, 8, 9]), ([7, 8], [7, 8, -1]), ([0], [0, -1, -1])]
)
def test_the_first_three_tuples_of_the_latest_batch_are_kept(numbers, first):
    task = task_of(SquaredDistance(), pairs("item", "item"), 0)
    objective = PerTuple(task, Contrastive())
    model = RelationalModel(task, {"item": ("x",)}, {"item": _linear()}, objective)
    model.compile("sgd")
    ones = tf.ones((len(numbers), 2))
    inputs = {"left_x": ones, "right_x": 2 * ones}
    assert model.first_numbers.numpy().tolist() == [0, 0, 0]
    logs = model.train_step(({**inputs, NUMBER: tf.constant(numbers, tf.int64)}, ones[:, :1]))
    assert model.first_numbers.numpy().tolist() == first
    # Related at a squared distance of 8: a loss of 8² / 2.
    assert float(logs["loss"]) == pytest.approx(32.0)
    model.train_step((inputs, ones[:, :1]))
    assert model.first_numbers.numpy().tolist() == first


def test_the_loss_is_weighed_by_the_weights_of_tuples_and_counts_as_training_by_default():
    task = task_of(SquaredDistance(), pairs("item", "item"), 0)
    model = RelationalModel(
        task, {"item": ("x",)}, {"item": _linear()}, PerTuple(task, Contrastive())
    )
    inputs = {
        "left_x": tf.constant([[0.0, 0.0], [0.0, 0.0]]),
        "right_x": tf.constant([[1.0, 0.0], [0.5, 0.0]]),
        MICRO_BATCH_WEIGHT: tf.constant([3.0, 3.0]),
    }
    outputs, targets = model(inputs), tf.ones((2, 1))
    # Squared distances of 4 and 1 lose 8 and 0.5; weighted by 1 and 3 their mean is 9.5 / 4.
    weighted = model.compute_loss(inputs, targets, outputs, tf.constant([1.0, 3.0]))
    assert float(weighted) == pytest.approx(3 * 9.5 / 4)
