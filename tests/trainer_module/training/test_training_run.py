"""Training: the same seed gives the same weights; what goes wrong is told; the best epoch is kept."""

import io
import itertools
import math
import tempfile

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from relation.core.errors import DataError
from relation.recipe import Training
from relation.schema import Feature, FeatureKind
from relation.spec import pairs
from trainer_module.data.inputs import NUMBER, ONE_BATCH, count_tuples, named_tuples, tuple_dataset
from trainer_module.data.passes import Passes
from trainer_module.heads.distance import Distance
from trainer_module.losses.contrastive import Contrastive
from trainer_module.model.relational_model import RelationalModel
from trainer_module.objectives.per_tuple import PerTuple
from trainer_module.registry import task_of
from trainer_module.towers.cnn import Cnn
from trainer_module.training.fitting import Tuples, fit

ANSWER = task_of(Distance(), pairs("item", "item"), 0)
LEARNT = PerTuple(ANSWER, Contrastive())
TOWER = Cnn(
    height=8, width=8, filters=(8, 8), dense=(16,), embedding=8, dropout=0.3, shift=0.2, flip="both"
)
FEATURES = (Feature(name="image", kind=FeatureKind.IMAGE, dtype="bytes", width=1),)
SPEC = {
    "left_image": tf.io.FixedLenFeature([1], tf.string),
    "right_image": tf.io.FixedLenFeature([1], tf.string),
    "relation": tf.io.FixedLenFeature([1], tf.float32),
}


WEIGHTED = {**SPEC, "relation_weight": tf.io.FixedLenFeature([1], tf.float32)}


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def _write(path, rows: int, odd: int | None = None) -> list[str]:
    """Pairs of a dark and a bright kind of noise, named by number; related if of one kind.

    The label of the odd one is no number.
    """
    rng = np.random.default_rng(0)
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for number, (left, right) in enumerate(rng.integers(0, 2, size=(rows, 2))):
            images = [_png(rng.integers(0, 128, (8, 8)) + 127 * kind) for kind in (left, right)]
            texts = {
                "left_image": images[0],
                "right_image": images[1],
                "TEXT_left_id": b"%d" % number,
            }
            related = float("nan") if number == odd else float(left == right)
            numbers = {"relation": related, "relation_weight": rng.uniform(0.2, 5.0)}
            features = {
                name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
                for name, value in texts.items()
            } | {
                name: tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
                for name, value in numbers.items()
            }
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())
    return [str(path)]


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[str]:
    return _write(tmp_path_factory.mktemp("tuples") / "tuples.gz", 200)


def _train(files, seed=1, tower=TOWER, spec=SPEC, **options):
    keras.utils.set_random_seed(seed)
    training = Training(
        **{"learning_rate": 1e-2, "epochs": 4, "batch_size": 32, "seed": seed, **options}
    )
    model = RelationalModel(ANSWER, {"item": ("image",)}, {"item": tower.build(FEATURES)}, LEARNT)

    def dataset(shuffle_seed, parts=ONE_BATCH):
        size = training.batch_size * training.accumulate
        names = {"item": ("image",)}
        return tuple_dataset(
            files,
            spec,
            ANSWER,
            {"item": tower.decoder(training.memory_mb)},
            names,
            size,
            shuffle_seed,
            (),
            parts,
        )

    def named(numbers):
        texts = {"TEXT_left_id": tf.io.FixedLenFeature([1], tf.string)}
        return named_tuples(files, texts, ["left_id"], numbers)

    model(next(iter(dataset(None)))[0])
    count, step = count_tuples(files), training.batch_size * training.accumulate
    validation = Passes(dataset(None), math.ceil(count / step))
    tuples = Tuples(lambda parts: dataset(seed, parts), validation, count, named)
    with tempfile.TemporaryDirectory() as folder:
        return fit(model, tuples, training, folder), model, dataset


def test_the_same_seed_gives_the_same_weights_and_another_one_others(files):
    runs = [_train(files, seed=seed) for seed in (1, 1, 2)]
    one, same, other = ([w.tobytes() for w in model.get_weights()] for _, model, _ in runs)
    assert one == same
    assert one != other


