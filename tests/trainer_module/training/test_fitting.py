"""When training stops, and which epoch's weights it keeps, on two points of a line."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from relation.core.errors import DataError
from relation.spec import pairs
from relation.training import Training
from trainer_module.data.inputs import NUMBER
from trainer_module.data.passes import Passes
from trainer_module.heads.squared_distance import SquaredDistance
from trainer_module.losses.contrastive import Contrastive
from trainer_module.model.relational_model import RelationalModel
from trainer_module.objectives.per_tuple import PerTuple
from trainer_module.registry import task_of
from trainer_module.training.epoch_metric import EpochMetric
from trainer_module.training.fitting import Chooser, Tuples, fit

STEPS = ("keras", "tape")


def batch(related, count=4):
    """Equal pairs at a distance of 1 before training."""
    inputs = {
        "left_x": tf.ones((count, 1)),
        "right_x": 2 * tf.ones((count, 1)),
        NUMBER: tf.range(count, dtype=tf.int64),
    }
    return inputs, tf.fill((count, 1), related)


def run(folder, validation=1.0, chooser=None, **options):
    """Train on pairs that are all related, which draws them together; `validation`: their label."""
    x = keras.Input((1,), name="x")
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    task = task_of(SquaredDistance(), pairs("item", "item"), 0)
    model = RelationalModel(
        task,
        {"item": ("x",)},
        {"item": keras.Model({"x": x}, layer(x))},
        PerTuple(task, Contrastive()),
    )
    held_out = Passes(tf.data.Dataset.from_tensors(batch(validation)), 1)
    model(batch(1.0)[0])
    training = Training(**{"batch_size": 4, "learning_rate": 0.01, "epochs": 6, **options})
    tuples = Tuples(
        lambda micro_batches: tf.data.Dataset.from_tensors(batch(1.0)).repeat(),
        held_out,
        4,
        lambda numbers: [f"id={number}" for number in numbers],
    )
    return fit(model, tuples, training, str(folder), chooser), model


@pytest.mark.parametrize("step", STEPS)
def test_every_smaller_loss_is_better(tmp_path, step):
    """A step of 0.01 lowers the loss of ½·w⁴ by little, but always."""
    history, model = run(tmp_path, patience=1, step=step)
    assert history.epochs == history.kept_epoch == 6
    assert sorted(history.val_loss, reverse=True) == list(history.val_loss)
    assert history.loss[0] == pytest.approx(0.5)
    # Adam's steps are about the learning rate as long as the gradient keeps its sign.
    weight = float(np.asarray(model.get_weights()[0]).squeeze())
    assert weight == pytest.approx(1 - 6 * 0.01, abs=1e-3)
    assert history.val_loss[-1] == pytest.approx(weight**4 / 2, rel=1e-5)
    assert (history.metric, history.keep, history.better) == ((), "best", "lower")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("patience", [1, 3])
def test_the_weights_of_the_best_epoch_come_back(tmp_path, step, patience):
    """Unrelated pairs lose as the weight falls, so the first epoch has the least loss."""
    history, model = run(tmp_path, validation=0.0, patience=patience, step=step)
    assert (history.epochs, history.kept_epoch) == (1 + patience, 1)
    assert history.val_loss[0] < history.val_loss[1]
    kept = float(np.asarray(model.get_weights()[0]).squeeze())
    assert kept == pytest.approx(0.99, abs=1e-4)


@pytest.mark.parametrize("step", STEPS)
def test_the_last_epoch_is_kept_and_nothing_stops_it(tmp_path, step):
    options = {"keep": "last", "patience": 1, "step": step, "epochs": 4}
    history, model = run(tmp_path, validation=0.0, **options)
    assert (history.epochs, history.kept_epoch, history.keep) == (4, 4, "last")
    assert float(np.asarray(model.get_weights()[0]).squeeze()) == pytest.approx(0.96, abs=1e-3)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("better", "values", "epochs", "kept"),
    [
        ("higher", [0.25, 0.5, 0.4, 0.5, 0.9], 4, 2),
        ("lower", [0.5, 0.25, 0.4, 0.25, 0.1], 4, 2),
        ("higher", [0.1, 0.1000001, 0.1, 0.2, 0.3, 0.4], 6, 6),
    ],
)
def test_a_metric_chooses_the_epoch(tmp_path, step, better, values, epochs, kept):
    measured = iter(values)
    metric = EpochMetric("mine", "mine", None, better, "never")
    chooser = Chooser(metric, lambda model, validation: next(measured))
    options = {"keep": {"best": "mine"}, "patience": 2, "step": step}
    history, model = run(tmp_path, chooser=chooser, **options)
    assert history.metric == tuple(values[:epochs])
    assert (history.epochs, history.kept_epoch, history.better) == (epochs, kept, better)
    assert history.kept_metric == values[kept - 1]
    weight = float(np.asarray(model.get_weights()[0]).squeeze())
    assert weight == pytest.approx(1 - 0.01 * kept, abs=1e-3)


def test_each_epoch_has_a_line(tmp_path, caplog):
    values = iter([0.5, float("nan")])
    metric = EpochMetric("mine", "mine", None, "higher", "never")
    chooser = Chooser(metric, lambda model, validation: next(values))
    with caplog.at_level("INFO", "relata.progress"):
        history, _ = run(tmp_path, chooser=chooser, keep={"best": "mine"}, epochs=2)
    first, second = (
        record.getMessage() for record in caplog.records if record.name == "relata.progress"
    )
    loss, val_loss = history.loss, history.val_loss
    point = "  item: embeddings have collapsed into one point: their mean distance is 0, at a mean length of"
    # All left members are one point, which is the weight.
    assert first == (
        f"epoch 1/2  loss {loss[0]:.4f}  val_loss {val_loss[0]:.4f}  mine 0.5000{point} 0.99"
    )
    assert second == (
        f"epoch 2/2  loss {loss[1]:.4f}  val_loss {val_loss[1]:.4f}  mine undefined{point} 0.98"
    )


@pytest.mark.parametrize("step", STEPS)
def test_a_validation_loss_that_is_no_number_stops_it(tmp_path, step):
    with pytest.raises(DataError) as error:
        run(tmp_path, validation=float("nan"), step=step)
    assert str(error.value) == (
        "training: the validation loss is NaN after epoch 1: lower training.learning_rate, or look "
        "for extreme values in the features"
    )


def test_embeddings_are_measured_after_every_epoch(tmp_path):
    history, _ = run(tmp_path, epochs=2)
    assert {name: len(values) for name, values in history.mean_distance.items()} == {"item": 2}
    assert history.mean_distance["item"] == (0.0, 0.0)
    assert {name: len(values) for name, values in history.effective_rank.items()} == {"item": 2}
