"""Stop training on a non-finite loss, and name the offending batch."""

import math
from collections.abc import Callable, Sequence

import keras

from relation.core.errors import DataError
from trainer_module.model.relational_model import REPORTED_TUPLES

Named = Callable[[Sequence[int]], Sequence[str]]
"""Numbers of tuples -> their names in messages."""


class NanGuard:
    """Raises DataError for a loss that is not finite.

    Args:
      named: see `Named`.
    """

    def __init__(self, named: Named):
        self._named = named

    def __call__(self, loss: float, epoch: int, batch: int, numbers: Sequence[int]) -> None:
        """Checks the loss of a batch.

        Args:
          loss: of the batch, or the mean over the epoch so far.
          epoch, batch: from 0.
          numbers: numbers of its tuples, or of the first few.

        Raises:
          DataError: it is not finite.
        """
        if math.isfinite(loss):
            return
        names = "; ".join(self._named([int(number) for number in numbers[:REPORTED_TUPLES]]))
        raise DataError(
            f"training: the loss is {_worded(loss)} at batch {batch + 1} of epoch {epoch + 1}, "
            f"with the tuples {names}, …: lower training.learning_rate, or look for extreme values "
            "in the features"
        )

    def check_validation(self, loss: float, epoch: int) -> None:
        """Raises DataError where the validation loss is not finite."""
        if not math.isfinite(loss):
            raise DataError(
                f"training: the validation loss is {_worded(loss)} after epoch {epoch + 1}: lower "
                "training.learning_rate, or look for extreme values in the features"
            )


class NanGuardCallback(keras.callbacks.Callback):
    """Applies a NaN guard to the batches of Keras's `fit`."""

    def __init__(self, guard: NanGuard):
        super().__init__()
        self._guard, self._epoch = guard, 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        loss = float((logs or {}).get("loss", 0.0))
        if not math.isfinite(loss):
            self._guard(loss, self._epoch, batch, self.model.first_numbers.numpy())


def _worded(loss: float) -> str:
    return "NaN" if math.isnan(loss) else "infinite"
