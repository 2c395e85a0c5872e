"""Embeddings that are trained towards the features of a frozen tower."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from relation.core.errors import RecipeError
from relation.recipe import Model
from relation.schema import Feature, FeatureKind
from relation.spec import triplets
from tests.trainer_module.heads.helpers import call
from tests.trainer_module.losses.helpers import value
from trainer_module.heads.feature_error import FeatureError
from trainer_module.losses.feature_matching import FeatureMatching
from trainer_module.model.relational_model import RelationalModel
from trainer_module.objectives.per_tuple import PerTuple
from trainer_module.registry import task_of
from trainer_module.towers.cnn import Cnn
from trainer_module.validate import check_model

RNG = np.random.default_rng(0)
LEFT, RIGHT = RNG.normal(size=(2, 5, 4))
L1 = np.abs(LEFT - RIGHT).sum(1)
L2 = ((LEFT - RIGHT) ** 2).sum(1)
COSINE = (LEFT * RIGHT).sum(1) / np.sqrt((LEFT**2).sum(1) * (RIGHT**2).sum(1))
IMAGE = Feature(name="image", kind=FeatureKind.IMAGE, dtype="bytes", width=1)
CNN = {"type": "cnn", "height": 8, "width": 8}


@pytest.mark.parametrize(
    ("weights", "error"),
    [
        ({"l2": 0, "l1": 1}, L1),
        ({}, L2),
        ({"l2": 0, "cosine": 1}, 1 - COSINE),
        ({"l1": 0.5, "l2": 0.25, "cosine": 2}, 0.5 * L1 + 0.25 * L2 + 2 * (1 - COSINE)),
    ],
)
def test_the_error_of_features(weights, error):
    actual = call(FeatureError(**weights).build(), LEFT, RIGHT)
    assert actual == pytest.approx(-error, abs=1e-5)


def test_only_what_is_related_is_matched():
    related = [[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    errors = value(FeatureMatching(), related, [[-2.0, -9.0], [-1.0, -4.0], [-5.0, -5.0]])
    assert errors == pytest.approx([2.0, 2.5, 0.0])


def test_the_frozen_tower_stays_and_the_other_comes_to_foretell_it():
    keras.utils.set_random_seed(1)
    shape = {"height": 8, "width": 8, "filters": (4,), "dense": (), "embedding": 4}
    teacher = Cnn(**shape, frozen=True).build((IMAGE,))
    before = [w.copy() for w in teacher.get_weights()]
    head = FeatureError(l2=0, cosine=1)
    task = task_of(head, triplets("photograph", "drawing"), 0)
    model = RelationalModel(
        task,
        {"photograph": ("image",), "drawing": ("image",)},
        {"photograph": Cnn(**shape, norm="none").build((IMAGE,)), "drawing": teacher},
        PerTuple(task, FeatureMatching()),
    )
    model.compile(keras.optimizers.Adam(0.01))
    images = RNG.random((3, 32, 8, 8, 1), dtype="float32")
    roles = ("anchor_image", "positive_image", "negative_image")
    inputs = dict(zip(roles, images, strict=True))
    inputs["positive_image"] = inputs["anchor_image"] ** 2
    data = tf.data.Dataset.from_tensors((inputs, np.tile(np.float32([[1, 0]]), (32, 1))))
    losses = model.fit(data, epochs=60, verbose=0).history["loss"]
    assert losses[-1] < 0.3 * losses[0]
    for one, other in zip(before, teacher.get_weights(), strict=True):
        assert (one == other).all()
    assert len(model.trainable_variables) == 4  # A kernel and a bias of two layers.


@pytest.mark.parametrize(
    ("photograph", "drawing", "message"),
    [
        ({}, {}, r"model\.towers\.drawing\.frozen: got false; .* trains anchor to match fixed features of positive"),
        ({"frozen": True}, {"frozen": True}, r"model\.towers\.photograph\.frozen: got true"),
        ({}, {"frozen": True, "shift": 0.1}, r"model\.towers\.drawing: got 'cnn': .* `shift` must be 0"),
        ({}, {"frozen": True, "dropout": 0.1}, r"model\.towers\.drawing: got 'cnn': .* no `dropout`"),
    ],
)  # fmt: skip
def test_what_would_collapse_or_waver_is_told(photograph, drawing, message):
    model = Model.model_validate(
        {
            "towers": {"photograph": {**CNN, **photograph}, "drawing": {**CNN, **drawing}},
            "head": {"type": "feature_error"},
            "loss": {"type": "feature_matching"},
        }
    )
    features = {"photograph": (IMAGE,), "drawing": (IMAGE,)}
    with pytest.raises(RecipeError, match=message):
        check_model(model, triplets("photograph", "drawing"), features)
