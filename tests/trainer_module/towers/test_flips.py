"""Random flips: of each image alone, in training alone, and what is answered is flipped back."""

import keras
import numpy as np
import pytest

from tests.trainer_module.towers.helpers import IMAGE, embed, saved_and_loaded
from trainer_module.towers.backbone import Backbone
from trainer_module.towers.cnn import Cnn
from trainer_module.towers.encoder_decoder import EncoderDecoder
from trainer_module.towers.flips import DrawnFlips, Flipped
from trainer_module.towers.image import AXES
from trainer_module.towers.pixels import Pixels

SHAPE = {"height": 32, "width": 48, "channels": 3}
PHOTOS = np.random.default_rng(0).random((32, 32, 48, 3), dtype="float32")
FLIPS = {
    (0, 0): lambda images: images,
    (1, 0): lambda images: images[:, :, ::-1],
    (0, 1): lambda images: images[:, ::-1],
    (1, 1): lambda images: images[:, ::-1, ::-1],
}
"""By whether left and right, and top and bottom, change places."""
TOWERS = {
    "backbone": Backbone(**SHAPE, network="VGG16", weights="none", embedding=4),
    "cnn": Cnn(**SHAPE, filters=(4,), dense=(), norm="none", embedding=4),
    "encoder_decoder": EncoderDecoder(**SHAPE, filters=(4, 4), norm="group", outputs=2),
}
every_tower = pytest.mark.parametrize("name", TOWERS)


def _built(name: str, **changes) -> keras.Model:
    keras.utils.set_random_seed(1)
    return TOWERS[name].model_copy(update=changes).build((IMAGE,))


@pytest.mark.parametrize(("flip", "reached"), [("horizontal", 2), ("both", 4)])
def test_each_image_is_flipped_as_was_drawn_for_it_and_the_same_again_restores_it(flip, reached):
    keras.utils.set_random_seed(1)
    layer, photos = Flipped(AXES[flip]), np.tile(PHOTOS, (4, 1, 1, 1))
    drawn = DrawnFlips(AXES[flip])(photos, training=True)
    flipped = layer(photos, drawn, training=True)
    named = [(*map(int, row), 0)[:2] for row in drawn.numpy()]
    for name, photo, other in zip(named, photos, flipped.numpy(), strict=True):
        assert (other == FLIPS[name](photo[None])[0]).all()
    # Of 128 images; the standard deviation of how often one of two is drawn is 5.7, of four 4.9.
    actual = {name: named.count(name) for name in set(named)}
    assert len(actual) == reached
    assert all(abs(count - 128 / reached) < 20 for count in actual.values())
    assert (layer(flipped, drawn, training=True).numpy() == photos).all()


def test_around_a_network_that_changes_nothing_they_change_nothing():
    image = keras.Input((32, 48, 3))
    flipped, back = Pixels(**SHAPE, flip="both").flipped(image)
    network = keras.Model({"photo": image}, [flipped, back(keras.layers.Identity()(flipped))])
    inside, answer = network({"photo": PHOTOS}, training=True)
    assert (answer.numpy() == PHOTOS).all()
    assert (inside.numpy() != PHOTOS).any()


@every_tower
def test_in_training_the_network_sees_flipped_images(name):
    """Answers are those about each image flipped one way, and of a U-Net flipped back."""
    network = _built(name, flip="both")
    answers = {
        key: embed(network, {"photo": np.ascontiguousarray(flip(PHOTOS))})
        for key, flip in FLIPS.items()
    }
    if name == "encoder_decoder":
        answers = {key: FLIPS[key](answer) for key, answer in answers.items()}
    actual = embed(network, {"photo": PHOTOS}, training=True)
    errors = np.stack([np.abs(actual - a).reshape(32, -1).max(1) for a in answers.values()])
    assert errors.min(axis=0) == pytest.approx(0, abs=1e-5)
    assert set(errors.argmin(axis=0)) == {0, 1, 2, 3}


@every_tower
def test_out_of_training_and_served_it_answers_as_without_flips(name, tmp_path):
    plain, network = _built(name), _built(name, flip="both")
    network.set_weights(plain.get_weights())
    photos = {"photo": PHOTOS[:4]}
    expected = embed(plain, photos)
    assert (embed(network, photos) == expected).all()
    assert saved_and_loaded(network, photos, tmp_path) == pytest.approx(expected, abs=1e-6)


def test_in_mixed_precision_pixels_stay_float32():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        network = _built("encoder_decoder", flip="both")
        assert embed(network, {"photo": PHOTOS[:2]}, training=True).dtype == np.float32
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("tower", [*TOWERS.values(), Pixels(**SHAPE)], ids=[*TOWERS, "pixels"])
def test_a_frozen_tower_is_not_to_flip(tower):
    tower.model_copy(update={"flip": "both"} if not tower.frozen else {}).check((IMAGE,))
    with pytest.raises(ValueError, match="the same way every time: `flip` must be none"):
        tower.model_copy(update={"frozen": True, "flip": "horizontal"}).check((IMAGE,))