def test_it_learns_and_keeps_the_best_epoch(files):
    history, model, dataset = _train(files, epochs=30, patience=30)
    assert history.epochs == 30
    assert history.kept_loss == min(history.val_loss)
    assert model.evaluate(dataset(None), verbose=0) == pytest.approx(history.kept_loss, rel=1e-5)
    # Without learning, equal embeddings lose ½·1² on each unrelated pair, about a half of all.
    assert history.kept_loss < 0.05


def test_the_last_epoch_is_kept_where_it_is_asked_for(files):
    history, model, dataset = _train(files, epochs=4, patience=1, keep="last")
    assert history.epochs == history.kept_epoch == 4
    assert history.val_loss[-1] > min(history.val_loss)
    assert model.evaluate(dataset(None), verbose=0) == pytest.approx(history.val_loss[-1], rel=1e-5)


def test_it_stops_early_once_nothing_gets_better(files):
    history, model, dataset = _train(files, epochs=100, patience=2)
    assert history.epochs == history.kept_epoch + 2 < 100
    assert history.kept_loss < history.val_loss[-1]
    assert model.evaluate(dataset(None), verbose=0) == pytest.approx(history.kept_loss, rel=1e-5)


@pytest.mark.parametrize("step", ["keras", "tape"])
def test_a_loss_that_is_no_number_stops_with_the_batch_named(tmp_path, step):
    odd = _write(tmp_path / "odd.gz", 100, odd=77)
    with pytest.raises(DataError) as error:
        _train(odd, step=step)
    keras.utils.set_random_seed(1)
    names = {"item": ("image",)}
    order = tuple_dataset(odd, SPEC, ANSWER, {"item": TOWER.decode}, names, 32, shuffle_seed=1)
    numbers = [inputs[NUMBER].numpy().tolist() for inputs, _ in order.take(4)]
    assert sorted(itertools.chain(*numbers)) == list(range(100))
    (batch,) = (batch for batch, those in enumerate(numbers) if 77 in those)
    named = "; ".join(f"left_id={number}" for number in numbers[batch][:3])
    assert str(error.value) == (
        f"training: the loss is NaN at batch {batch + 1} of epoch 1, with the tuples {named}, …: lower "
        "training.learning_rate, or look for extreme values in the features"
    )


# Options that change what a step is. 200 tuples are steps of 64, 64, 64, 8.
STEPS = {
    "plain": {},
    "all": {
        "optimizer": "adamw",
        "weight_decay": 0.01,
        "schedule": "cosine",
        "warmup": 0.5,
        "clip_norm": 0.1,
        "accumulate": 2,
    },
}


@pytest.mark.parametrize("options", STEPS.values(), ids=STEPS)
def test_the_step_that_is_written_out_gives_the_weights_of_keras_own(files, options):
    runs = [
        _train(files, spec=WEIGHTED, epochs=2, step=step, **options) for step in ("keras", "tape")
    ]
    (own, model, _), (out, taped, _) = runs
    assert own.loss == pytest.approx(out.loss, rel=1e-5)
    assert own.val_loss == pytest.approx(out.val_loss, rel=1e-5)
    for one, other in zip(model.get_weights(), taped.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("step", ["keras", "tape"])
def test_batches_that_are_accumulated_are_one_of_all_their_tuples(files, step):
    """Weights of tuples count across the batches of a step, which have unequal totals."""
    plain = TOWER.model_copy(update={"norm": "none", "dropout": 0.0, "shift": 0.0, "flip": "none"})
    options = {
        "spec": WEIGHTED,
        "tower": plain,
        "epochs": 2,
        "clip_norm": 0.1,
        "learning_rate": 1e-3,
    }
    whole, model, _ = _train(files, batch_size=64, **options)
    parts, accumulated, _ = _train(files, batch_size=16, accumulate=4, step=step, **options)
    assert whole.loss == pytest.approx(parts.loss, rel=1e-4)
    for one, other in zip(model.get_weights(), accumulated.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
