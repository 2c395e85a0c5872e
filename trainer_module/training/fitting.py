"""Fits a model as a recipe's `training` says; by default it stops early on the validation loss."""

import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from relation.training import Training
from trainer_module.data.inputs import Parts, batches_of_epoch
from trainer_module.model.relational_model import RelationalModel
from trainer_module.training.callbacks.embedding_monitor import Observer
from trainer_module.training.callbacks.nan_guard import Check, CheckEachBatch, Named
from trainer_module.training.custom_loop import distributed, fit_by_tape
from trainer_module.training.history import History
from trainer_module.training.optimizers import optimizer_of

progress = logging.getLogger("relata.progress")
"""What a person wants to read while it trains; the runner decides where it goes."""


class Tuples(NamedTuple):
    """What is trained on.

    train: the shuffled training tuples, epoch after epoch, of given parts of each step.
    validation: in the order of the files.
    size: number of training tuples.
    named: what tuples of these numbers are called.
    """

    train: Callable[[Parts], tf.data.Dataset]
    validation: tf.data.Dataset
    size: int
    named: Named


def fit(
    model: RelationalModel,
    tuples: Tuples,
    training: Training,
    log_dir: str,
) -> History:
    """Fits, and keeps the weights of the epoch that `keep` says.

    Args:
      model: built (called) and not compiled, in the scope of the strategy where there is one.
      log_dir: for TensorBoard.

    Raises:
      DataError: a loss is not finite, or there are too few tuples.
    """
    strategy = tf.distribute.get_strategy()
    parts = Parts(training.accumulate * strategy.num_replicas_in_sync)
    step = training.batch_size * training.accumulate
    batches = batches_of_epoch(tuples.size, step, parts) // strategy.num_replicas_in_sync
    optimizer = optimizer_of(training, batches // training.accumulate)
    model.compile(optimizer, jit_compile=training.jit)
    check = Check(tuples.named)
    observer = Observer(tuples.validation, log_dir)
    course = _Course(training.epochs, check, observer)
    watching = [keras.callbacks.TensorBoard(log_dir), observer, course]
    if training.keep == "best":
        stopping = keras.callbacks.EarlyStopping(
            "val_loss", patience=training.patience, restore_best_weights=True
        )
        watching.append(stopping)
    if training.step == "tape":
        data = distributed(tuples.train, training)
        fit_by_tape(model, data, batches, tuples.validation, training, watching, check)
    else:
        model.fit(
            tuples.train(parts),
            steps_per_epoch=batches,
            validation_data=tuples.validation,
            epochs=training.epochs,
            verbose=0,
            callbacks=[CheckEachBatch(check), *watching],
        )
    spread = observer.spread.items()
    return History(
        loss=course.loss,
        val_loss=course.val_loss,
        keep=training.keep,
        effective_rank={entity: [s.effective_rank for s in course] for entity, course in spread},
        mean_distance={entity: [s.mean_distance for s in course] for entity, course in spread},
    )


class _Course(keras.callbacks.Callback):
    """The losses by epoch, and a line of each, with what is to be worried about."""

    def __init__(self, epochs: int, check: Check, observer: Observer):
        super().__init__()
        self._epochs, self._check, self._observer = epochs, check, observer
        self.loss: list[float] = []
        self.val_loss: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        assert logs is not None
        self.loss.append(float(logs["loss"]))
        self.val_loss.append(float(logs["val_loss"]))
        self._check.of_validation(self.val_loss[-1], epoch)
        losses = f"loss {self.loss[-1]:.4f}  val_loss {self.val_loss[-1]:.4f}"
        warnings = "".join(f"  {warning}" for warning in self._observer.warnings)
        progress.info("epoch %d/%d  %s%s", epoch + 1, self._epochs, losses, warnings)
