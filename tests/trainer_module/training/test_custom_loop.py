"""The custom loop by hand: gradients of micro-batches, what callbacks see, means of losses."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from relation.core.errors import DataError
from relation.spec import pairs
from relation.training import Training
from trainer_module.data.inputs import NUMBER, MicroBatches
from trainer_module.heads.squared_distance import SquaredDistance
from trainer_module.losses.contrastive import Contrastive
from trainer_module.model.relational_model import RelationalModel
from trainer_module.objectives.per_tuple import PerTuple
from trainer_module.registry import task_of
from trainer_module.training.callbacks.nan_guard import NanGuard
from trainer_module.training.custom_loop import (
    TrainingStep,
    distributed,
    fit_custom_loop,
    own_micro_batches,
    strategy_of,
)


def linear(unused=False):
    """A model whose one weight w, 1 at first, gives related pairs at a distance of d ½·(w·d)⁴."""
    x = keras.Input((1,), name="x")
    embedding = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")(x)
    task = task_of(SquaredDistance(), pairs("item", "item"), 0)
    model = RelationalModel(
        task,
        {"item": ("x",)},
        {"item": keras.Model({"x": x}, embedding)},
        PerTuple(task, Contrastive()),
    )
    model(batch(1.0)[0])
    return model


def batch(*distances, related=1.0):
    ends = tf.constant([[float(distance)] for distance in distances])
    count = len(distances)
    inputs = {"left_x": tf.zeros((count, 1)), "right_x": ends}
    return {**inputs, NUMBER: tf.range(count, dtype=tf.int64)}, tf.fill((count, 1), related)


def weight(model):
    return float(np.asarray(model.get_weights()[0]).squeeze())


def compiled(**options):
    model, training = linear(), Training(step="tape", **options)
    model.compile(keras.optimizers.SGD(0.01))
    model.optimizer.build(model.trainable_variables)
    return model, TrainingStep(model, training)


def test_a_step_follows_the_gradient():
    model, step = compiled()
    # The mean loss of distances 1 and 0 is w⁴ / 4, its gradient w³ = 1.
    assert float(step(batch(1, 0), True)) == pytest.approx(0.25)
    assert weight(model) == pytest.approx(1 - 0.01)


def test_micro_batches_are_averaged_and_forgotten_after_their_step():
    model, step = compiled(accumulate=2)
    assert float(step(batch(1), False)) == pytest.approx(0.5)
    assert weight(model) == 1.0
    step(batch(0), True)
    # Gradients 2 and 0.
    assert weight(model) == pytest.approx(1 - 0.01)
    step(batch(0), False)
    step(batch(0), True)
    assert weight(model) == pytest.approx(1 - 0.01)


@pytest.mark.parametrize(("norm", "moved"), [(0.5, 0.005), (5.0, 0.02)])
def test_a_gradient_is_clipped_to_the_norm(norm, moved):
    model, step = compiled(clip_norm=norm)
    step(batch(1), True)
    assert weight(model) == pytest.approx(1 - moved)


@pytest.mark.parametrize(
    ("accumulate", "replicas", "workers", "worker", "total", "read"),
    [
        (1, 1, 1, 0, 1, [0]),
        (3, 1, 1, 0, 3, [0, 1, 2]),
        (1, 4, 2, 0, 4, [0, 1]),
        (2, 4, 2, 0, 8, [0, 1, 4, 5]),
        (2, 2, 2, 1, 4, [1, 3]),
    ],
)
def test_the_micro_batches_of_a_worker(accumulate, replicas, workers, worker, total, read):
    assert own_micro_batches(accumulate, replicas, workers, worker) == MicroBatches(total, read)


def test_without_a_strategy_there_is_one_replica():
    assert strategy_of(Training()).num_replicas_in_sync == 1
    mirrored = strategy_of(Training(strategy="mirrored", step="tape"))
    assert isinstance(mirrored, tf.distribute.MirroredStrategy)


class Noted(keras.callbacks.Callback):
    """Notes every call, and may stop after an epoch."""

    def __init__(self, stop=None):
        super().__init__()
        self.calls, self.stop = [], stop

    def on_train_begin(self, logs=None):
        self.calls.append(("begin", self.params["epochs"]))

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(("epoch", epoch))

    def on_train_batch_begin(self, number, logs=None):
        self.calls.append(("batch", number))

    def on_train_batch_end(self, number, logs=None):
        self.calls.append(("batch end", number, logs["loss"]))

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(("epoch end", epoch, logs["loss"], logs["val_loss"]))
        self.model.stop_training = epoch == self.stop

    def on_train_end(self, logs=None):
        self.calls.append(("end", logs["val_loss"]))


def looped(batches, validation, noted, epochs=2, **options):
    model, training = linear(), Training(step="tape", epochs=epochs, **options)
    model.compile(keras.optimizers.SGD(0.0))
    model.stop_training = True
    fit_custom_loop(
        model,
        batches,
        len(batches),
        validation,
        training,
        [noted],
        NanGuard(lambda numbers: [f"id={n}" for n in numbers]),
    )
    return model


def test_callbacks_see_means_by_tuple():
    noted = Noted()

    class Endless(list):
        def __iter__(self):
            while True:
                yield from super().__iter__()

    # Losses of ½ for 1 tuple, and of 0 for 3; of validation 8 for 1, and of ½ for 3.
    train = Endless([batch(1), batch(0, 0, 0)])
    looped(train, [batch(2), batch(1, 1, 1)], noted)
    validation = pytest.approx((8 + 1.5) / 4)
    epoch = [
        ("batch", 0),
        ("batch end", 0, pytest.approx(0.5)),
        ("batch", 1),
        ("batch end", 1, pytest.approx(0.125)),
    ]
    assert noted.calls == [
        ("begin", 2),
        ("epoch", 0),
        *epoch,
        ("epoch end", 0, pytest.approx(0.125), validation),
        ("epoch", 1),
        *epoch,
        ("epoch end", 1, pytest.approx(0.125), validation),
        ("end", validation),
    ]


def test_a_callback_stops_it_after_an_epoch():
    noted = Noted(stop=0)
    looped([batch(1)], [batch(1)], noted, epochs=5)
    assert [call[0] for call in noted.calls].count("epoch") == 1
    assert noted.calls[-1][0] == "end"


def test_a_batch_without_a_finite_loss_is_named():
    with pytest.raises(DataError) as error:
        looped([batch(1), batch(1, 2, 3, 4, related=float("inf"))], [batch(1)], Noted())
    assert str(error.value).startswith(
        "training: the loss is NaN at batch 2 of epoch 1, with the tuples id=0; id=1; id=2, …: "
    )


def test_a_worker_reads_its_own_micro_batches_of_all_files(monkeypatch):
    """The second of two workers with two replicas each, and three rounds of micro-batches."""

    class Strategy:
        num_replicas_in_sync = 4

        def distribute_datasets_from_function(self, function):
            return function(tf.distribute.InputContext(2, 1, 4))

    monkeypatch.setattr(tf.distribute, "get_strategy", Strategy)
    read = []

    def reading(micro_batches):
        read.append(micro_batches)
        return tf.data.Dataset.range(3)

    dataset = distributed(reading, Training(accumulate=3, step="tape"))
    assert read == [MicroBatches(12, [2, 3, 6, 7, 10, 11])]
    options = dataset.options().experimental_distribute
    assert options.auto_shard_policy == tf.data.experimental.AutoShardPolicy.OFF
    assert list(dataset.as_numpy_iterator()) == [0, 1, 2]
