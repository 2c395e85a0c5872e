"""The pretrained tower: weights come from a file, are frozen or not, and go with their pixels."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.trainer_module.towers.helpers import IMAGE, embed, gradients
from trainer_module.towers.backbone import Backbone, _family, networks

SIZE = {"height": 32, "width": 32}
PHOTOS = np.random.default_rng(0).random((4, 32, 32, 3), dtype="float32")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A ResNet50 that took a step of training from random weights, and a file of its weights."""
    keras.utils.set_random_seed(5)
    network = keras.applications.ResNet50(
        include_top=False, weights=None, input_shape=(32, 32, 3), pooling="avg"
    )
    network.compile(keras.optimizers.SGD(1e-3), "mse")
    network.fit(255 * PHOTOS, np.zeros((4, 2048)), epochs=1, verbose=0)
    file = str(tmp_path_factory.mktemp("weights") / "resnet.weights.h5")
    network.save_weights(file)
    return network, file


def _features(network, photos) -> np.ndarray:
    """As its authors call it: RGB to BGR, less the mean of ImageNet, from 0 to 255."""
    pixels = 255 * photos[..., ::-1] - np.array([103.939, 116.779, 123.68], "float32")
    return network(tf.constant(pixels), training=False).numpy()


def test_weights_come_from_the_file_and_pixels_are_as_they_were_trained(trained):
    network, file = trained
    expected = _features(network, PHOTOS)
    tower = Backbone(**SIZE, weights=file, embedding=0, normalize=False)
    tower.check((IMAGE,))
    keras.utils.set_random_seed(6)
    result = embed(tower.build((IMAGE,)), {"photo": PHOTOS})
    assert result.shape == (4, 2048)
    assert np.abs(expected).max() > 0.01
    assert result == pytest.approx(expected, rel=1e-3, abs=1e-4 * float(np.abs(expected).max()))
    keras.utils.set_random_seed(6)
    other = tower.model_copy(update={"weights": "none"}).build((IMAGE,))
    assert np.abs(embed(other, {"photo": PHOTOS}) - expected).max() > 0.1 * np.abs(expected).max()


def test_a_frozen_network_is_as_before_after_training(trained):
    network, file = trained
    tower = Backbone(**SIZE, weights=file, embedding=3)
    frozen = tower.build((IMAGE,))
    assert [v.shape for v in frozen.trainable_variables] == [(2048, 3), (3,)]
    frozen.compile("sgd", "mse")
    frozen.fit({"photo": PHOTOS}, np.ones((4, 3)), verbose=0)
    inner = frozen.get_layer("frozen").network
    # Not the statistics of batch normalisation either.
    for before, after in zip(network.get_weights(), inner.get_weights(), strict=True):
        assert (before == after).all()


def test_a_trainable_network_is_trained():
    tower = Backbone(**SIZE, network="VGG16", weights="none", embedding=3, trainable=True)
    network = tower.build((IMAGE,))
    assert len(network.trainable_variables) == 2 * 13 + 2
    assert all(g.any() for g in gradients(network, {"photo": PHOTOS}))


def test_without_an_embedding_a_frozen_tower_has_nothing_to_learn():
    network = Backbone(**SIZE, network="VGG16", weights="none", embedding=0).build((IMAGE,))
    assert network.trainable_variables == []
    assert network.output_shape == (None, 512)


def test_a_frozen_network_gives_the_same_features_while_training():
    """EfficientNet drops whole blocks at random while it is trained."""
    options = {"network": "EfficientNetB0", "weights": "none", "embedding": 0, "normalize": False}
    network = Backbone(**SIZE, **options).build((IMAGE,))
    expected = embed(network, {"photo": PHOTOS})
    assert expected.any()
    assert embed(network, {"photo": PHOTOS}, training=True) == pytest.approx(
        expected, rel=1e-3, abs=1e-3 * float(np.abs(expected).max())
    )


def test_its_features_are_float32_in_mixed_precision():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        tower = Backbone(**SIZE, network="VGG16", weights="none", embedding=0, normalize=False)
        assert embed(tower.build((IMAGE,)), {"photo": PHOTOS[:1]}).dtype == np.float32
    finally:
        keras.config.set_dtype_policy("float32")


def test_what_it_cannot_take_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"expected a network of keras\.applications"):
        Backbone(**SIZE, network="ResNet51")
    with pytest.raises(ValueError, match=r"expected a network of keras\.applications"):
        Backbone(**SIZE, network="preprocess_input")
    with pytest.raises(
        ValueError, match=r"weights: got '.*nowhere.h5'; expected imagenet, none, or"
    ):
        Backbone(**SIZE, weights=str(tmp_path / "nowhere.h5")).check((IMAGE,))
    Backbone(**SIZE, weights="imagenet").check((IMAGE,))
    with pytest.raises(ValueError, match="channels"):
        Backbone(**SIZE, channels=1)


@pytest.mark.parametrize("name", ["ResNet51", "resnet50", "preprocess_input", ""])
def test_no_module_has_what_is_no_network(name):
    with pytest.raises(ValueError, match=f"^keras.applications has no '{name}'$"):
        _family(name)


def test_a_network_goes_with_the_pixels_of_its_family():
    assert _family("ResNet50").preprocess_input is keras.applications.resnet.preprocess_input
    assert _family("VGG16").preprocess_input is keras.applications.vgg16.preprocess_input
    names = networks()
    assert {"ResNet50", "MobileNetV2", "VGG16"} <= set(names)
    assert all(hasattr(keras.applications, name) for name in names)


def test_a_frozen_tower_is_not_trainable():
    tower = Backbone(**SIZE, weights="none", frozen=True, trainable=True)
    with pytest.raises(ValueError, match=r"^trainable: got true; expected false, since"):
        tower.check((IMAGE,))
    tower.model_copy(update={"trainable": False}).check((IMAGE,))
    tower.model_copy(update={"frozen": False}).check((IMAGE,))
