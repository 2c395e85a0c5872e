"""The optimizer of a recipe's `training`, and the schedule of its learning rate."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import keras
import tensorflow as tf
from keras import ops

from relation.training import Training
from trainer_module.ops import Tensor

FINAL_SHARE = 0.01
"""Final share of the learning rate of the exponential schedule."""


class WarmupSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A linear warm-up of the learning rate, then a schedule until the last step.

    Args:
      rate: the highest learning rate.
      form: as in `Training.schedule`.
      warmup, total: numbers of steps.
      batches: batches of a step; the optimizer counts batches.
    """

    def __init__(
        self,
        rate: float,
        form: Literal["constant", "cosine", "exponential"],
        warmup: int,
        total: int,
        batches: int,
    ):
        self.rate, self.form, self.batches = rate, form, batches
        self.warmup, self.total = warmup, total

    def __call__(self, step: Tensor) -> Tensor:
        """The rate, a float32 scalar."""
        steps = ops.cast(ops.floor_divide(step, self.batches), "float32")
        rise = (steps + 1.0) / (self.warmup + 1.0)
        past = ops.clip((steps - self.warmup) / max(self.total - self.warmup, 1), 0.0, 1.0)
        if self.form == "cosine":
            fall = 0.5 * (1.0 + ops.cos(math.pi * past))
        elif self.form == "exponential":
            fall = ops.exp(math.log(FINAL_SHARE) * past)
        else:
            fall = ops.ones_like(past)
        return self.rate * ops.minimum(rise, 1.0) * fall

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        names = ("rate", "form", "warmup", "total", "batches")
        return {name: getattr(self, name) for name in names}


class DenseGradients(keras.optimizers.Optimizer):
    """An optimizer that sums the gradients of each row of a table before using them.

    A batch that reads a row twice gives it two gradients. Keras would clip the norm of both, and
    Adam would square each.
    """

    def apply(
        self, grads: Sequence[Tensor | None], trainable_variables: Sequence[Any] | None = None
    ) -> None:
        """Make sparse gradients dense, then apply all as Keras does.

        Args:
          grads: one for each variable, float of its shape, or the `IndexedSlices` of a table [rows,
            d]; None: no gradient.
          trainable_variables: as in Keras.
        """
        summed = [None if grad is None else tf.convert_to_tensor(grad) for grad in grads]
        super().apply(summed, trainable_variables)


class Adam(DenseGradients, keras.optimizers.Adam):
    """Adam on dense gradients."""


class AdamW(DenseGradients, keras.optimizers.AdamW):
    """AdamW on dense gradients."""


def optimizer_of(training: Training, steps: int) -> keras.optimizers.Optimizer:
    """Return the optimizer; with `step: keras` it also clips and accumulates gradients.

    Args:
      steps: number of steps of an epoch.
    """
    options: dict[str, Any] = {}
    batches = 1
    if training.step == "keras":
        batches = training.accumulate
        options["global_clipnorm"] = training.clip_norm
        options["gradient_accumulation_steps"] = batches if batches > 1 else None
    rate: float | WarmupSchedule = training.learning_rate
    if training.schedule != "constant" or training.warmup:
        warmup, total = round(training.warmup * steps), training.epochs * steps
        rate = WarmupSchedule(rate, training.schedule, warmup, total, batches)
    if training.optimizer == "adamw":
        return AdamW(rate, weight_decay=training.weight_decay, **options)
    return Adam(rate, **options)
