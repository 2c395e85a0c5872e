"""Fits a model according to a recipe's `training`, by default with early stopping."""

import logging
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from relation.training import Training
from trainer_module.data.inputs import MicroBatches, batches_of_epoch
from trainer_module.data.passes import Passes
from trainer_module.model.relational_model import RelationalModel
from trainer_module.training.callbacks.embedding_monitor import SAMPLE, EmbeddingMonitor
from trainer_module.training.callbacks.epoch_metric import EpochMetricMonitor
from trainer_module.training.callbacks.nan_guard import Named, NanGuard, NanGuardCallback
from trainer_module.training.custom_loop import distributed, fit_custom_loop
from trainer_module.training.epoch_metric import EpochMetric
from trainer_module.training.epoch_values import EpochValue
from trainer_module.training.history import History
from trainer_module.training.optimizers import optimizer_of

progress = logging.getLogger("relata.progress")
"""Progress for people; the runner decides where it goes."""


class Chooser(NamedTuple):
    """The metric that chooses the epoch, and what computes it."""

    metric: EpochMetric
    value: EpochValue


class Tuples(NamedTuple):
    """Training and validation tuples.

    train: makes the dataset of some micro-batches of each step, epoch after epoch, shuffled.
    validation: in the order of the files.
    size: number of training tuples.
    named: names of tuples by number, for messages.
    """

    train: Callable[[MicroBatches], tf.data.Dataset]
    validation: Passes
    size: int
    named: Named


def fit(
    model: RelationalModel,
    tuples: Tuples,
    training: Training,
    log_dir: str,
    chooser: Chooser | None = None,
) -> History:
    """Fits, and keeps the weights of the best or the last epoch, as `keep` says.

    Args:
      model: built (called) and not compiled, in the scope of the strategy where there is one.
      log_dir: for TensorBoard.
      chooser: the metric that chooses the epoch; None: the validation loss does, or nothing.

    Raises:
      DataError: a loss is not finite, the metric is undefined after every epoch, or there are too
        few tuples.
    """
    strategy = tf.distribute.get_strategy()
    micro_batches = MicroBatches(training.accumulate * strategy.num_replicas_in_sync)
    step = training.batch_size * training.accumulate
    batches = batches_of_epoch(tuples.size, step, micro_batches) // strategy.num_replicas_in_sync
    optimizer = optimizer_of(training, batches // training.accumulate)
    model.compile(optimizer, jit_compile=training.jit)
    guard = NanGuard(tuples.named)
    validation = tuples.validation
    sample = validation.first(math.ceil(SAMPLE / training.batch_size))
    monitor = EmbeddingMonitor(sample, log_dir)
    measured = None if chooser is None else EpochMetricMonitor(*chooser, validation)
    log = _EpochLog(training.epochs, guard, monitor, measured)
    first = [] if measured is None else [measured]
    callbacks = [*first, keras.callbacks.TensorBoard(log_dir), monitor, log]
    if training.keep != "last":
        higher = measured is not None and measured.metric.better == "higher"
        stopping = keras.callbacks.EarlyStopping(
            "val_loss" if measured is None else measured.key,
            mode="max" if higher else "min",
            min_delta=0.0,  # So the first of the best values is kept, as History says.
            patience=training.patience,
            restore_best_weights=True,
        )
        callbacks.append(stopping)
    if training.step == "tape":
        data = distributed(tuples.train, training)
        fit_custom_loop(model, data, batches, validation, training, callbacks, guard)
    else:
        model.fit(
            tuples.train(micro_batches),
            steps_per_epoch=batches,
            validation_data=validation.endless,
            validation_steps=validation.batches,
            epochs=training.epochs,
            verbose=0,
            callbacks=[NanGuardCallback(guard), *callbacks],
        )
    dispersion = monitor.dispersion.items()
    return History(
        loss=log.loss,
        val_loss=log.val_loss,
        keep=training.keep,
        **({} if measured is None else _measured(measured)),
        effective_rank={
            entity: [d.effective_rank for d in epochs] for entity, epochs in dispersion
        },
        mean_distance={entity: [d.mean_distance for d in epochs] for entity, epochs in dispersion},
    )


def _measured(monitor: EpochMetricMonitor) -> dict[str, Any]:
    return {"metric": tuple(monitor.values), "better": monitor.metric.better}


class _EpochLog(keras.callbacks.Callback):
    """Keeps the losses by epoch, and logs a line for each epoch, with the monitor's warnings."""

    def __init__(
        self,
        epochs: int,
        guard: NanGuard,
        monitor: EmbeddingMonitor,
        measured: EpochMetricMonitor | None,
    ):
        super().__init__()
        self._epochs, self._guard, self._monitor = epochs, guard, monitor
        self._measured = measured
        self.loss: list[float] = []
        self.val_loss: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        assert logs is not None
        self.loss.append(float(logs["loss"]))
        self.val_loss.append(float(logs["val_loss"]))
        self._guard.check_validation(self.val_loss[-1], epoch)
        losses = f"loss {self.loss[-1]:.4f}  val_loss {self.val_loss[-1]:.4f}"
        if self._measured is not None:
            value = self._measured.values[-1]
            shown = "undefined" if value is None else f"{value:.4f}"
            losses += f"  {self._measured.metric.name} {shown}"
        warnings = "".join(f"  {warning}" for warning in self._monitor.warnings)
        progress.info("epoch %d/%d  %s%s", epoch + 1, self._epochs, losses, warnings)
