"""What must hold of every head: finite gradients, float32 answers, training, a seed decides it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from relation.spec import LabelKind, lists, pairs, ranked_pairs, tags, triplets
from tests.trainer_module.heads.helpers import call, gradients
from trainer_module.heads.concat_mlp import ConcatMlp
from trainer_module.heads.conditioned import Conditioned
from trainer_module.heads.cosine import Cosine
from trainer_module.heads.distance import Distance
from trainer_module.heads.dot import Dot
from trainer_module.heads.logistic_distance import LogisticDistance
from trainer_module.heads.ordinal import Ordinal
from trainer_module.heads.scorer import Scorer
from trainer_module.heads.squared_distance import SquaredDistance
from trainer_module.heads.tag import Tag
from trainer_module.heads.vector import Vector

RNG = np.random.default_rng(0)
LEFT, RIGHT = RNG.normal(size=(2, 7, 5))
ALL = ("left", "right", "difference", "product", "cosine", "distance")
PAIRS = {
    "concat_mlp": ConcatMlp(inputs=ALL).build,
    "concatenation": Conditioned(by="concatenation").build,
    "cosine": Cosine().build,
    "distance": Distance().build,
    "dot": Dot().build,
    "film": Conditioned(by="film").build,
    "gate": Conditioned(by="gate").build,
    "logistic_distance": LogisticDistance().build,
    "squared_distance": SquaredDistance().build,
    "vector": lambda: Vector(inputs=ALL).build(3),
}
SINGLE = {
    "ordinal": lambda: Ordinal().build(3, 2),
    "scorer": Scorer().build,
    "tag": lambda: Tag().build(3),
}
BUILD = {**PAIRS, **SINGLE}
DRAWN = ("concat_mlp", "concatenation", "film", "gate", "ordinal", "scorer", "tag", "vector")
EDGES = {
    "equal": (np.ones((3, 4)), np.ones((3, 4))),
    "zero": (np.zeros((3, 4)), np.zeros((3, 4))),
    "one zero": (np.zeros((3, 4)), np.ones((3, 4))),
    "opposite": (np.ones((3, 4)), -np.ones((3, 4))),
    "large": (np.full((3, 4), 300.0), np.full((3, 4), -300.0)),
}


def _given(name: str, pair) -> tuple:
    return pair if name in PAIRS else pair[:1]


@pytest.mark.parametrize("name", sorted(BUILD))
@pytest.mark.parametrize("edge", sorted(EDGES))
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_gradients_are_finite(name, edge, dtype):
    given = _given(name, EDGES[edge])
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16" if dtype == "float16" else "float32")
    try:
        layer = BUILD[name]()
        result = call(layer, *given, dtype=dtype)
        assert result.dtype == np.float32  # Squares of 300 do not fit into float16.
        assert np.isfinite(result).all()
        assert all(np.isfinite(g).all() for g in gradients(layer, *given, dtype=dtype))
    finally:
        keras.config.set_dtype_policy(policy)


@pytest.mark.parametrize("name", sorted(BUILD))
def test_every_embedding_has_a_say(name):
    layer = BUILD[name]()
    for gradient in gradients(layer, *_given(name, (LEFT, RIGHT))):
        assert np.abs(gradient).max(axis=-1).min() > 0


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_a_seed_decides_the_weights(name):
    def answers(seed: int) -> bytes:
        keras.utils.set_random_seed(seed)
        return call(BUILD[name](), *_given(name, (LEFT, RIGHT))).tobytes()

    assert answers(1) == answers(1) != answers(2)


@pytest.mark.parametrize("name", sorted(BUILD))
def test_a_saved_model_answers_the_same(name, tmp_path):
    module = tf.Module()
    module.layer = layer = BUILD[name]()
    given = _given(name, (LEFT, RIGHT))
    expected = call(layer, *given)
    module.held = [variable.value for variable in layer.variables]
    spec = [tf.TensorSpec([None, 5], tf.float32) for _ in given]
    module.serve = tf.function(lambda *x: layer(*x), input_signature=spec)
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    assert loaded.serve(*(tf.constant(x, tf.float32) for x in given)).numpy() == pytest.approx(
        expected, abs=1e-5
    )


WITH_OPTIONS = {
    "concat_mlp": lambda **options: ConcatMlp(**options).build(),
    "concatenation": lambda **options: Conditioned(dense=(16,), **options).build(),
    "vector": lambda **options: Vector(**options).build(2),
    "tag": lambda **options: Tag(**options).build(2),
    "scorer": lambda **options: Scorer(**options).build(),
}


@pytest.mark.parametrize("name", sorted(WITH_OPTIONS))
def test_dropout_is_for_training_alone(name):
    given = [tf.constant(x, tf.float32) for x in _given(name, (LEFT, RIGHT))]
    layer = WITH_OPTIONS[name](dropout=0.5)
    assert np.array_equal(layer(*given), layer(*given))
    assert not np.array_equal(layer(*given, training=True), layer(*given, training=True))


@pytest.mark.parametrize("name", sorted(WITH_OPTIONS))
def test_weight_decay_is_the_sum_of_squares_of_kernels(name):
    given = _given(name, (LEFT, RIGHT))
    plain, layer = WITH_OPTIONS[name](), WITH_OPTIONS[name](weight_decay=0.1)
    call(plain, *given)
    assert plain.losses == []
    call(layer, *given)
    kernels = [np.asarray(w) for w in layer.trainable_weights if len(w.shape) == 2]
    expected = 0.1 * sum((kernel**2).sum() for kernel in kernels)
    assert float(sum(layer.losses)) == pytest.approx(expected, rel=1e-5)


TRIPLETS, TAGS = triplets("item", "item"), tags("item", 4)
GRADED = tags("item", 4, levels=3)
BINARY, CLASS = pairs("item", "item"), pairs("item", "item", LabelKind.CLASS)
SCALAR = pairs("item", "item", LabelKind.SCALAR)
VECTORS = pairs("item", "item", LabelKind.VECTOR, 3)
RANKED, LISTS = ranked_pairs("item", None), lists("item", None, 4)
QUERIES = lists("item", "query", 4)


@pytest.mark.parametrize(
    ("head", "fitting"),
    [
        (Cosine(), (BINARY, SCALAR, TRIPLETS, QUERIES)),
        (Vector(), (VECTORS, CLASS)),
        (Tag(), (TAGS, GRADED)),
        (Ordinal(), (GRADED,)),
        (Scorer(), (RANKED, LISTS, QUERIES)),
    ],
)
def test_heads_know_which_relations_they_answer_for(head, fitting):
    known = (BINARY, SCALAR, CLASS, VECTORS, TRIPLETS, TAGS, GRADED, RANKED, LISTS, QUERIES)
    for relation in known:
        if relation in fitting:
            head.check(relation)
        else:
            with pytest.raises(ValueError, match=rf"a label of kind {relation.label.value}"):
                head.check(relation)
