"""Trains a small model in a process of its own: `replica_worker.py TUPLES STRATEGY WEIGHTS`.

STRATEGY is `none`, `multi_worker` (TF_CONFIG says which worker this is), or `two_devices`.
"""

import math
import sys
import tempfile

import keras
import numpy as np
import tensorflow as tf

from relation.spec import pairs
from relation.training import Training
from trainer_module.data.inputs import ONE_BATCH, count_tuples, tuple_dataset
from trainer_module.data.passes import Passes
from trainer_module.heads.distance import Distance
from trainer_module.losses.contrastive import Contrastive
from trainer_module.model.relational_model import RelationalModel
from trainer_module.objectives.per_tuple import PerTuple
from trainer_module.registry import task_of
from trainer_module.towers.dense import Dense
from trainer_module.training.custom_loop import is_chief, strategy_of
from trainer_module.training.fitting import Tuples, fit

SPEC = {
    "left_x": tf.io.FixedLenFeature([3], tf.float32),
    "right_x": tf.io.FixedLenFeature([3], tf.float32),
    "relation": tf.io.FixedLenFeature([1], tf.float32),
    "relation_weight": tf.io.FixedLenFeature([1], tf.float32),
}
OPTIONS = {
    "epochs": 2,
    "batch_size": 16,
    "accumulate": 2,
    "learning_rate": 0.01,
    "optimizer": "adamw",
    "weight_decay": 0.01,
    "schedule": "cosine",
    "clip_norm": 0.05,
    "step": "tape",
}


def write(path: str, rows: int) -> None:
    """Weighted pairs of numbers, related or not."""
    rng = np.random.default_rng(0)
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for _ in range(rows):
            values = {"left_x": rng.normal(size=3), "right_x": rng.normal(size=3)}
            values |= {"relation": [rng.integers(2)], "relation_weight": [rng.uniform(0.2, 5.0)]}
            features = {
                name: tf.train.Feature(float_list=tf.train.FloatList(value=value))
                for name, value in values.items()
            }
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())


def train(tuples: str, strategy: tf.distribute.Strategy, training: Training) -> list[np.ndarray]:
    """The losses of the epochs, and the weights."""
    keras.utils.set_random_seed(training.seed)
    tower = Dense(dense=(8,), embedding=4)
    features = {"x": keras.Input((3,), name="x")}
    hidden = keras.layers.Dense(8, activation="relu")
    task = task_of(Distance(), pairs("item", "item"), 0)
    names = {"item": ("x",)}

    def dataset(seed, parts=ONE_BATCH):
        size = training.batch_size * training.accumulate
        return tuple_dataset(
            [tuples], SPEC, task, {"item": tower.decode}, names, size, seed, (), parts
        )

    with strategy.scope():
        network = keras.Model(features, keras.layers.Dense(4)(hidden(features["x"])))
        model = RelationalModel(task, names, {"item": network}, PerTuple(task, Contrastive()))
        validation = dataset(None)
        model(next(iter(validation))[0])
        count, step = count_tuples([tuples]), training.batch_size * training.accumulate
        passes = Passes(validation, math.ceil(count / step))
        data = Tuples(lambda parts: dataset(3, parts), passes, count, list)
        with tempfile.TemporaryDirectory() as logs:
            history = fit(model, data, training, logs)
        return [np.array([history.loss, history.val_loss]), *model.get_weights()]


def main(tuples: str, name: str, weights: str) -> None:
    """Writes the losses and weights, if it is the chief."""
    if name == "two_devices":
        (cpu,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * 2
        )
        training = Training(**OPTIONS, strategy="mirrored")
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    else:
        training = Training(**OPTIONS, strategy=name)
        strategy = strategy_of(training)
    found = train(tuples, strategy, training)
    if is_chief():
        np.savez(weights, *found)


if __name__ == "__main__":
    main(*sys.argv[1:])
