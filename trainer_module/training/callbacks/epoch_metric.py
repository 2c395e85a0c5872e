"""Computes the metric that chooses the epoch, after each epoch."""

import math
from collections.abc import Iterable
from typing import Any

import keras

from relation.core.errors import DataError
from trainer_module.model.relational_model import RelationalModel
from trainer_module.training.epoch_metric import EpochMetric
from trainer_module.training.epoch_values import EpochValue


class EpochMetricMonitor(keras.callbacks.Callback):
    """Adds the metric to the logs of each epoch, where early stopping and TensorBoard find it.

    `values`: by epoch; None where it is undefined. In the logs the worst value stands for that.

    Args:
      metric: the metric.
      value: computes it.
      validation: batches of tuples, in order.
    """

    model: RelationalModel

    def __init__(self, metric: EpochMetric, value: EpochValue, validation: Iterable[Any]):
        super().__init__()
        self.metric, self._value, self._validation = metric, value, validation
        self.values: list[float | None] = []

    @property
    def key(self) -> str:
        """Its name in the logs."""
        return f"val_{self.metric.name}"

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        assert logs is not None
        value = self._value(self.model, self._validation)
        self.values.append(value if math.isfinite(value) else None)
        worst = -math.inf if self.metric.better == "higher" else math.inf
        logs[self.key] = value if math.isfinite(value) else worst

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Raises DataError if there was no value after any epoch."""
        if self.values and all(value is None for value in self.values):
            raise DataError(
                f"training.keep.best: {self.metric.name!r} was undefined after every epoch "
                f"({self.metric.undefined}); expected another metric, or other validation tuples"
            )
