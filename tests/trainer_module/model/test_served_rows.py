"""Signatures of every kind of tower: no rows give no answers, and a bad image marks its row alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_transform import TFTransformOutput

from relation.names import prefixed
from relation.schema import Feature, FeatureKind
from relation.spec import LabelKind, Role, lists, pairs, rows, tags
from tests.encoded_images import png, saved
from tests.relations import compiled
from tests.trainer_module.transformed import transform
from trainer_module.heads.alignment import Alignment
from trainer_module.heads.cosine import Cosine
from trainer_module.heads.image import Image
from trainer_module.heads.scorer import Scorer
from trainer_module.heads.tag import Tag
from trainer_module.model.relational_model import RelationalModel
from trainer_module.model.signatures import ServingModule
from trainer_module.model.transform_graph import TransformGraph
from trainer_module.preprocessing.transform import vocabularies
from trainer_module.registry import task_of
from trainer_module.request import PreprocessingRequest
from trainer_module.towers.cnn import Cnn
from trainer_module.towers.dense import Dense
from trainer_module.towers.encoder_decoder import EncoderDecoder
from trainer_module.towers.pixels import Pixels
from trainer_module.towers.sequence import Sequence
from trainer_module.towers.words import Words

PRICE = Feature(name="price", kind=FeatureKind.NUMERIC, dtype="float", width=2)
COLOUR = Feature(name="colour", kind=FeatureKind.CATEGORICAL, dtype="bytes", width=1)
TITLE = Feature(name="title", kind=FeatureKind.TEXT, dtype="bytes", width=4)
PHOTO = Feature(name="photo", kind=FeatureKind.IMAGE, dtype="bytes", width=1)
ALL = (PRICE, COLOUR, TITLE, PHOTO)
SIZE = {"height": 8, "width": 8}
TYPES = {"bytes": tf.string, "float": tf.float32}
RNG = np.random.default_rng(0)
GOOD = [png(RNG.integers(0, 256, (8, 8, 1))) for _ in range(4)]
BAD = {
    "none": None,
    "no bytes": b"",
    "no image": b"no image of any kind, but longer than a header",
    "a PNG cut short": GOOD[0][:-20],
    "a JPEG cut short": saved(RNG.integers(0, 256, (32, 32), np.uint8), "JPEG")[:-200],
    "a bomb": png(np.zeros((1, 1)), size=(30_000, 30_000)),
    "a GIF": saved(RNG.integers(0, 256, (8, 8), np.uint8), "GIF"),
}


def _values(number: int) -> dict[str, list]:
    return {
        "price": [float(number), 1.0],
        "colour": [b"red" if number % 2 else b"blue"],
        "title": [b"a word", b"and %d" % (number % 3)],
        "photo": [GOOD[number % len(GOOD)]],
    }


@pytest.fixture(scope="module")
def z_scores(tmp_path_factory) -> TFTransformOutput:
    return _transform("z_scores", tmp_path_factory)


def _transform(numbers, tmp_path_factory) -> TFTransformOutput:
    """Of pairs of items of all features."""
    relation = compiled(
        {"item": "sku"}, {"type": "pairs", "source": {"type": "same_label", "feature": "brand"}}
    )
    asked = PreprocessingRequest(compiled=relation, features={"item": ALL}, numbers=numbers)
    spec = {
        prefixed(role, feature.name): tf.io.VarLenFeature(TYPES[feature.dtype])
        for role in ("left", "right")
        for feature in ALL
    } | {"relation": tf.io.VarLenFeature(tf.float32)}
    items = [{f"left_{n}": v for n, v in _values(number).items()} for number in range(8)]
    return transform(asked, spec, items, tmp_path_factory.mktemp("transform"))[1]


class AsLeft(TransformGraph):
    """The Transform graph of pairs for roles of other names, each taken as the left one."""

    def __call__(self, raw):
        roles = {name.rpartition("_")[0] for name in raw}
        outputs = {}
        for role in roles:
            mine = {
                f"left_{name.removeprefix(role + '_')}": value
                for name, value in raw.items()
                if name.startswith(f"{role}_")
            }
            for name, value in super().__call__(mine).items():
                if name.removeprefix("left_") in {f.name for f in ALL}:
                    outputs[prefixed(role, name.removeprefix("left_"))] = value
        return outputs


def _module(transform, tower, features, head, relation) -> ServingModule:
    keras.utils.set_random_seed(1)
    towers = {"item": tower}
    words = vocabularies(transform, {"item": features})["item"]
    model = RelationalModel(
        task_of(head, relation, 0),
        {"item": tuple(feature.name for feature in features)},
        {"item": tower.build(features, words)},
    )
    return ServingModule(model, AsLeft(transform), {"item": features}, towers)


def _example(*members: dict, roles=("",)) -> bytes:
    """A raw tuple of members by role; of one role "": a raw entity."""
    example = tf.train.Example()
    for role, member in zip(roles, members, strict=True):
        for name, values in member.items():
            feature = example.features.feature[prefixed(role, name) if role else name]
            for value in values:
                if isinstance(value, bytes):
                    feature.bytes_list.value.append(value)
                elif value is not None:
                    feature.float_list.value.append(value)
    return example.SerializeToString()


PAIRS = pairs("item", "item")
IMAGES = rows((Role("left", "item"), Role("right", "item")), LabelKind.IMAGE, 1)
KINDS = {
    "dense": (Dense(dense=(4,), embedding=4), (PRICE, COLOUR, TITLE), Cosine(), PAIRS),
    "sequence": (Sequence(width=8, heads=2, dense=8, embedding=4), (PRICE, TITLE), Cosine(), PAIRS),
    "words": (Words(embedding=8), (PRICE, TITLE), Alignment(), PAIRS),
    "cnn": (Cnn(**SIZE, filters=(4, 4), dense=(8,), embedding=4), ALL, Cosine(), PAIRS),
    "encoder_decoder": (EncoderDecoder(**SIZE, filters=(4, 4)), (PHOTO,), Image(), IMAGES),
    "pixels": (Pixels(**SIZE), (PHOTO,), Image(), IMAGES),
    "tags": (Cnn(**SIZE, filters=(4,), dense=(), embedding=4), (PHOTO,), Tag(), tags("item", 3)),
    "lists": (Cnn(**SIZE, filters=(4,), dense=(), embedding=4), (PHOTO,), Scorer(), lists("item", None, 3)),
}  # fmt: skip
IMAGE_KINDS = [name for name, (_, features, *_) in KINDS.items() if PHOTO in features]


def test_no_rows_give_no_answers_with_ranks(tmp_path_factory):
    _check_no_rows("dense", _transform("ranks", tmp_path_factory))


@pytest.mark.parametrize("kind", KINDS)
def test_no_rows_give_no_answers_of_the_same_shape(kind, z_scores):
    _check_no_rows(kind, z_scores)


def _check_no_rows(kind, transform):
    tower, features, head, relation = KINDS[kind]
    module = _module(transform, tower, features, head, relation)
    signatures = module.signatures()
    roles = [role.name for role in relation.roles]
    pair = _example(*[_values(n) for n in range(len(roles))], roles=roles)
    for name, signature in signatures.items():
        raw = _example(_values(0)) if name.startswith("embed_") else pair
        some = signature(examples=tf.constant([raw, raw]))
        none = signature(examples=tf.constant([], tf.string))
        for output, values in some.items():
            assert values.shape[0] == 2
            assert none[output].shape == (0, *values.shape[1:]), (name, output)
            assert np.isfinite(values).all()


@pytest.mark.parametrize("kind", IMAGE_KINDS)
def test_a_row_without_a_usable_image_is_marked_and_no_other(kind, z_scores):
    tower, features, head, relation = KINDS[kind]
    module = _module(z_scores, tower, features, head, relation)
    signatures = module.signatures()
    roles = [role.name for role in relation.roles]
    for name, signature in signatures.items():
        of = [""] if name.startswith("embed_") else roles
        members = [[_values(row + n) for n in range(len(of))] for row in range(2 + len(BAD))]
        good = [_example(*those, roles=of) for those in members[:2]]
        bad = []
        for those, image in zip(members[2:], BAD.values(), strict=True):
            those[0] = those[0] | {"photo": [image]}
            bad.append(_example(*those, roles=of))
        ((output, expected),) = signature(examples=tf.constant(good)).items()
        actual = signature(examples=tf.constant([good[0], *bad, good[1]]))[output].numpy()
        np.testing.assert_allclose(actual[[0, -1]], expected.numpy(), rtol=1e-4, atol=1e-6)
        assert np.isnan(actual[1:-1]).all(), (name, output)


def test_a_document_that_a_list_does_not_have_is_no_fault(z_scores):
    tower, features, head, relation = KINDS["lists"]
    module = _module(z_scores, tower, features, head, relation)
    names = [role.name for role in relation.roles]
    whole, short = ([_values(n) for n in range(count)] for count in (3, 2))
    raw = [_example(*whole, roles=names), _example(*short, roles=names[:2])]
    raw.append(_example(*short, {"photo": [b"no image, but as long as one"]}, roles=names))
    scores = module.signatures()["evaluate"](examples=tf.constant(raw))["scores"].numpy()
    assert scores[1, :2] == pytest.approx(scores[0, :2], abs=1e-5)
    assert np.isfinite(scores[:2]).all()
    assert np.isnan(scores[2]).all()
