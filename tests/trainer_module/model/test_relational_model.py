"""The relational model: roles of one type share a tower; inputs, labels and images."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from relation.features.images.decode import decode_images
from relation.spec import pairs, triplets
from trainer_module.data.inputs import MICRO_BATCH_WEIGHT
from trainer_module.data.remembered_images import RememberedImages
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


def _random_images(count: int, side: int = 4) -> list[bytes]:
    rng = np.random.default_rng(1)
    return [_encoded(rng.integers(0, 256, (side, side), np.uint8), "PNG") for _ in range(count)]


@pytest.mark.parametrize("memory_mb", [0, 1])
def test_remembered_images_are_those_that_are_decoded(memory_mb):
    one, other, third = _random_images(3)
    images = RememberedImages(4, 4, 1, memory_mb)
    batches = [[one, other, one], [other, third, one], [third, one, other]]
    dataset = tf.data.Dataset.from_tensor_slices(batches).map(images, num_parallel_calls=2)
    for found, batch in zip(dataset.as_numpy_iterator(), batches, strict=True):
        assert found.tolist() == decode_images(tf.constant(batch), 4, 4, 1).numpy().tolist()


@pytest.fixture
def decoded(monkeypatch) -> list[int]:
    """How many images each call decodes."""
    calls = []

    def counted(encoded, *size):
        calls.append(len(encoded))
        return decode_images(encoded, *size)

    monkeypatch.setattr("trainer_module.data.remembered_images.decode_images", counted)
    return calls


def test_an_image_is_decoded_once(decoded):
    one, other, third = _random_images(3)
    images = RememberedImages(4, 4, 1, 1)
    for batch in ([one, other], [third, one], [other, third]):
        images(tf.constant(batch))
    assert decoded == [2, 1]


def test_what_is_remembered_stays_within_the_memory(decoded):
    # Each takes 256 KiB of pixels and its encoded bytes: three fit in one MiB, four do not.
    side, known = 256, _random_images(4)
    images = RememberedImages(side, side, 1, 1)
    for _ in range(2):
        for image in known:
            images(tf.constant([image]))
    assert decoded == [1, 1, 1, 1, 1]


def test_an_image_of_another_size_is_resampled_antialiased():
    half = np.zeros((8, 8), np.uint8)
    half[:, 4:] = 255
    result = decode_images(tf.constant([_encoded(half, "PNG")]), 4, 4, 1).numpy()[0, :, :, 0]
    assert result[:, 0] == pytest.approx(np.zeros(4))
    assert result[:, 3] == pytest.approx(np.ones(4))
