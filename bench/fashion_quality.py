"""Retrieval of unseen garments by their kind, beside the features of a plain Keras classifier."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import numpy.typing as npt
from PIL import Image

from bench import public_data, quality
from bench.results import Result
from bench.systems import SEEDS, Array, trained
from demo_data.rows import RowValues, write_rows
from relation.retrieval.distances import Similarity
from relation.retrieval.measures import measure
from relation.retrieval.points import Keys, Points

GOALS = {
    "p_at_1_test_train": 0.868,
    "map_at_r_test_train": 0.817,
    "p_at_1_test_test": 0.844,
    "map_at_r_test_test": 0.722,
}
"""Of pytorch-metric-learning (20 epochs of 10,000 images, batches of 256, the same layers)."""
EPOCHS, BATCH = 20, 256
"""Of the classifier."""
PROTOCOL = (
    "The first 10,000 training images, of which 99 of 100 (by hash) train; the rate falls along a "
    "cosine and the last epoch is kept (schedule and batch size were chosen on a tenth of the "
    "training images); fewer than 200,000 images are trained on, as 20 epochs of all of them. The "
    "10,000 test images look for their kind among all training images, then among one another. The "
    "classifier: the same layers and a layer of ten logits, 20 epochs of all training images, "
    "its 64 features."
)


class Garments(NamedTuple):
    """Grey images uint8 [n, 28, 28] and kinds [n]."""

    images: npt.NDArray[np.uint8]
    kinds: npt.NDArray[np.uint8]

    @property
    def pixels(self) -> npt.NDArray[np.float32]:
        """[n, 28, 28, 1] in [0, 1]."""
        return self.images[..., None].astype(np.float32) / 255


def run() -> list[Result]:
    folder = public_data.folder("fashion-mnist")
    train, test = (
        Garments(*(public_data.idx(folder / f"{part}-{kind}.gz") for kind in _FILES))
        for part in ("train10k", "t10k")
    )
    rows = [[{"image": png(image)} for image in part.images] for part in (train, test)]
    ours = [
        measures([model.embed("garment", part) for part in rows], [train.kinds, test.kinds])
        for model in trained("fashion_retrieval", lambda place: _write(train, place))
    ]
    peers = {"Keras classifier": [_classifier(train, test, seed) for seed in SEEDS]}
    return quality.results("fashion", ours, peers, GOALS, PROTOCOL)


_FILES = ("images-idx3-ubyte", "labels-idx1-ubyte")


def png(image: npt.NDArray[np.uint8]) -> bytes:
    """The image, encoded."""
    out = io.BytesIO()
    Image.fromarray(image).save(out, "PNG")
    return out.getvalue()


def measures(
    embeddings: Sequence[Array], kinds: Sequence[npt.NDArray[np.uint8]]
) -> dict[str, float]:
    """P@1 and MAP@R by cosine: test among train, and among one another; each is (train, test)."""
    (train, test), (train_kinds, test_kinds) = embeddings, kinds
    queries = _points(test, test_kinds, 0)
    found = {}
    for name, references, same in (
        ("test_train", _points(train, train_kinds, len(test)), False),
        ("test_test", queries, True),
    ):
        measured = measure(queries, references, Similarity.COSINE, same=same)
        found[f"p_at_1_{name}"] = float(np.nanmean(measured["precision_at_1"]))
        found[f"map_at_r_{name}"] = float(np.nanmean(measured["map_at_r"]))
    return found


def _points(vectors: Array, kinds: npt.NDArray[np.uint8], first: int) -> Points:
    ids = np.arange(first, first + len(kinds), dtype=np.uint64)
    return Points(ids, Keys.single(kinds.astype(np.uint64)), vectors)


def _write(garments: Garments, place: Path) -> None:
    rows: list[RowValues] = [
        {"id": str(number), "image": png(image), "kind": int(kind)}
        for number, (image, kind) in enumerate(zip(*garments, strict=True))
    ]
    write_rows(place, "garments", rows)


def _classifier(train: Garments, test: Garments, seed: int) -> dict[str, float]:
    """A classifier of the kinds, by its last features."""
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    image = keras.Input((28, 28, 1))
    x = image
    for filters in (32, 64):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        if filters == 32:
            x = layers.MaxPooling2D(2)(x)
    x = layers.Dropout(0.3)(layers.Dense(128, activation="relu")(layers.Flatten()(x)))
    features = layers.Dense(64)(x)
    model = keras.Model(image, layers.Dense(10)(features))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    model.fit(train.pixels, train.kinds, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    embed = keras.Model(image, features)
    found = [
        embed.predict(part.pixels, batch_size=BATCH, verbose=0).astype(np.float64)
        for part in (train, test)
    ]
    keras.utils.clear_session()
    return measures(found, [train.kinds, test.kinds])
