"""The tower from image to image."""

import keras
import numpy as np
import pytest

from relation.core.errors import RecipeError
from relation.recipe import ComponentConfig
from tests.trainer_module.towers.helpers import IMAGE, embed
from trainer_module.registry import TOWERS
from trainer_module.towers.encoder_decoder import EncoderDecoder

TOWER = EncoderDecoder(height=8, width=12, channels=4, filters=(4, 6, 8), outputs=3)
PHOTOS = np.random.default_rng(0).random((2, 8, 12, 4), dtype="float32")


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return TOWER.build((IMAGE,))


def test_every_pixel_has_its_outputs(network):
    result = embed(network, {"photo": PHOTOS})
    assert result.shape == (2, 8, 12, 3)
    assert ((result > 0) & (result < 1)).all()


def test_each_level_has_half_the_size_and_comes_back(network):
    actual = [
        layer.output.shape[1:]
        for layer in network.layers
        if isinstance(layer, keras.layers.MaxPooling2D | keras.layers.Conv2DTranspose)
    ]
    assert actual == [(4, 6, 4), (2, 3, 6), (4, 6, 6), (8, 12, 4)]


def test_detail_passes_beside_the_lowest_level(network):
    """Without what comes up from below, the joined levels still tell single pixels apart."""
    keras.utils.set_random_seed(0)
    network = TOWER.build((IMAGE,))
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2DTranspose):
            layer.set_weights([np.zeros_like(w) for w in layer.get_weights()])
    changed = PHOTOS.copy()
    changed[:, 3, 5] += 1.0
    difference = np.abs(embed(network, {"photo": changed}) - embed(network, {"photo": PHOTOS}))
    assert difference[:, 3, 5].max() > 1e-4
    # Four convolutions of 3x3 see four pixels in each direction, and no further.
    assert difference[:, :, 10:].max() == 0.0


def test_far_pixels_are_seen_through_the_lowest_level(network):
    changed = PHOTOS.copy()
    changed[:, 3, 5] += 1.0
    difference = np.abs(embed(network, {"photo": changed}) - embed(network, {"photo": PHOTOS}))
    assert difference[:, :, 10:].max() > 0.0


def test_it_learns_to_copy_an_image():
    keras.utils.set_random_seed(0)
    network = EncoderDecoder(height=8, width=8, filters=(8, 8), activation="linear").build((IMAGE,))
    images = np.random.default_rng(1).random((32, 8, 8, 1), dtype="float32")
    network.compile(keras.optimizers.Adam(1e-2), "mse")
    history = network.fit({"photo": images}, images, epochs=60, verbose=0)
    # The variance of a uniform number is 1/12, which is what the best constant answer loses.
    assert history.history["loss"][-1] < 0.25 / 12


def test_sizes_that_do_not_halve_are_told():
    TOWER.check((IMAGE,))
    with pytest.raises(ValueError, match=r"3 levels halve the image 2 times: .* multiples of 4"):
        TOWER.model_copy(update={"width": 10}).check((IMAGE,))
    with pytest.raises(ValueError, match="takes one image"):
        TOWER.check((IMAGE, IMAGE))


@pytest.mark.parametrize("channels", [0, 2, 5])
def test_channels_are_1_3_or_4(channels):
    config = ComponentConfig(type="pixels", height=8, width=8, channels=channels)
    with pytest.raises(RecipeError, match=rf"channels: got {channels}; .*1, 3 or 4"):
        TOWERS.resolve(config)
