"""Image to image: training, signatures, metrics."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from relation.core.errors import RecipeError
from relation.recipe import Model
from relation.schema import Feature, FeatureKind
from relation.spec import LabelKind, Role, pairs, rows
from trainer_module.heads.image import Image
from trainer_module.losses.image_l1 import ImageL1
from trainer_module.model.relational_model import RelationalModel
from trainer_module.objectives.per_tuple import PerTuple
from trainer_module.registry import task_of
from trainer_module.towers.encoder_decoder import EncoderDecoder
from trainer_module.towers.pixels import Pixels
from trainer_module.validate import check_model

ROLES = (Role("image", "photograph"), Role("target", "drawing"))
RELATION = rows(ROLES, LabelKind.IMAGE, 1)
IMAGE = Feature(name="image", kind=FeatureKind.IMAGE, dtype="bytes", width=1)
SIZE = {"height": 8, "width": 8}
RNG = np.random.default_rng(0)
PHOTOGRAPHS = RNG.random((32, 8, 8, 3), dtype="float32")
DRAWINGS = (PHOTOGRAPHS.mean(axis=3, keepdims=True) > 0.5).astype("float32")


def _model() -> RelationalModel:
    keras.utils.set_random_seed(1)
    task = task_of(Image(), RELATION, 0)
    towers = {
        "photograph": EncoderDecoder(**SIZE, channels=3, filters=(8, 8), norm="none"),
        "drawing": Pixels(**SIZE),
    }
    names = dict.fromkeys(towers, ("image",))
    networks = {entity: tower.build((IMAGE,)) for entity, tower in towers.items()}
    return RelationalModel(task, names, networks, PerTuple(task, ImageL1()))


INPUTS = {"image_image": PHOTOGRAPHS, "target_image": DRAWINGS}


def test_the_answer_stands_before_the_image_that_should_be():
    model = _model()
    actual = np.asarray(model(INPUTS))
    assert actual.shape == (32, 2, 8, 8, 1)
    assert (actual[:, 1] == DRAWINGS).all()
    assert actual[:, 0] == pytest.approx(np.asarray(model.towers["photograph"](PHOTOGRAPHS)))
    assert model.task.roles((0,)) == ("image",)
    embeddings = model.embed_roles({"image_image": tf.constant(PHOTOGRAPHS)}, ("image",))
    alone = np.asarray(model.task.outputs(model.head, embeddings, (0,)))
    assert alone == pytest.approx(actual[:, :1])


def test_the_loss_is_that_of_the_images_weighted_by_their_tuples():
    model = _model()
    actual = np.asarray(model(INPUTS))
    each = np.abs(actual[:, 0] - DRAWINGS).mean(axis=(1, 2, 3))
    weights = np.arange(32, dtype="float32")
    loss = model.objective(INPUTS, None, tf.constant(actual), tf.constant(weights))
    assert float(loss) == pytest.approx(np.average(each, weights=weights), rel=1e-5)


def test_it_learns():
    model = _model()
    model.compile(keras.optimizers.Adam(0.01))
    data = tf.data.Dataset.from_tensors((INPUTS, np.zeros((32, 0), "float32")))
    losses = model.fit(data, epochs=60, verbose=0).history["loss"]
    black = DRAWINGS.mean()  # The better of two constants, black and white, is wrong that often.
    assert losses[-1] < 0.5 * min(black, 1 - black) < losses[0]


ENCODER = {"type": "encoder_decoder", "channels": 3, "filters": [4, 4], **SIZE}
PIXELS = {"type": "pixels", **SIZE}
FEATURES = {"photograph": (IMAGE,), "drawing": (IMAGE,)}


def _asked(photograph, drawing, head="image") -> Model:
    return Model.model_validate(
        {
            "towers": {"photograph": photograph, "drawing": drawing},
            "head": {"type": head},
            "loss": {"type": "image_l1" if head == "image" else "contrastive"},
        }
    )


def test_a_fitting_model_passes():
    check_model(_asked(ENCODER, PIXELS), RELATION, FEATURES)


@pytest.mark.parametrize(
    ("model", "relation", "message"),
    [
        (_asked(ENCODER, {**PIXELS, "width": 16}), RELATION, r"gives 8×8×1 and that of drawing 8×16×1"),
        (_asked({**PIXELS, "type": "cnn"}, PIXELS), RELATION, r"photograph gives a vector and that of drawing 8×8×1"),
        (_asked(ENCODER, PIXELS), rows(ROLES, LabelKind.NONE, 1), r"model\.head: got 'image': it works on rows whose label is an image"),
        (_asked(ENCODER, PIXELS, "distance"), pairs("photograph", "drawing"), r"got 'distance', which takes vectors, but the tower of photograph gives images"),
        (_asked(ENCODER, PIXELS, "distance"), RELATION, r"model\.head: got 'distance': it gives one number for two roles"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(model, relation, message):
    with pytest.raises(RecipeError, match=message):
        check_model(model, relation, FEATURES)


def test_an_entity_that_is_an_image_is_embedded_as_one_row():
    for tower in (
        EncoderDecoder(channels=3, filters=(4, 4), outputs=3, **SIZE),
        Pixels(channels=3, **SIZE),
    ):
        images = np.arange(3 * 8 * 8 * 3, dtype="float32").reshape(3, 8, 8, 3)
        rows = np.asarray(tower.vector(tf.constant(images)))
        assert rows.tolist() == images.reshape(3, 192).tolist()
        assert tower.vector(tf.zeros((0, 8, 8, 3))).shape == (0, 192)
