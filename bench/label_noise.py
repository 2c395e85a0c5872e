"""Tags of pictures from few or wrong labels: the label as an input, against one output a tag.

Both models have the convolutions of the recipes `image_tags` and `label_conditioned`, the same
batches, steps and stopping rule. The one has a logit for each tag (head `tag`), the other asks for
one tag at a time (head `conditioned`, by `film`), of as many negatives as positives. Of the labels
of training and validation each is known with a probability, else it enters no loss, and of those
each is flipped with a probability. LRAP is measured with the true tags of a test that neither
training nor the choice of the epoch saw. Three seeds, each for weights, order, and which labels.
"""

import io
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import numpy.typing as npt
from keras import ops
from PIL import Image
from sklearn.metrics import label_ranking_average_precision_score

from bench.results import Result
from demo_data import scenes
from relation.schema import Feature, FeatureKind
from trainer_module.heads.conditioned import Conditioned
from trainer_module.heads.tag import Tag
from trainer_module.ops import sigmoid_cross_entropy
from trainer_module.towers.cnn import Cnn

SEEDS = (1, 2, 3)
TRAIN, VALIDATION = 1500, 300
"""The first pictures train, the next choose the epoch, the others (600) test."""
EPOCHS, PATIENCE, BATCH, RATE = 15, 3, 64, 0.002
TAGS = len(scenes.TAGS)
PICTURE = Feature(name="image", kind=FeatureKind.IMAGE, dtype="bytes", width=1)
TOWER = Cnn(
    height=scenes.SIDE,
    width=scenes.SIDE,
    channels=3,
    filters=(32, 64),
    dense=(128,),
    embedding=64,
    norm="none",
    shift=0.1,
    dropout=0.2,
    normalize=False,
)

Floats = npt.NDArray[np.float32]


class Setting(NamedTuple):
    """How labels are spoilt: the share that is known, and of those the share that is flipped."""

    known: float
    flipped: float

    @property
    def name(self) -> str:
        return f"label_noise_known_{self.known:.0%}_flipped_{self.flipped:.0%}".replace("%", "")


SETTINGS = (
    Setting(1.0, 0.0),
    Setting(1.0, 0.2),
    Setting(1.0, 0.4),
    Setting(0.2, 0.0),
    Setting(0.05, 0.0),
    Setting(0.2, 0.2),
)


def run() -> list[Result]:
    rows = scenes.rows()
    images = np.stack(
        [np.asarray(Image.open(io.BytesIO(row["image"])), np.float32) / 255 for row in rows]
    )
    truth = np.array([[tag in row["tags"] for tag in scenes.TAGS] for row in rows], np.float32)
    results = []
    for setting in SETTINGS:
        found: dict[str, list[float]] = {}
        for seed in SEEDS:
            labels, known = spoilt(truth, setting, np.random.default_rng(seed))
            for name, build, asked in (
                ("conditioned", _conditioned, balanced(labels, known, seed)),
                ("one output a tag", _unconditioned, known),
            ):
                score = _lrap(build, images, truth, np.stack([labels, asked], axis=-1), seed)
                found.setdefault(name, []).append(score)
        print(setting.name, found, flush=True)
        ours = found.pop("conditioned")
        results.append(Result.of(setting.name, "LRAP", "higher", ours, found, None, np.mean))
    return results


def spoilt(
    truth: Floats, setting: Setting, random: np.random.Generator
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Labels [rows, tags] some of which are wrong, and which of them are known."""
    flipped = random.random(truth.shape) < setting.flipped
    return np.where(flipped, 1 - truth, truth), random.random(truth.shape) < setting.known


def balanced(labels: Floats, known: npt.NDArray[np.bool_], seed: int) -> npt.NDArray[np.bool_]:
    """The known labels that are asked for: all positives of a picture, and as many negatives."""
    order = np.random.default_rng([seed, 1]).random(labels.shape)
    order[~known | (labels == 1)] = np.inf
    place = order.argsort(axis=1).argsort(axis=1)
    positive = known & (labels == 1)
    return positive | (np.isfinite(order) & (place < positive.sum(axis=1, keepdims=True)))


class _AllLabels(keras.layers.Layer):
    """An embedding to a logit for each tag, whose own embedding is an input of the head."""

    def __init__(self) -> None:
        super().__init__()
        self.labels = keras.layers.Embedding(TAGS, 16)
        self.head = Conditioned(by="film", units=64).build()

    def call(self, embedding: keras.KerasTensor) -> keras.KerasTensor:
        return self.head(embedding[:, None], self.labels(ops.arange(TAGS))[None])


def _conditioned(embedding: keras.KerasTensor) -> keras.KerasTensor:
    return _AllLabels()(embedding)


def _unconditioned(embedding: keras.KerasTensor) -> keras.KerasTensor:
    return Tag(dense=()).build(TAGS)(embedding)


def _lrap(
    build: Callable[[keras.KerasTensor], keras.KerasTensor],
    images: Floats,
    truth: Floats,
    asked: Floats,
    seed: int,
) -> float:
    """Trains on labels and whether each counts, [rows, tags, 2]; the measure of the test."""
    keras.utils.set_random_seed(seed)
    tower = TOWER.build((PICTURE,))
    model = keras.Model(tower.inputs, build(tower.output))

    def loss(asked: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        return ops.sum(sigmoid_cross_entropy(asked[..., 0], logits) * asked[..., 1], axis=-1)

    model.compile(keras.optimizers.Adam(RATE), loss)
    parts = [slice(0, TRAIN), slice(TRAIN, TRAIN + VALIDATION), slice(TRAIN + VALIDATION, None)]
    train, validation, test = parts
    model.fit(
        images[train],
        asked[train],
        validation_data=(images[validation], asked[validation]),
        epochs=EPOCHS,
        batch_size=BATCH,
        verbose=0,
        callbacks=[keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)],
    )
    scores = model.predict(images[test], verbose=0)
    keras.utils.clear_session()
    return float(label_ranking_average_precision_score(truth[test] > 0.5, scores))
