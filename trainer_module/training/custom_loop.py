"""The custom training loop, which runs on several replicas.

On one device it gives the weights that Keras's `fit` gives. A step has micro-batches, which are
accumulated, each divided among the replicas (`inputs.MicroBatches`).
"""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import tensorflow as tf

from relation.training import Training
from trainer_module.data.inputs import NUMBER, MicroBatches
from trainer_module.model.relational_model import RelationalModel
from trainer_module.ops import Tensor
from trainer_module.training.callbacks.nan_guard import NanGuard

Batch = tuple[Any, ...]
"""(inputs, targets), or (inputs, targets, weights); of each replica, under a strategy."""

PER_REPLICA = {
    "synchronization": tf.VariableSynchronization.ON_READ,
    "aggregation": tf.VariableAggregation.SUM,
    "trainable": False,
}
"""Options of a variable that each replica has its own copy of."""


def strategy_of(training: Training) -> tf.distribute.Strategy:
    """Return the strategy, in whose scope models, optimizers and `fit_custom_loop` belong.

    For `multi_worker`, TF_CONFIG names the workers, and this must be called before TensorFlow
    computes anything.
    """
    if training.strategy == "multi_worker":
        return tf.distribute.MultiWorkerMirroredStrategy()
    if training.strategy == "mirrored":
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def is_chief() -> bool:
    """Whether this process is the one that writes: worker 0, or the only one."""
    if "TF_CONFIG" not in os.environ:
        return True
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    if resolver.task_type == "worker" and "chief" not in resolver.cluster_spec().jobs:
        return resolver.task_id == 0
    return resolver.task_type in ("chief", "", None)


def distributed(
    read: Callable[[MicroBatches], tf.data.Dataset], training: Training
) -> tf.data.Dataset:
    """The training data of this process, in the scope of a strategy.

    Every worker reads all files in the same order, and decodes its own micro-batches.

    Args:
      read: makes the dataset of some micro-batches of each step.
    """
    strategy = tf.distribute.get_strategy()
    replicas = strategy.num_replicas_in_sync

    def own(context: tf.distribute.InputContext) -> tf.data.Dataset:
        workers, worker = context.num_input_pipelines, context.input_pipeline_id
        micro_batches = own_micro_batches(training.accumulate, replicas, workers, worker)
        options = tf.data.Options()
        off = tf.data.experimental.AutoShardPolicy.OFF
        options.experimental_distribute.auto_shard_policy = off
        return read(micro_batches).with_options(options)

    return strategy.distribute_datasets_from_function(own)


def own_micro_batches(accumulate: int, replicas: int, workers: int, worker: int) -> MicroBatches:
    """The micro-batches of a step that a worker reads: those of its replicas, in each round.

    >>> own_micro_batches(2, replicas=4, workers=2, worker=1)
    MicroBatches(total=8, read=[2, 3, 6, 7])
    """
    local = replicas // workers
    first = worker * local
    read = [
        batch * replicas + first + replica
        for batch in range(accumulate)
        for replica in range(local)
    ]
    return MicroBatches(accumulate * replicas, read)


