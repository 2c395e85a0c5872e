"""Mean squared error of predicted numbers."""

from keras import ops

from trainer_module.losses.base import ValueLoss
from trainer_module.ops import Tensor, wide


class ValueMse(ValueLoss):
    """(target − prediction)², the mean over the values of each example."""

    def __call__(self, targets: Tensor, predictions: Tensor) -> Tensor:
        return ops.mean(ops.square(wide(targets) - wide(predictions)), axis=-1)
