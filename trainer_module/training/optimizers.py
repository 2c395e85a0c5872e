"""The optimizer that a recipe's `training` asks for, and the course of its learning rate."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import keras
import tensorflow as tf
from keras import ops

from relation.training import Training
from trainer_module.ops import Tensor

LEFT = 0.01
"""The share of the learning rate that is left where it falls exponentially."""


class Course(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate by the number of steps before: a linear rise, then what `form` says.

    Args:
      rate: the highest.
      form: as in `Training.schedule`.
      warmup, total: steps.
      batches: what is counted is batches, so many a step.
    """

    def __init__(
        self,
        rate: float,
        form: Literal["constant", "cosine", "exponential"],
        warmup: int,
        total: int,
        batches: int = 1,
    ):
        self.rate, self.form, self.batches = rate, form, batches
        self.warmup, self.total = warmup, total

    def __call__(self, step: Tensor) -> Tensor:
        """The rate, a float32 scalar."""
        done = ops.cast(ops.floor_divide(step, self.batches), "float32")
        rise = (done + 1.0) / (self.warmup + 1.0)
        past = ops.clip((done - self.warmup) / max(self.total - self.warmup, 1), 0.0, 1.0)
        if self.form == "cosine":
            fall = 0.5 * (1.0 + ops.cos(math.pi * past))
        elif self.form == "exponential":
            fall = ops.exp(math.log(LEFT) * past)
        else:
            fall = ops.ones_like(past)
        return self.rate * ops.minimum(rise, 1.0) * fall

    def get_config(self) -> dict[str, Any]:
        """What `__init__` takes."""
        names = ("rate", "form", "warmup", "total", "batches")
        return {name: getattr(self, name) for name in names}


class Summed(keras.optimizers.Optimizer):
    """The gradient of a row of a table is the sum over the times that a batch meets it.

    Keras clips the norm of all of them, and Adam squares each, where both mean the sum.
    """

    def apply(
        self, grads: Sequence[Tensor | None], trainable_variables: Sequence[Any] | None = None
    ) -> None:
        """See Keras; sparse gradients become dense."""
        summed = [None if grad is None else tf.convert_to_tensor(grad) for grad in grads]
        super().apply(summed, trainable_variables)


class Adam(Summed, keras.optimizers.Adam):
    """Adam, of sums."""


class AdamW(Summed, keras.optimizers.AdamW):
    """AdamW, of sums."""


def optimizer_of(training: Training, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer. Of `step: keras` it clips and accumulates; else that is the step's.

    Args:
      steps: of an epoch.
    """
    options: dict[str, Any] = {}
    batches = 1
    if training.step == "keras":
        batches = training.accumulate
        options["global_clipnorm"] = training.clip_norm
        options["gradient_accumulation_steps"] = batches if batches > 1 else None
    rate: float | Course = training.learning_rate
    if training.schedule != "constant" or training.warmup:
        warmup, total = round(training.warmup * steps), training.epochs * steps
        rate = Course(rate, training.schedule, warmup, total, batches)
    if training.optimizer == "adamw":
        return AdamW(rate, weight_decay=training.weight_decay, **options)
    return Adam(rate, **options)