class TrainingStep:
    """One training step: gradients of micro-batches, their mean, clipping, an update.

    Args:
      model: compiled, in the scope of the strategy.
    """

    def __init__(self, model: RelationalModel, training: Training):
        self._model, self._training = model, training
        self._strategy = tf.distribute.get_strategy()
        self._replicas = self._strategy.num_replicas_in_sync
        self._sums: list[tf.Variable] = []
        if training.accumulate > 1:
            self._sums = [
                tf.Variable(tf.zeros(weight.shape, weight.dtype), **PER_REPLICA)
                for weight in model.trainable_variables
            ]
        self._gradients = tf.function(
            self._gradients_of, jit_compile=training.jit or None, autograph=False
        )
        self._run = tf.function(self._micro_batch, autograph=False)

    def __call__(self, batch: Batch, last: bool) -> Tensor:
        """Takes one batch, and updates the weights if it is the last of a step.

        Returns:
          The batch's loss times its weight, a float32 scalar, the mean over the replicas.
        """
        return self._run(batch, last)

    def _micro_batch(self, batch: Batch, last: bool) -> Tensor:
        losses = self._strategy.run(self._on_replica, args=(batch, last))
        return self._strategy.reduce(tf.distribute.ReduceOp.MEAN, losses, axis=None)

    def _on_replica(self, batch: Batch, last: bool) -> Tensor:
        loss, gradients = self._gradients(batch)
        if self._sums:
            for total, gradient in zip(self._sums, gradients, strict=True):
                if gradient is not None:
                    total.assign_add(gradient)
        if last:
            self._update(gradients)
        return loss

    def _gradients_of(self, batch: Batch) -> tuple[Tensor, list[Tensor]]:
        inputs, targets, weight = keras.utils.unpack_x_y_sample_weight(batch)
        model = self._model
        with tf.GradientTape() as tape:
            outputs = model(inputs, training=True)
            loss = model.compute_loss(inputs, targets, outputs, weight, training=True)
            scaled = model.optimizer.scale_loss(loss)  # In mixed precision only.
        weights = [variable.value for variable in model.trainable_variables]
        return loss, tape.gradient(scaled, weights)

    def _update(self, gradients: Sequence[Tensor]) -> None:
        variables = self._model.trainable_variables
        connected = [i for i, gradient in enumerate(gradients) if gradient is not None]
        sums = [self._sums[i].read_value() if self._sums else gradients[i] for i in connected]
        for total in self._sums:
            total.assign(tf.zeros_like(total))
        count = self._training.accumulate * self._replicas
        means = [tf.math.scalar_mul(1.0 / count, gradient) for gradient in sums]
        optimizer = self._model.optimizer
        if self._training.clip_norm is not None:
            # As the optimizer does: the norm is of sums over the occurrences of a row.
            means = [tf.convert_to_tensor(gradient) for gradient in means]
            # The optimizer adds them up again, so each replica passes an equal part.
            if self._replicas > 1:
                context = tf.distribute.get_replica_context()
                means = context.all_reduce(tf.distribute.ReduceOp.SUM, means)
            bound = optimizer.scale_loss(tf.constant(self._training.clip_norm))
            means, _ = tf.clip_by_global_norm(means, bound)
            means = [tf.math.scalar_mul(1.0 / self._replicas, gradient) for gradient in means]
        optimizer.apply(means, [variables[i] for i in connected])


def fit_custom_loop(
    model: RelationalModel,
    train: tf.data.Dataset,
    batches: int,
    validation: Iterable[Batch],
    training: Training,
    callbacks: Sequence[keras.callbacks.Callback],
    guard: NanGuard,
) -> None:
    """Does what `model.fit` does, with `TrainingStep`.

    Args:
      model: built (called) and compiled, in the scope of the strategy.
      train: `distributed`, epoch after epoch.
      batches: number of batches of an epoch.
      validation: read whole by every worker, so that all of them stop after the same epoch.
      callbacks: Keras's; they see `loss` and `val_loss`.
      guard: checks the loss of every batch.
    """
    model.optimizer.build(model.trainable_variables)
    step = TrainingStep(model, training)
    run = keras.callbacks.CallbackList(callbacks, model=model, epochs=training.epochs, verbose=0)
    evaluate = tf.function(lambda batch: _loss(model, batch), autograph=False)
    model.stop_training = False
    logs: dict[str, float] = {}
    data = iter(train)
    run.on_train_begin()
    for epoch in range(training.epochs):
        run.on_epoch_begin(epoch)
        mean = _Mean()
        for number in range(batches):
            batch = next(data)
            run.on_train_batch_begin(number)
            loss = float(step(batch, (number + 1) % training.accumulate == 0))
            first = tf.distribute.get_strategy().experimental_local_results(batch[0][NUMBER])[0]
            guard(loss, epoch, number, first.numpy())
            mean.add(loss, len(first))
            run.on_train_batch_end(number, {"loss": mean.value})
        logs = {"loss": mean.value}
        mean = _Mean()
        for batch in validation:
            mean.add(float(evaluate(batch)), len(batch[1]))
        logs["val_loss"] = mean.value
        run.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    run.on_train_end(logs)


def _loss(model: RelationalModel, batch: Batch) -> Tensor:
    inputs, targets, weight = keras.utils.unpack_x_y_sample_weight(batch)
    return model.compute_loss(inputs, targets, model(inputs), weight, training=False)


class _Mean:
    """The mean of losses of batches, weighted by their sizes."""

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def add(self, loss: float, size: int) -> None:
        self._sum += loss * size
        self._count += size

    @property
    def value(self) -> float:
        return self._sum / max(self._count, 1)
