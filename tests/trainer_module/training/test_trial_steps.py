"""A few steps of a training, measured: every count by hand, and nothing printed."""

from types import SimpleNamespace

import keras
import pytest
import tensorflow as tf

from relation.spec import triplets
from relation.training import Training
from trainer_module.heads.squared_distance import SquaredDistance
from trainer_module.losses.triplet import Triplet
from trainer_module.model.relational_model import RelationalModel
from trainer_module.objectives.per_tuple import PerTuple
from trainer_module.registry import task_of
from trainer_module.training import trial_steps
from trainer_module.training.trial_steps import Layer, measure

RELATION = triplets("item", "item")
BATCH = 5


class Request(SimpleNamespace):
    def model_copy(self, update):
        return Request(**{**vars(self), **update})


class Run:
    """Stands for a run: a tower of 3 numbers, frozen in part, and batches of its own."""

    def __init__(self, request, files):
        Run.training, Run.files = request.training, files

    def build(self):
        x = keras.Input((3,), name="x")
        frozen = keras.layers.Dense(2, name="frozen", trainable=False)
        y = keras.layers.Dense(4, name="last")(frozen(x))
        network = keras.Model({"x": x}, y)
        task = task_of(SquaredDistance(), RELATION, 0)
        return RelationalModel(task, {"item": ("x",)}, {"item": network}, PerTuple(task, Triplet()))

    def training_batches(self):
        ones = tf.ones((BATCH, 3))
        inputs = {f"{role}_x": ones for role in ("anchor", "positive", "negative")}
        return tf.data.Dataset.from_tensors((inputs, tf.tile([[1.0, 0.0]], (BATCH, 1)))).repeat()


def test_layers_weights_and_activations(monkeypatch, capfd):
    monkeypatch.setattr(trial_steps, "TrainingRun", Run)
    training = Training(
        batch_size=BATCH, accumulate=2, strategy="mirrored", step="tape", learning_rate=0.25
    )
    request = Request(training=training, preprocessing=SimpleNamespace(relation=RELATION))
    measured = measure(request, "files")
    assert Run.files == "files"
    alone = Run.training
    assert (alone.accumulate, alone.strategy, alone.step) == (1, "none", "keras")
    assert (alone.batch_size, alone.learning_rate) == (BATCH, 0.25)
    assert measured.layers == {
        "item": (
            Layer("x", (None, 3), 0),
            Layer("frozen", (None, 2), 3 * 2 + 2),
            Layer("last", (None, 4), 2 * 4 + 4),
        )
    }
    # The numbers of the first tuples of a batch are kept in a variable of the model, too.
    assert measured.trained == 12
    assert measured.weights - measured.trained >= 8
    # Adam has two moments of each weight, its step and the learning rate.
    assert measured.slots == 2 * 12 + 2
    # Three roles of a tuple.
    assert measured.activations == BATCH * 3 * (3 + 2 + 4)
    # All members are one point: the loss is the margin.
    assert measured.loss == pytest.approx(Triplet().margin)
    assert 0 < measured.seconds < 60
    assert capfd.readouterr().out == ""
