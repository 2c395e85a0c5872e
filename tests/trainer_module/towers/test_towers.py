"""What must hold of every tower: it is saved and loaded, a seed decides it, its options work."""

import keras
import numpy as np
import pytest

from tests.trainer_module.towers.helpers import (
    COLOUR,
    IMAGE,
    PRICE,
    TITLE,
    embed,
    gradients,
    saved_and_loaded,
    weights_of,
)
from trainer_module.preprocessing.vocabulary import Vocabulary
from trainer_module.towers.backbone import Backbone
from trainer_module.towers.cnn import Cnn
from trainer_module.towers.dense import Dense
from trainer_module.towers.encoder_decoder import EncoderDecoder
from trainer_module.towers.sequence import Sequence

RNG = np.random.default_rng(0)
VOCABULARIES = {"colour": Vocabulary("item_colour", 5), "title": Vocabulary("item_words", 50)}
PHOTOS = {"photo": RNG.random((6, 32, 32, 3), dtype="float32")}
SMALL = {"height": 32, "width": 32, "channels": 3}
ROWS = {
    "price": RNG.normal(size=(6, 2)).astype("float32"),
    "colour": RNG.integers(0, 5, (6, 1)),
    "title": RNG.integers(0, 50, (6, 6)),
}
TOWERS = {
    "backbone": (Backbone(**SMALL, network="VGG16", weights="none", embedding=4, trainable=True, normalize=False), (IMAGE,), PHOTOS),
    "cnn": (Cnn(**SMALL, filters=(4, 4), dense=(8,), embedding=4, normalize=False), (IMAGE,), PHOTOS),
    "dense": (Dense(dense=(8,), embedding=4, normalize=False), (PRICE, COLOUR, TITLE), ROWS),
    "encoder_decoder": (EncoderDecoder(**SMALL, filters=(4, 8), outputs=4, activation="linear"), (IMAGE,), PHOTOS),
    "sequence": (Sequence(width=8, heads=2, dense=8, embedding=4, normalize=False), (PRICE, COLOUR, TITLE), ROWS),
}  # fmt: skip
NORMS = {
    "batch": keras.layers.BatchNormalization,
    "layer": keras.layers.LayerNormalization,
    "group": keras.layers.GroupNormalization,
}
NOT_OFFERED = {("sequence", "batch"), ("sequence", "group")}  # Padding would change the statistics.
every_tower = pytest.mark.parametrize("name", sorted(TOWERS))


def _built(name: str, seed: int = 1, **changes) -> keras.Model:
    tower, features, _ = TOWERS[name]
    keras.utils.set_random_seed(seed)
    return tower.model_copy(update=changes).build(features, VOCABULARIES)


@every_tower
def test_a_saved_model_answers_the_same(name, tmp_path):
    inputs = TOWERS[name][2]
    network = _built(name, dropout=0.3)
    expected = embed(network, inputs)
    assert expected.dtype == np.float32
    assert expected.shape[0] == 6
    assert expected.shape[-1] == 4
    assert np.ptp(expected, axis=0).max() > 1e-4  # Rows differ, or equality would prove little.
    assert saved_and_loaded(network, inputs, tmp_path) == pytest.approx(expected, abs=1e-5)


@every_tower
def test_a_seed_decides_the_weights(name):
    tower, features, _ = TOWERS[name]
    one, same, other = (weights_of(tower, features, VOCABULARIES, seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other


@every_tower
def test_normalised_embeddings_are_of_unit_length_and_of_the_same_direction(name):
    inputs = TOWERS[name][2]
    plain = embed(_built(name), inputs).astype(np.float64)
    unit = embed(_built(name, normalize=True), inputs)
    lengths = np.linalg.norm(plain, axis=-1, keepdims=True)
    assert np.abs(lengths - 1).max() > 0.01
    assert unit == pytest.approx(plain / np.where(lengths == 0, 1, lengths), abs=1e-4)


@every_tower
def test_dropout_is_for_training_alone(name):
    inputs = TOWERS[name][2]
    network = _built(name, dropout=0.5, norm="none")
    assert embed(network, inputs) == pytest.approx(embed(network, inputs))
    assert np.abs(embed(network, inputs, True) - embed(network, inputs, True)).max() > 1e-4


@every_tower
def test_weight_decay_is_the_sum_of_squares_of_kernels(name):
    assert _built(name).losses == []
    network = _built(name, weight_decay=0.01)
    kernels = [
        np.asarray(w, np.float64)
        for layer in network._flatten_layers()
        for w in layer.trainable_weights
        if getattr(layer, "kernel", None) is w and layer.kernel_regularizer is not None
    ]
    mine = [
        layer
        for layer in network.layers
        if isinstance(
            layer, keras.layers.Dense | keras.layers.Conv2D | keras.layers.Conv2DTranspose
        )
    ]
    assert len(kernels) >= len(mine) >= 1
    expected = 0.01 * sum((kernel**2).sum() for kernel in kernels)
    assert float(sum(network.losses)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "norm"),
    [(name, norm) for name in sorted(TOWERS) for norm in NORMS if (name, norm) not in NOT_OFFERED],
)
def test_norm_normalises(name, norm):
    def count(network) -> int:
        return sum(isinstance(layer, NORMS[norm]) for layer in network.layers)

    assert count(_built(name, norm=norm)) > count(_built(name, norm="none")) == 0


@every_tower
def test_every_weight_has_a_finite_gradient(name):
    network = _built(name)
    actual = gradients(network, TOWERS[name][2])
    assert all(np.isfinite(g).all() for g in actual)
    dead = [v.path for v, g in zip(network.trainable_variables, actual, strict=True) if not g.any()]
    # A bias that all keys share shifts every attention alike, and so changes nothing.
    assert all("key/bias" in path for path in dead)


@every_tower
def test_in_mixed_precision_embeddings_are_still_float32_and_gradients_finite(name):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        inputs = {feature: values[:2] for feature, values in TOWERS[name][2].items()}
        assert embed(_built(name), inputs).dtype == np.float32
        actual = gradients(_built(name, normalize=True), inputs)
        assert all(np.isfinite(g).all() for g in actual)
    finally:
        keras.config.set_dtype_policy("float32")
