"""What `training_speed` measures, each in a process of its own (`isolated.py`)."""

import contextlib
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from keras import ops

from bench.systems import Transformed
from relation.names import prefixed
from trainer_module.data.inputs import batches_of_epoch, count_tuples, tuple_dataset
from trainer_module.losses.triplet import Triplet
from trainer_module.mining.batch_semi_hard import BatchSemiHard
from trainer_module.ops import weighted_mean
from trainer_module.registry import HEADS, TOWERS, task_of
from trainer_module.request import TrainingRequest

ROLES = ("anchor", "positive", "negative")
IMAGE, SIDE = "image", 8
WIDTH = 64
"""Numbers of an embedding, where only mining is measured."""


def _request(request: str) -> TrainingRequest:
    return TrainingRequest.model_validate_json(request)


def _dataset(data: Transformed, request: str, split: str, shuffled: bool) -> tf.data.Dataset:
    """Batches as the trainer reads them, of one epoch."""
    asked, files = _request(request), data.files(split)
    prepared, model = asked.preprocessing, asked.model
    entity = prepared.relation.entities[0]
    size = asked.training.batch_size
    batches = tuple_dataset(
        files,
        tft.TFTransformOutput(data.graph).transformed_feature_spec(),
        task_of(HEADS.resolve(model.head), prepared.relation, 0),
        {entity: TOWERS.resolve(model.tower_of(entity)).decoder(asked.training.memory_mb)},
        {entity: [feature.name for feature in prepared.features[entity]]},
        size,
        1 if shuffled else None,
    )
    return batches.take(batches_of_epoch(count_tuples(files), size)) if shuffled else batches


def ours(graph: str, examples: str, request: str) -> list[list[float]]:
    """Seconds and processor seconds of `run_fn`, by epoch but for the first.

    Returns:
      [epochs, 4]: of an epoch, then of its training steps alone.
    """
    times = _Times()
    progress = logging.getLogger("relata.progress")
    progress.setLevel(logging.INFO)
    progress.addHandler(times)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, _validation_noted(times):
        Transformed(graph, examples).train(request, Path(folder))
    return times.epochs_and_steps()


def plain(graph: str, examples: str, request: str) -> list[list[float]]:
    """The same of `fit` on arrays in memory: the same network, loss, batch and validation."""
    data, times = Transformed(graph, examples), _Times()
    arrays = [_images(_dataset(data, request, split, False)) for split in ("train", "eval")]
    asked = _request(request)
    training, prepared = asked.training, asked.preprocessing
    keras.utils.set_random_seed(training.seed)
    entity = prepared.relation.entities[0]
    tower = TOWERS.resolve(asked.model.tower_of(entity)).build(prepared.features[entity])
    triplet = keras.Input((len(ROLES), SIDE, SIDE, 1))
    embedded = tower({IMAGE: ops.reshape(triplet, (-1, SIDE, SIDE, 1))})
    model = keras.Model(triplet, ops.reshape(embedded, (-1, len(ROLES), embedded.shape[-1])))

    def loss(_: Any, embeddings: Any) -> Any:
        anchor, positive, negative = (embeddings[:, i] for i in range(len(ROLES)))
        near = ops.sum((anchor - positive) ** 2, axis=-1)
        far = ops.sum((anchor - negative) ** 2, axis=-1)
        return ops.relu(1.0 + near - far)

    model.compile(optimizer=keras.optimizers.Adam(training.learning_rate), loss=loss)
    train, validation = ((found, np.zeros(len(found))) for found in arrays)
    with _validation_noted(times):
        model.fit(
            *train,
            validation_data=validation,
            batch_size=training.batch_size,
            epochs=training.epochs,
            verbose=0,
            callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: times.note())],
        )
    return times.epochs_and_steps()


def _images(dataset: tf.data.Dataset) -> Any:
    """Decoded images of triplets, float32 [tuples, 3, side, side, 1]."""
    batches = [
        np.stack([inputs[prefixed(role, IMAGE)] for role in ROLES], axis=1)
        for inputs, *_ in dataset.as_numpy_iterator()
    ]
    return np.concatenate(batches)


def read_ours(graph: str, examples: str, request: str) -> list[list[float]]:
    """Seconds and processor seconds of reading all training tuples, three times."""
    return _read(_dataset(Transformed(graph, examples), request, "train", True))


def read_raw(graph: str, examples: str, request: str) -> list[list[float]]:
    """The same of their serialized bytes alone, in batches."""
    files = Transformed(graph, examples).files("train")
    raw = tf.data.TFRecordDataset(files, compression_type="GZIP")
    return _read(raw.batch(_request(request).training.batch_size).prefetch(tf.data.AUTOTUNE))


def _read(dataset: tf.data.Dataset) -> list[list[float]]:
    times = _Times()
    for _ in range(4):
        for _ in dataset:
            pass
        times.note()
    return times.epochs()


def mine(rows: int, steps: int, mined: bool) -> list[list[float]]:
    """Seconds and processor seconds of steps: scores of all rows, semi-hard triplets, gradient.

    Not `mined`: the scores and their gradient alone.
    """
    generator = np.random.default_rng(1)
    points = generator.normal(size=(rows, WIDTH)).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    labels = generator.integers(0, rows // 8, rows)
    same = tf.constant(labels[:, None] == labels)
    valid = tf.constant(~np.eye(rows, dtype=bool))
    loss, miner = Triplet(margin=0.2), BatchSemiHard()

    @tf.function
    def step(embeddings: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(embeddings)
            scores = tf.matmul(embeddings, embeddings, transpose_b=True)
            if mined:
                found = miner(loss, scores, same, valid)
                value = weighted_mean(found.losses, found.counts)
            else:
                value = tf.reduce_mean(scores)
        return tape.gradient(value, embeddings)

    return _timed(lambda: step(tf.constant(points)), steps)


def _timed(function: Callable[[], Any], steps: int) -> list[list[float]]:
    times = _Times()
    for _ in range(steps + 1):
        function()
        times.note()
    return times.epochs()


@contextlib.contextmanager
def _validation_noted(times: "_Times") -> Iterator[None]:
    """Notes when the validation of each epoch starts."""
    evaluate = keras.Model.evaluate

    def noted(*args: Any, **options: Any) -> Any:
        times.note()
        return evaluate(*args, **options)

    with mock.patch.object(keras.Model, "evaluate", noted):
        yield


class _Times(logging.Handler):
    """When something ended, by the clock and of the processor."""

    def __init__(self) -> None:
        super().__init__()
        self._notes: list[tuple[float, float]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith("epoch"):
            self.note()

    def note(self) -> None:
        times = os.times()
        self._notes.append((time.monotonic(), times.user + times.system))

    def epochs(self) -> list[list[float]]:
        """Between the first note and the second, and so on."""
        return np.diff(np.array(self._notes), axis=0).tolist()

    def epochs_and_steps(self) -> list[list[float]]:
        """Of epochs, and of their steps alone, where each has two notes; not of the first epoch."""
        notes = np.array(self._notes)
        ends, validations = notes[1::2], notes[0::2]
        epochs, steps = np.diff(ends, axis=0), validations[1:] - ends[:-1]
        return np.concatenate([epochs, steps], axis=1).tolist()
