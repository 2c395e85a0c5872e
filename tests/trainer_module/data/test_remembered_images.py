"""A cache of decoded images: it answers as decoding does, and decodes an image once."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from relation.features.images.decode import decode_images
from trainer_module.data.remembered_images import RememberedImages


def _encoded(pixels: np.ndarray, form: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


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


def test_black_and_white_images_are_known_again(decoded):
    """The first pixel of one is 0 and of the other 1; -1 stands for an unknown image."""
    black, white = (_encoded(np.full((4, 4), value, np.uint8), "PNG") for value in (0, 255))
    images = RememberedImages(4, 4, 1, 1)
    for _ in range(2):
        result = images(tf.constant([[black], [white]]))
        assert result.shape == (2, 4, 4, 1)
        assert result.numpy()[:, 0, 0, 0].tolist() == [0.0, 1.0]
    assert decoded == [2]
