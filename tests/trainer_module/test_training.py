"""Training: the same seed gives the same weights; what goes wrong is told; the best epoch is kept."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from relation.errors import DataError
from relation.recipe import Training
from relation.schema import Feature, FeatureKind
from relation.spec import pairs
from trainer_module.answers import answer_of
from trainer_module.heads.distance import Distance
from trainer_module.inputs import tuple_dataset
from trainer_module.losses.contrastive import Contrastive
from trainer_module.model import RelationalModel
from trainer_module.objectives import EachTuple
from trainer_module.run_fn import _fit
from trainer_module.towers.cnn import Cnn

ANSWER = answer_of(Distance(), pairs("item", "item"), 0)
LEARNT = EachTuple(ANSWER, Contrastive())
TOWER = Cnn(height=8, width=8, filters=(8, 8), dense=(16,), embedding=8, dropout=0.3, shift=0.2)
FEATURES = (Feature(name="image", kind=FeatureKind.IMAGE, dtype="bytes", width=1),)
SPEC = {
    "left_image": tf.io.FixedLenFeature([1], tf.string),
    "right_image": tf.io.FixedLenFeature([1], tf.string),
    "relation": tf.io.FixedLenFeature([1], tf.float32),
}


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[str]:
    """200 pairs of a dark and a bright kind of noise; related if of one kind."""
    rng = np.random.default_rng(0)
    path = str(tmp_path_factory.mktemp("tuples") / "tuples.gz")
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for left, right in rng.integers(0, 2, size=(200, 2)):
            images = [_png(rng.integers(0, 128, (8, 8)) + 127 * kind) for kind in (left, right)]
            values = {"left_image": images[0], "right_image": images[1]}
            features = {
                name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
                for name, value in values.items()
            }
            related = tf.train.FloatList(value=[float(left == right)])
            features["relation"] = tf.train.Feature(float_list=related)
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())
    return [path]


def _train(files, folder, learning_rate=1e-2, epochs=4, patience=4, seed=1):
    keras.utils.set_random_seed(seed)
    network = TOWER.build(FEATURES)
    model = RelationalModel(ANSWER, {"item": ("image",)}, {"item": network}, LEARNT)
    model.compile(keras.optimizers.Adam(learning_rate))
    training = Training(epochs=epochs, patience=patience, learning_rate=learning_rate)

    def dataset(shuffle_seed):
        towers = {"item": TOWER}
        return tuple_dataset(files, SPEC, ANSWER, towers, {"item": ("image",)}, 32, shuffle_seed)

    history = _fit(model, dataset(seed), dataset(None), training, str(folder))
    return history, model, dataset


def test_the_same_seed_gives_the_same_weights_and_another_one_others(files, tmp_path):
    runs = [_train(files, tmp_path / str(run), seed=seed) for run, seed in enumerate((1, 1, 2))]
    one, same, other = ([w.tobytes() for w in model.get_weights()] for _, model, _ in runs)
    assert one == same
    assert one != other


def test_it_learns_and_keeps_the_best_epoch(files, tmp_path):
    history, model, dataset = _train(files, tmp_path, epochs=30, patience=30)
    assert history.epochs == 30
    assert history.best == min(history.val_loss)
    assert model.evaluate(dataset(None), verbose=0) == pytest.approx(history.best, rel=1e-5)
    # Without learning, equal embeddings lose ½·1² on each unrelated pair, about a half of all.
    assert history.best < 0.05
    assert list(tmp_path.glob("train/events.*"))


def test_it_stops_early_once_nothing_gets_better(files, tmp_path):
    history, _, _ = _train(files, tmp_path, epochs=100, patience=2)
    assert history.epochs == history.best_epoch + 2 < 100


def test_a_loss_that_is_no_number_stops_with_a_sentence(files, tmp_path):
    with pytest.raises(DataError, match=r"training: .*loss is NaN after epoch \d+: lower training"):
        _train(files, tmp_path, learning_rate=1e38)
